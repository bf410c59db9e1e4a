"""What the shop offers."""

from typing import Annotated, Literal

from pydantic import Field

from .base import (
    Count,
    Currency,
    Id,
    Money,
    Named,
    Refusal,
    Shape,
    Share,
    SubsidyType,
    TeamToken,
    Time,
    Url,
)

Mode = Literal["normal", "super", "tiered", "flash", "newcomer", "trial"]


class Rating(Shape):
    average: Annotated[float, Field(ge=0, le=5, examples=[4.5], strict=False)]
    count: Count


class Product(Shape):
    id: Id
    name: Annotated[str, Field(examples=["Dried mango"])]
    description: str
    images: list[Url]
    rating: Annotated[Rating | None, Field(description="Null where nothing is reviewed.")]


class AttributeValue(Named):
    image_url: Url | None


class Attribute(Shape):
    """What a shopper chooses, as a colour or a size."""

    name: Annotated[str, Field(examples=["Size"])]
    values: list[AttributeValue]


class Variant(Shape):
    """What can be ordered: ``product_id`` goes into the order."""

    product_id: Id
    value_ids: Annotated[list[Id], Field(description="Ids of `attributes[].values[]`.")]
    name: Annotated[str, Field(examples=["500 g"])]
    list_price: Money
    group_price: Money
    available: Annotated[int, Field(description="Pieces that can still be bought.", examples=[80])]
    max_quantity: Annotated[int, Field(description="Pieces in one order.", examples=[2])]
    image_url: Url | None


class Tier(Shape):
    """From this many members on, everybody pays this price."""

    size: Annotated[int, Field(examples=[5])]
    group_price: Money


class OfferedSubsidy(Shape):
    """What a failed team gives beside the refund: an amount, or the least and the most of it."""

    type: SubsidyType
    amount: Money = None
    min_amount: Money = None
    max_amount: Money = None
    points: Annotated[int, Field(examples=[100])] = None
    conditions: Annotated[list[str], Field(description="Sentences for the shopper.")]
    newcomer_extra: Money
    delay_minutes: Annotated[int, Field(description="From the team's failure on.", examples=[30])]


class SubsidyOffer(Shape):
    summary: Annotated[
        str,
        Field(
            description="One sentence; empty for nothing.",
            examples=["Team not full? A full refund and ¥5.00."],
        ),
    ]
    items: list[OfferedSubsidy]


class Rule(Shape):
    title: Annotated[str, Field(examples=["If the team does not fill up"])]
    text: str


class BestTeam(Shape):
    """The joinable team that is nearest to full."""

    token: TeamToken
    seats_paid: Count
    missing: Count
    deadline: Time


class ActivityDelivery(Shape):
    zones: Annotated[list[str], Field(description="Names of regions; none for everywhere.")]
    free_from: Annotated[
        Money | None, Field(description="Worth of goods from which delivery is free.")
    ]


class ActivityViewer(Shape):
    """What the caller may do here; null without a token."""

    can_open: bool
    reason: Refusal
    used: Annotated[int, Field(description="Places counted against the limit.", examples=[1])]
    remaining: Annotated[int | None, Field(description="Null without a limit.", examples=[1])]
    unpaid_order_id: Id | None
    team_token: Annotated[
        TeamToken | None, Field(description="Of a team of theirs that still forms.")
    ]


class ActivityCard(Shape):
    """What a team or a list shows of its activity."""

    id: Id
    name: Annotated[str, Field(examples=["Dried mango, team of 3"])]
    image_url: Url | None
    currency: Currency
    list_price: Annotated[Money, Field(examples=[2990])]
    group_price: Money


class Activity(ActivityCard):
    """A group-buy: a product at a group price, for teams of a size, within a window."""

    mode: Mode
    state: Literal["scheduled", "running", "ended"]
    zone: Annotated[str | None, Field(description="`today` or `flash`.", examples=["today"])]
    category: Named | None
    product: Product
    attributes: list[Attribute]
    variants: list[Variant]
    size: Annotated[int, Field(description="Members that fill a team.", examples=[3])]
    tiers: list[Tier]
    leader_price: Annotated[
        Money | None, Field(description="What who opens a team pays; null for the group price.")
    ]
    starts_at: Time
    ends_at: Time
    validity_hours: Annotated[
        float | int | None,
        Field(description="From a team's opening to its deadline.", examples=[24]),
    ]
    limit_per_user: Annotated[int | None, Field(description="Null for none.", examples=[2])]
    quota: Annotated[int | None, Field(description="Pieces in all; null for none.", examples=[500])]
    sold: Annotated[int, Field(examples=[120])]
    can_open: bool
    can_join: bool
    subsidy: SubsidyOffer
    rules: list[Rule]
    best_team: BestTeam | None
    team_token: Annotated[TeamToken | None, Field(description="A super team's.")]
    teams_forming: Count
    participants: Annotated[int, Field(examples=[118])]
    delivery: ActivityDelivery
    share: Share
    viewer: ActivityViewer | None
    server_time: Time
