"""What clients get of a shopper's rights over their data."""

from typing import Literal

from odoo.addons.pinbu_groupbuy.api.shapes import Shape, Time


class IdentityState(Shape):
    """How far the check of a shopper's identity is; never what was given."""

    state: Literal["none", "pending", "verified"]
    # Why it was refused, and has to be given again.
    reason: str | None


class Identity(Shape):
    identity: IdentityState


class Export(Shape):
    """A copy of everything held about the shopper, in a ZIP file of JSON."""

    id: int
    state: Literal["requested", "ready", "expired", "failed"]
    created_at: Time
    ready_at: Time | None
    expires_at: Time | None
    # To be fetched with the shopper's token.
    url: str | None


class Deletion(Shape):
    """The account is closed; what tells who the shopper was goes within minutes."""

    state: Literal["requested"]


class Appeal(Shape):
    id: int
    text: str
    about: str | None
    state: Literal["open", "upheld", "dismissed"]
    answer: str | None
    created_at: Time
