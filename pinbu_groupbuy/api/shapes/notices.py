"""What a shopper learns of after the purchase."""

from .base import Money, Shape, Time


class Counts(Shape):
    """How many orders each tab shows, and how many notices wait to be read."""

    unpaid: int
    forming: int
    to_ship: int
    to_receive: int
    done: int
    lost: int
    unread_notices: int


class Notice(Shape):
    """A result to pop up once. ``kind`` is ``won``, ``lost``, ``shipped``, ``refunded``,
    ``return_accepted``, ``return_refused`` …; clients
    bear new ones, whose title and text they show."""

    id: int
    kind: str
    order_id: int | None
    title: str
    text: str
    amount: Money | None
    created_at: Time
