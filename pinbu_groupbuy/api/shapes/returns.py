"""What a shopper sends back."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Count, Currency, Id, Money, Shape, Time, Url
from .order import Refund


class Return(Shape):
    """Goods on their way back, and the money for them on its way to the shopper.

    ``requested`` waits for the shop's answer, ``accepted`` for the goods, ``received`` for the
    refund.
    """

    id: Id
    order_id: Id
    order_name: Annotated[str, Field(examples=["S00042"])]
    product_id: Id
    product_name: Annotated[str, Field(examples=["Dried mango (500 g)"])]
    image_url: Url | None
    quantity: Annotated[Count, Field(examples=[1])]
    quantity_received: Annotated[Count, Field(description="What came back so far.", examples=[0])]
    reason: str
    photos: list[str]
    state: Literal["requested", "accepted", "received", "refunded", "refused", "cancelled"]
    answer: Annotated[
        str | None, Field(description="The shop's words: where to send the goods, or why not.")
    ]
    currency: Currency
    amount: Annotated[Money, Field(description="What was paid for these pieces.")]
    refund: Annotated[Refund | None, Field(description="Null until goods came back.")]
    created_at: Time
    answered_at: Time | None
    received_at: Time | None
    actions: Annotated[
        list[str], Field(description="What the shopper can do: `cancel`.", examples=[["cancel"]])
    ]
