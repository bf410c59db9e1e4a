"""What the routes of subsidies, the wallet, invites and rankings answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from odoo.addons.pinbu_groupbuy.api.shapes import (
    Count,
    Currency,
    Id,
    MaskedName,
    Money,
    Page,
    Scene,
    Shape,
    Subsidy,
    SubsidyType,
    TeamToken,
    Time,
)


class Coupon(Shape):
    """A coupon or a free-team ticket."""

    id: Id
    code: Annotated[str, Field(examples=["0f1e-7d22-4b0c"])]
    name: Annotated[str, Field(examples=["¥5 off"])]
    is_ticket: bool
    kind: Annotated[
        Literal["amount", "percent", "product"],
        Field(description="What `value` is: minor units, percent, or a product's worth."),
    ]
    value: Annotated[int | float, Field(examples=[500])]
    min_amount: Annotated[Money, Field(description="Worth of goods that it needs.")]
    expires_at: Time | None
    state: Literal["usable", "used", "expired"]
    activity_ids: Annotated[list[Id] | None, Field(description="Null where any will do.")]


class PointsEntry(Shape):
    id: Id
    points: Annotated[int | float, Field(examples=[-100])]
    text: str
    created_at: Time


class Points(Shape):
    """The caller's loyalty points; ``worth`` is what they take off an order."""

    balance: Annotated[int | float, Field(examples=[1200])]
    unit: Annotated[str, Field(examples=["points"])]
    worth: Money
    currency: Currency
    entries: list[PointsEntry]
    next_cursor: str | None


class WalletIdentity(Shape):
    state: Literal["none", "pending", "verified"]


class Wallet(Shape):
    """The caller's cash subsidies."""

    currency: Currency
    balance: Money
    withdrawable: Money
    pending: Annotated[Money, Field(description="Due, and not in the wallet yet.")]
    today_left: Annotated[Money, Field(description="What the day's limits still allow.")]
    min_withdrawal: Annotated[Money, Field(examples=[100])]
    max_withdrawal: Annotated[Money, Field(examples=[20000])]
    identity_required_from: Annotated[Money, Field(examples=[50000])]
    identity: WalletIdentity


class Entry(Shape):
    """A line of the wallet's ledger."""

    id: Id
    kind: Annotated[str, Field(examples=["subsidy"])]
    amount: Annotated[Money, Field(description="Signed, in minor units.", examples=[500])]
    balance_after: Money
    reference: str | None
    created_at: Time


class Withdrawal(Shape):
    """Wallet money on its way to the shopper's own account."""

    id: Id
    number: Annotated[str, Field(examples=["W202601310001"])]
    amount: Money
    currency: Currency
    state: Literal["requested", "review", "sent", "confirm", "done", "failed"]
    provider: Annotated[str, Field(examples=["manual"])]
    created_at: Time
    finished_at: Time | None
    failure: Annotated[str | None, Field(examples=["not_confirmed"])]
    failure_text: Annotated[str | None, Field(description="The same, in words.")]
    confirm: Annotated[
        dict[str, Any] | None, Field(description="For `wx.requestMerchantTransfer`.")
    ]
    actions: Annotated[list[Literal["cancel", "refresh"]], Field(examples=[["cancel"]])]


class Invite(Shape):
    """A friend whom the caller has brought."""

    name: MaskedName
    joined_at: Time
    outcome: Annotated[str, Field(examples=["joined"])]
    reward: Subsidy | None


class Invites(Page[Invite]):
    total: Count
    rewarded: Count


class OwnScene(Shape):
    """The caller's own share parameter, for no offer in particular."""

    scene: Scene
    path: Annotated[str, Field(examples=["pages/index/index?scene=s.00Zk3AbCdEfGhI"])]


class Score(Shape):
    value: Annotated[int, Field(examples=[12])]
    unit: Annotated[str, Field(description="`seats`, `seconds`, `friends`", examples=["seats"])]
    team_token: TeamToken = None


class Ranked(Score):
    rank: Annotated[int, Field(ge=1, examples=[1])]
    name: MaskedName


class OwnScore(Score):
    """The caller's best place."""

    rank: Annotated[int | None, Field(description="Null behind the first thousand.")]


class Prize(Shape):
    rank_from: Annotated[int, Field(ge=1, examples=[1])]
    rank_to: Annotated[int, Field(ge=1, examples=[3])]
    type: SubsidyType
    name: Annotated[str, Field(examples=["¥50.00"])]
    amount: Money | None
    points: int | None
    currency: Currency


class Ranking(Shape):
    items: list[Ranked]
    period_ends_at: Time | None
    prizes: list[Prize]
    mine: OwnScore | None


class MerchantSubsidy(Shape):
    """What a shopper is owed or was given, for the merchant's own systems; no coupon's code."""

    id: Id
    type: SubsidyType
    amount: Annotated[Money | None, Field(description="Of cash.")]
    points: Annotated[int | None, Field(examples=[100])]
    currency: Currency
    reason: Annotated[str, Field(examples=["team_failed"])]
    state: Literal["due", "granted", "void", "blocked"]
    customer_id: Id
    order_id: Id | None
    due_at: Time | None
    granted_at: Time | None
