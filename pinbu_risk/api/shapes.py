"""What clients get of a shopper's rights over their data."""

from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.pinbu_groupbuy.api.shapes import Id, Shape, Time, Url


class IdentityState(Shape):
    """How far the check of the caller's identity is; never what was given."""

    state: Literal["none", "pending", "verified"]
    reason: Annotated[str | None, Field(description="Why it was refused, to be given again.")]


class Identity(Shape):
    identity: IdentityState


class Export(Shape):
    """A copy of everything held about the caller: a ZIP file with ``data.json``."""

    id: Id
    state: Literal["requested", "ready", "expired", "failed"]
    created_at: Time
    ready_at: Time | None
    expires_at: Annotated[Time | None, Field(description="Then the file is deleted.")]
    url: Annotated[Url | None, Field(description="To be fetched with the caller's token.")]


class Deletion(Shape):
    """The account is closed; what tells who the caller was goes within minutes."""

    state: Literal["requested"]


class Appeal(Shape):
    id: Id
    text: Annotated[str, Field(examples=["I share my address with my room-mates."])]
    about: Annotated[str | None, Field(examples=["risk_blocked"])]
    state: Literal["open", "upheld", "dismissed"]
    answer: Annotated[str | None, Field(description="An officer's, once it is decided.")]
    created_at: Time
