"""The objects of the API's answers. Amounts are integers in the currency's minor unit, times are
ISO 8601 in UTC. A server may send more than stands here; what may be missing says so by `total=False`.
"""

from __future__ import annotations

from typing import Any, TypedDict

# === THE SHOP === #


class Shop(TypedDict):
    name: str
    licences: list[str]
    service_phone: str | None
    return_policy: str
    privacy_url: str


class Config(TypedDict):
    shop: Shop
    consent_version: str
    subscribe_templates: dict[str, str]
    timezone: str


class Banner(TypedDict):
    image_url: str
    path: str


class HomeCategory(TypedDict):
    id: int
    name: str
    image_url: str | None


class Zone(TypedDict):
    code: str
    title: str
    ends_at: str | None


class Home(TypedDict):
    banners: list[Banner]
    categories: list[HomeCategory]
    zones: list[Zone]


class Person(TypedDict):
    name: str
    avatar_url: str | None


class _SceneMeaning(TypedDict):
    kind: str
    inviter: Person | None


class SceneMeaning(_SceneMeaning, total=False):
    team_token: str
    activity_id: int


class Health(TypedDict):
    status: str
    database: str
    oldest_due_settlement_seconds: int


# === THE SHOPPER === #


class Customer(TypedDict):
    id: int
    name: str
    avatar_url: str | None
    phone_masked: str | None
    phone_verified: bool
    is_new: bool


class Session(TypedDict):
    token: str
    expires_at: str
    customer: Customer


class NewAddress(TypedDict, total=False):
    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str
    is_default: bool
    region_code: str


class _Address(TypedDict):
    id: int
    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str
    is_default: bool
    region_code: str | None


class Address(_Address, total=False):
    deliverable: bool | None


class Notice(TypedDict):
    id: int
    kind: str
    order_id: int | None
    title: str
    text: str
    amount: int | None
    created_at: str


class Counts(TypedDict):
    unpaid: int
    forming: int
    to_ship: int
    to_receive: int
    done: int
    lost: int
    unread_notices: int


class Identity(TypedDict):
    state: str


class IdentityCheck(Identity):
    reason: str | None


class Export(TypedDict):
    id: int
    state: str
    created_at: str
    ready_at: str | None
    expires_at: str | None
    url: str | None


class Deletion(TypedDict):
    state: str


class Appeal(TypedDict):
    id: int
    text: str
    about: str | None
    state: str
    answer: str | None
    created_at: str


# === ACTIVITIES AND TEAMS === #


class Category(TypedDict):
    id: int
    name: str


class Rating(TypedDict):
    average: float
    count: int


class Product(TypedDict):
    id: int
    name: str
    description: str
    images: list[str]
    rating: Rating | None


class AttributeValue(TypedDict):
    id: int
    name: str
    image_url: str | None


class Attribute(TypedDict):
    name: str
    values: list[AttributeValue]


class Variant(TypedDict):
    product_id: int
    value_ids: list[int]
    name: str
    list_price: int
    group_price: int
    available: int
    max_quantity: int
    image_url: str | None


class Tier(TypedDict):
    size: int
    group_price: int


class _PromiseItem(TypedDict):
    type: str
    conditions: list[str]


class PromiseItem(_PromiseItem, total=False):
    """What is promised: an amount, or from one to another, or points."""

    amount: int
    min_amount: int
    max_amount: int
    points: int


class SubsidyItem(PromiseItem):
    newcomer_extra: int
    delay_minutes: int


class SubsidyOffer(TypedDict):
    summary: str
    items: list[SubsidyItem]


class Rule(TypedDict):
    title: str
    text: str


class Review(TypedDict):
    id: int
    name: str
    avatar_url: str | None
    rating: float
    text: str
    created_at: str


class BestTeam(TypedDict):
    token: str
    seats_paid: int
    missing: int
    deadline: str


class DeliveryTerms(TypedDict):
    zones: list[str]
    free_from: int | None


class Share(TypedDict):
    path: str
    title: str
    scene: str
    image_url: str | None


class ActivityViewer(TypedDict):
    can_open: bool
    reason: str | None
    used: int
    remaining: int | None
    unpaid_order_id: int | None
    team_token: str | None


class Activity(TypedDict):
    id: int
    name: str
    mode: str
    state: str
    zone: str | None
    category: Category | None
    image_url: str | None
    product: Product
    attributes: list[Attribute]
    variants: list[Variant]
    currency: str
    list_price: int
    group_price: int
    size: int
    tiers: list[Tier]
    leader_price: int | None
    starts_at: str
    ends_at: str
    validity_hours: float | int | None
    limit_per_user: int | None
    quota: int | None
    sold: int
    can_open: bool
    can_join: bool
    subsidy: SubsidyOffer
    rules: list[Rule]
    best_team: BestTeam | None
    team_token: str | None
    teams_forming: int
    participants: int
    delivery: DeliveryTerms
    share: Share
    viewer: ActivityViewer | None
    server_time: str


class Card(TypedDict):
    """An activity, as a team shows it."""

    id: int
    name: str
    image_url: str | None
    currency: str
    list_price: int
    group_price: int
    subsidy_summary: str


class Member(TypedDict):
    name: str
    avatar_url: str | None
    is_leader: bool
    is_merchant: bool
    joined_at: str | None


class Live(TypedDict):
    url: str
    version: str
    channel: str


