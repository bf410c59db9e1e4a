"""What the merchant's own systems read."""

from typing import Annotated, Literal

from pydantic import Field

from .activity import Mode
from .base import Count, Currency, Id, Money, Named, Shape, TeamToken, Time
from .order import Amounts, Delivery, DeliverySummary, Payment, Refund, RefundPart
from .shopper import Address

Sku = Annotated[str | None, Field(description="The product's own code.", examples=["MANGO-500"])]


class MerchantVariant(Shape):
    product_id: Id
    sku: Sku
    name: Annotated[str, Field(examples=["Dried mango (500 g)"])]
    list_price: Money
    group_price: Money
    quota: Annotated[int | None, Field(description="Pieces in all; null for none.")]
    available: Annotated[int, Field(examples=[80])]


class MerchantActivity(Shape):
    """An activity as its merchant sees it; drafts are there as well."""

    id: Id
    name: Annotated[str, Field(examples=["Dried mango, team of 3"])]
    mode: Mode
    state: Literal["draft", "scheduled", "running", "ended"]
    currency: Currency
    size: Annotated[int, Field(examples=[3])]
    starts_at: Time | None
    ends_at: Time | None
    validity_hours: float | int | None
    limit_per_user: int | None
    sold: Count
    teams_forming: Count
    participants: Count
    variants: list[MerchantVariant]


class MerchantTeam(Shape):
    """A team and the orders of those who have paid for a place in it."""

    token: TeamToken
    activity_id: Id
    state: Literal["forming", "formed", "failed"]
    failure: Annotated[str | None, Field(examples=["deadline"])]
    size: Annotated[int, Field(examples=[3])]
    seats_paid: Count
    merchant_places: Annotated[Count, Field(description="Taken by the merchant to complete it.")]
    missing: int
    deadline: Time
    opened_at: Time
    finished_at: Time | None
    order_ids: list[Id]


class MerchantOrder(Amounts):
    """An order with who ordered it and where it goes; ``id`` and ``name`` are the sale order's."""

    id: Id
    name: Annotated[str, Field(examples=["S00042"])]
    state: Literal["unpaid", "forming", "won", "lost", "closed"]
    activity_id: Id
    team_token: TeamToken | None
    is_leader: bool
    customer: Named
    product_id: Id
    sku: Sku
    product_name: str
    quantity: Annotated[Count, Field(examples=[1])]
    currency: Currency
    remark: str
    address: Address | None
    created_at: Time
    payment: Payment | None
    refund: Refund | None
    refunds: list[RefundPart]
    delivery: DeliverySummary
    deliveries: list[Delivery]
