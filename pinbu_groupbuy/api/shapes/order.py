"""From the quote to what comes after the purchase."""

from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Count, Currency, Id, Money, Named, Shape, SubsidyType, Time, Url
from .shopper import Address
from .team import Team


class PromisedSubsidy(Shape):
    """What is given if the team fails: an amount, or the least and the most of it."""

    type: SubsidyType
    amount: Money = None
    min_amount: Money = None
    max_amount: Money = None
    points: Annotated[int, Field(examples=[100])] = None
    conditions: Annotated[list[str], Field(description="Sentences for the shopper.")]


class Promise(Shape):
    """Shown before the payment, kept with the order, paid in full if the team fails."""

    items: list[PromisedSubsidy]
    reserved: Annotated[bool, Field(description="Set aside in the budget for this order.")]
    reason: Annotated[
        str | None, Field(description="Why there is none, or less.", examples=["budget_used_up"])
    ]


class DeliveryMethod(Named):
    name: Annotated[str, Field(examples=["Express"])]
    type: Literal["express", "local", "pickup"]
    fee: Money


class CouponChoice(Named):
    """A coupon of the caller's, and whether this order can use it."""

    usable: bool
    reason: Annotated[str | None, Field(description="Why not.", examples=["min_amount"])]
    discount_amount: Annotated[Money, Field(description="What it would take off by itself.")]


class Amounts(Shape):
    """``amount`` is what is left to pay in fresh money."""

    goods_amount: Money
    delivery_fee: Annotated[Money, Field(examples=[0])]
    discount_amount: Annotated[Money, Field(examples=[0])]
    wallet_amount: Annotated[Money, Field(examples=[0])]
    amount: Money


class Quote(Amounts):
    """What an order would cost and promise now, to the fen. Nothing is written."""

    currency: Currency
    delivery_methods: list[DeliveryMethod]
    coupons: list[CouponChoice]
    promise: Promise
    promise_version: Annotated[
        str,
        Field(
            description="Goes into the order, which is refused if price or promise have changed.",
            examples=["b5bb9d8014a0f9b1"],
        ),
    ]
    suggested_teams: list[Team]


class PaymentStart(Shape):
    """What a client needs to pay; ``paid`` when wallet or ticket covered all."""

    status: Literal["pay", "paid"]
    reference: Annotated[str, Field(examples=["S00042-1"])]
    provider: Annotated[str, Field(examples=["wechat"])]
    params: Annotated[dict[str, Any] | None, Field(description="For `wx.requestPayment`.")]


class Payment(Shape):
    state: Literal["pending", "done", "failed"]
    provider: Annotated[str, Field(examples=["wechat"])]
    reference: Annotated[str, Field(examples=["S00042-1"])]


RefundState = Literal["due", "sent", "done", "failed"]


class Refund(Shape):
    """The whole of what goes back."""

    state: RefundState
    amount: Money


class RefundPart(Refund):
    """One payment that goes back to where it came from."""

    reason: Annotated[str, Field(examples=["lost"])]
    at: Time | None


DeliveryState = Literal["waiting", "ready", "shipped", "delivered", "none"]


class DeliverySummary(Shape):
    state: DeliveryState


class TrackingEvent(Shape):
    at: Time
    text: str


class Delivery(Shape):
    """A parcel."""

    state: DeliveryState
    carrier: Annotated[str | None, Field(examples=["SF Express"])]
    carrier_code: Annotated[str | None, Field(examples=["SF"])]
    tracking: Annotated[str | None, Field(examples=["SF1234567890123"])]
    tracking_url: Url | None
    events: list[TrackingEvent]


class Voucher(Shape):
    """What a service is redeemed with."""

    code: Annotated[str, Field(examples=["4821 0937 5566"])]
    valid_until: Time
    state: Literal["issued", "used", "expired"]


class Subsidy(Shape):
    """What the shop owes or gave because a team failed, or for an invite, a task or a ranking.

    Of ``amount`` (cash), ``points`` and ``code`` (coupon, ticket) it has the one of its type.
    """

    id: Id
    type: SubsidyType
    amount: Money = None
    points: Annotated[int, Field(examples=[100])] = None
    code: Annotated[str | None, Field(description="Null until it is granted.")] = None
    coupon_id: Annotated[Id | None, Field(description="Of the coupon with this code.")] = None
    name: Annotated[str, Field(description="What it is, in words.", examples=["¥5.00"])] = None
    currency: Currency
    reason: Annotated[str, Field(examples=["team_failed"])]
    state: Literal["due", "granted", "void", "blocked"]
    ground: Annotated[
        str | None, Field(description="Why it was made void or is held back, in words.")
    ] = None
    due_at: Time
    granted_at: Time | None
    order_id: Id | None


class Order(Amounts):
    """A place in a team, and the sale order for it; ``id`` and ``name`` are the sale order's."""

    id: Id
    name: Annotated[str, Field(examples=["S00042"])]
    state: Literal["unpaid", "forming", "won", "lost", "closed"]
    activity_id: Id
    team: Annotated[Team | None, Field(description="Null until who opens it has paid.")]
    is_leader: bool
    product_id: Id
    product_name: Annotated[str, Field(examples=["Dried mango (500 g)"])]
    image_url: Url | None
    quantity: Annotated[Count, Field(examples=[1])]
    currency: Currency
    remark: str
    address: Annotated[Address | None, Field(description="Null for services and pick-up.")]
    created_at: Time
    pay_before: Annotated[
        Time | None,
        Field(description="When an unpaid place is given up.", examples=["2026-01-31T12:15:00Z"]),
    ]
    payment: Payment | None
    refund: Refund | None
    refunds: list[RefundPart]
    delivery: DeliverySummary
    deliveries: list[Delivery]
    voucher: Voucher | None
    subsidies: list[Subsidy]
    promise: Promise
    actions: Annotated[
        list[str],
        Field(
            description="What the shopper can do now: `pay`, `cancel`, `leave`, `receive`, "
            "`return` …",
            examples=[["pay", "cancel"]],
        ),
    ]
    server_time: Time