class TeamViewer(TypedDict):
    is_member: bool
    is_leader: bool
    can_join: bool
    reason: str | None
    order_id: int | None


class Team(TypedDict):
    token: str
    activity: Card
    state: str
    size: int
    seats_paid: int
    seats_held: int
    missing: int
    deadline: str
    opened_at: str
    finished_at: str | None
    leader: Person
    members: list[Member]
    members_total: int
    share: Share
    failure: str | None
    live: Live | None
    viewer: TeamViewer | None
    server_time: str


class TeamShare(TypedDict):
    path: str
    scene: str
    title: str
    image_url: str | None
    poster_url: str


class Score(TypedDict):
    value: int
    unit: str


class RankedTeam(Score, total=False):
    team_token: str


class Rank(RankedTeam):
    rank: int
    name: str


class OwnRank(RankedTeam):
    rank: int | None


class Prize(TypedDict):
    rank_from: int
    rank_to: int
    type: str
    name: str
    amount: int | None
    points: int | None
    currency: str


class Rankings(TypedDict):
    items: list[Rank]
    period_ends_at: str | None
    prizes: list[Prize]
    mine: OwnRank | None


# === ORDERS === #


class Promise(TypedDict):
    items: list[PromiseItem]
    reserved: bool
    reason: str | None


class DeliveryMethod(TypedDict):
    id: int
    name: str
    type: str
    fee: int


class CouponChoice(TypedDict):
    id: int
    name: str
    usable: bool
    reason: str | None
    discount_amount: int


class Quote(TypedDict):
    currency: str
    goods_amount: int
    delivery_fee: int
    discount_amount: int
    wallet_amount: int
    amount: int
    delivery_methods: list[DeliveryMethod]
    coupons: list[CouponChoice]
    promise: Promise
    promise_version: str
    suggested_teams: list[Team]


class Payment(TypedDict):
    state: str
    provider: str
    reference: str


class PaymentStart(TypedDict):
    status: str
    reference: str
    provider: str
    params: dict[str, Any] | None


class RefundTotal(TypedDict):
    state: str
    amount: int


class Refund(TypedDict):
    state: str
    amount: int
    reason: str
    at: str | None


class DeliveryState(TypedDict):
    state: str


class DeliveryEvent(TypedDict):
    at: str
    text: str


class Delivery(TypedDict):
    state: str
    carrier: str | None
    carrier_code: str | None
    tracking: str | None
    tracking_url: str | None
    events: list[DeliveryEvent]


class Voucher(TypedDict):
    code: str
    valid_until: str
    state: str


class _Subsidy(TypedDict):
    id: int
    type: str
    currency: str
    reason: str
    state: str
    due_at: str
    granted_at: str | None
    order_id: int | None


class Subsidy(_Subsidy, total=False):
    """What was due because a team failed, or for an invite; one of amount, points and code."""

    amount: int
    points: int
    code: str | None
    coupon_id: int | None
    name: str
    ground: str | None


class Order(TypedDict):
    id: int
    name: str
    state: str
    activity_id: int
    team: Team | None
    is_leader: bool
    product_id: int
    product_name: str
    image_url: str | None
    quantity: int
    currency: str
    goods_amount: int
    delivery_fee: int
    discount_amount: int
    wallet_amount: int
    amount: int
    remark: str
    address: Address | None
    created_at: str
    pay_before: str | None
    payment: Payment | None
    refund: RefundTotal | None
    refunds: list[Refund]
    delivery: DeliveryState
    deliveries: list[Delivery]
    voucher: Voucher | None
    subsidies: list[Subsidy]
    promise: Promise
    actions: list[str]
    server_time: str


class Return(TypedDict):
    id: int
    order_id: int
    order_name: str
    product_id: int
    product_name: str
    image_url: str | None
    quantity: int
    quantity_received: int
    reason: str
    photos: list[str]
    state: str
    answer: str | None
    currency: str
    amount: int
    refund: RefundTotal | None
    created_at: str
    answered_at: str | None
    received_at: str | None
    actions: list[str]


# === REWARDS AND MONEY === #


class Coupon(TypedDict):
    id: int
    code: str
    name: str
    is_ticket: bool
    kind: str
    value: float | int
    min_amount: int
    expires_at: str | None
    state: str
    activity_ids: list[int] | None


class PointsEntry(TypedDict):
    id: int
    points: float | int
    text: str
    created_at: str


class Points(TypedDict):
    balance: float | int
    unit: str
    worth: int
    currency: str
    entries: list[PointsEntry]
    next_cursor: str | None


class Wallet(TypedDict):
    currency: str
    balance: int
    withdrawable: int
    pending: int
    today_left: int
    min_withdrawal: int
    max_withdrawal: int
    identity_required_from: int
    identity: Identity


class Entry(TypedDict):
    id: int
    kind: str
    amount: int
    balance_after: int
    reference: str | None
    created_at: str


class Withdrawal(TypedDict):
    id: int
    number: str
    amount: int
    currency: str
    state: str
    provider: str
    created_at: str
    finished_at: str | None
    failure: str | None
    failure_text: str | None
    confirm: dict[str, Any] | None
    actions: list[str]


class Invite(TypedDict):
    name: str
    joined_at: str
    outcome: str
    reward: Subsidy | None


class Invites(TypedDict):
    items: list[Invite]
    total: int
    rewarded: int
    next_cursor: str | None


class OwnScene(TypedDict):
    scene: str
    path: str
