"""The shop itself."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Id, Person, Shape, TeamToken, Url


class Shop(Shape):
    name: Annotated[str, Field(examples=["Pinbu Snacks"])]
    licences: Annotated[list[Url], Field(description="Pictures of the shop's licences.")]
    service_phone: Annotated[str | None, Field(examples=["400-123-4567"])]
    return_policy: str
    privacy_url: str


class Config(Shape):
    """What a client needs to know before its first page."""

    shop: Shop
    consent_version: Annotated[
        str, Field(description="Of the terms that a shopper agrees to; empty for none.")
    ]
    subscribe_templates: Annotated[
        dict[str, str],
        Field(
            description="Ids of message templates by what they tell.",
            examples=[{"team_formed": "xVd5…"}],
        ),
    ]
    timezone: Annotated[str, Field(examples=["Asia/Shanghai"])]


class SceneMeaning(Shape):
    """What a scanned code or a share card means; ``channel`` leads to the shop."""

    kind: Literal["team", "activity", "channel"]
    team_token: TeamToken = None
    activity_id: Id = None
    inviter: Person | None


class Health(Shape):
    status: Annotated[str, Field(examples=["ok"])]
    database: Annotated[str, Field(examples=["ok"])]
    oldest_due_settlement_seconds: Annotated[int, Field(ge=0, examples=[0])]
