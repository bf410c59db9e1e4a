"""What clients rely on: the operations and the objects' fields of the API, version 1.

Adding is free; renaming or removing is not. Nested objects are named with a dot.
"""

OPERATIONS = """
GET /config
GET /home
GET /scenes/{scene}
POST /session
DELETE /session
POST /session/renew
POST /me/export
DELETE /me
POST /me/appeals
GET /me
PATCH /me
POST /me/avatar
GET /me/counts
GET /me/notices
POST /me/notices/read
POST /me/subscriptions
GET /me/addresses
POST /me/addresses
PUT /me/addresses/{id}
DELETE /me/addresses/{id}
GET /activities
GET /activities/{id}
GET /activities/{id}/reviews
GET /activities/{id}/teams
GET /teams/{token}
GET /teams/{token}/members
GET /rankings
POST /orders/quote
POST /orders
POST /orders/{id}/payment
POST /orders/{id}/payment/refresh
GET /orders/{id}
GET /orders
POST /orders/{id}/cancel
POST /orders/{id}/leave
POST /orders/{id}/receive
POST /orders/{id}/returns
GET /me/returns
POST /teams/{token}/share
GET /teams/{token}/poster.png
GET /me/teams
GET /me/subsidies
GET /me/coupons
GET /me/points
GET /me/wallet
GET /me/wallet/entries
POST /me/withdrawals
GET /me/withdrawals
GET /me/withdrawals/{id}
POST /me/withdrawals/{id}/cancel
POST /me/withdrawals/{id}/refresh
POST /me/identity
GET /me/invites
GET /me/invites/scene
POST /events
GET /openapi.json
GET /health
"""

# Answered without a token as well.
OPEN = """
GET /config
GET /home
GET /scenes/{scene}
POST /session
GET /activities
GET /activities/{id}
GET /activities/{id}/reviews
GET /activities/{id}/teams
GET /teams/{token}
GET /teams/{token}/members
GET /rankings
GET /teams/{token}/poster.png
POST /events
GET /openapi.json
GET /health
"""

KEY_REQUIRED = """
POST /orders
POST /orders/{id}/payment
POST /me/withdrawals
"""

# What goes in, by operation.
REQUESTS = {
    "POST /session": "code inviter consent_version device_id",
    "POST /me/appeals": "text about",
    "PATCH /me": "name phone_code",
    "GET /me/notices": "unread limit cursor",
    "POST /me/notices/read": "ids",
    "POST /me/subscriptions": "template result",
    "POST /me/addresses": "name phone province city district street is_default",
    "PUT /me/addresses/{id}": "name phone province city district street is_default",
    "GET /activities": "zone category mode q sort limit cursor",
    "GET /activities/{id}/teams": "limit cursor",
    "GET /teams/{token}/members": "limit cursor",
    "GET /rankings": "kind period",
    "POST /orders/quote": "activity_id product_id quantity team_token address_id"
    " delivery_method_id coupon_ids points use_wallet",
    "POST /orders": "activity_id product_id quantity team_token address_id delivery_method_id"
    " coupon_ids points use_wallet remark inviter accept_reroute promise_version",
    "GET /orders": "state tab limit cursor",
    "POST /orders/{id}/returns": "quantity reason photos",
    "POST /teams/{token}/share": "channel",
    "GET /teams/{token}/poster.png": "scene",
    "GET /me/teams": "state limit cursor",
    "GET /me/subsidies": "limit cursor",
    "GET /me/coupons": "limit cursor",
    "GET /me/wallet/entries": "limit cursor",
    "POST /me/withdrawals": "amount",
    "GET /me/withdrawals": "limit cursor",
    "POST /me/identity": "real_name id_number",
    "POST /events": "items items.name items.activity_id items.element items.at",
}

_ACTIVITY = """
id name mode state zone category category.id category.name image_url product product.id product.name
product.description product.images product.rating product.rating.average product.rating.count
attributes attributes.name attributes.values attributes.values.id attributes.values.name
attributes.values.image_url variants variants.product_id variants.value_ids variants.name
variants.list_price variants.group_price variants.available variants.max_quantity
variants.image_url currency list_price group_price size tiers tiers.size tiers.group_price
leader_price starts_at ends_at validity_hours limit_per_user quota sold can_open can_join
subsidy.summary subsidy.items.type subsidy.items.amount subsidy.items.min_amount
subsidy.items.max_amount subsidy.items.points subsidy.items.conditions subsidy.items.newcomer_extra
subsidy.items.delay_minutes rules.title rules.text best_team.token best_team.seats_paid
best_team.missing best_team.deadline team_token teams_forming participants delivery.zones
delivery.free_from share.path share.title share.scene share.image_url viewer.can_open viewer.reason
viewer.used viewer.remaining viewer.unpaid_order_id viewer.team_token server_time
"""
_MEMBER = "name avatar_url is_leader is_merchant joined_at"
_TEAM = """
token activity.id activity.name activity.image_url activity.currency activity.list_price
activity.group_price activity.subsidy_summary state size seats_paid seats_held missing deadline
opened_at finished_at leader.name leader.avatar_url members.name members.avatar_url
members.is_leader members.is_merchant members.joined_at members_total share.path share.title
share.scene share.image_url failure live.url live.version live.channel viewer.is_member
viewer.is_leader viewer.can_join viewer.reason viewer.order_id server_time
"""
_QUOTE = """
currency goods_amount delivery_fee discount_amount wallet_amount amount delivery_methods.id
delivery_methods.name delivery_methods.type delivery_methods.fee coupons.id coupons.name
coupons.usable coupons.reason promise.items.type promise.items.amount promise.items.min_amount
promise.items.max_amount promise.items.points promise.items.conditions promise.reserved
promise.reason promise_version suggested_teams.token
"""
_SUBSIDY = """
id type amount points code currency reason state due_at granted_at order_id
"""
_ORDER = """
id name state activity_id team.token team.state is_leader product_id product_name image_url quantity
currency goods_amount delivery_fee discount_amount wallet_amount amount remark address.id created_at
pay_before payment.state payment.provider payment.reference refund.state refund.amount refunds.state
refunds.amount refunds.reason refunds.at delivery.state deliveries.state deliveries.carrier
deliveries.carrier_code deliveries.tracking deliveries.tracking_url deliveries.events.at
deliveries.events.text voucher.code voucher.valid_until voucher.state subsidies.id subsidies.type
promise.items promise.reserved actions server_time
"""
_COUPON = "id name kind value min_amount expires_at state activity_ids"
_WALLET = """
currency balance withdrawable pending today_left min_withdrawal max_withdrawal
identity_required_from identity.state
"""
_ENTRY = "id kind amount balance_after reference created_at"
_WITHDRAWAL = "id amount state provider created_at finished_at failure confirm"
_CUSTOMER = "id name avatar_url phone_masked phone_verified is_new"
_ADDRESS = """
id name phone province city district street is_default region_code deliverable
"""


def _in(holder, fields):
    return " ".join(f"{holder}.{field}" for field in fields.split())


def _list(fields):
    return _in("items", fields) + " next_cursor"


# What comes out, by operation.
ANSWERS = {
    "GET /config": "shop.name shop.licences shop.service_phone shop.return_policy shop.privacy_url"
    " consent_version subscribe_templates timezone",
    "GET /home": "banners.image_url banners.path categories.id categories.name"
    " categories.image_url zones.code zones.title zones.ends_at",
    "GET /scenes/{scene}": "kind team_token activity_id inviter.name inviter.avatar_url",
    "POST /session": "token expires_at " + _in("customer", _CUSTOMER),
    "POST /session/renew": "token expires_at " + _in("customer", _CUSTOMER),
    "GET /me": _in("customer", _CUSTOMER),
    "PATCH /me": _in("customer", _CUSTOMER),
    "POST /me/avatar": _in("customer", _CUSTOMER),
    "GET /me/notices": _list("id kind order_id title text amount created_at"),
    "GET /me/addresses": _list(_ADDRESS),
    "POST /me/addresses": _ADDRESS,
    "PUT /me/addresses/{id}": _ADDRESS,
    "GET /activities": _list(_ACTIVITY),
    "GET /activities/{id}": _ACTIVITY,
    "GET /activities/{id}/reviews": "items next_cursor",
    "GET /activities/{id}/teams": _list(_TEAM),
    "GET /teams/{token}": _TEAM,
    "GET /teams/{token}/members": _list(_MEMBER),
    "GET /rankings": "items.rank items.name items.value items.unit items.team_token period_ends_at"
    " prizes mine",
    "POST /orders/quote": _QUOTE,
    "POST /orders": _ORDER,
    "POST /orders/{id}/payment": "status reference provider params",
    "POST /orders/{id}/payment/refresh": _ORDER,
    "GET /orders/{id}": _ORDER,
    "GET /orders": _list(_ORDER),
    "POST /orders/{id}/cancel": _ORDER,
    "POST /orders/{id}/leave": _ORDER,
    "POST /orders/{id}/receive": _ORDER,
    "POST /teams/{token}/share": "path scene title image_url poster_url",
    "GET /me/teams": _list(_ORDER),
    "GET /me/subsidies": _list(_SUBSIDY),
    "GET /me/coupons": _list(_COUPON),
    "GET /me/points": "balance unit worth entries",
    "GET /me/wallet": _WALLET,
    "GET /me/wallet/entries": _list(_ENTRY),
    "POST /me/withdrawals": _WITHDRAWAL,
    "GET /me/withdrawals": _list(_WITHDRAWAL),
    "GET /me/withdrawals/{id}": _WITHDRAWAL,
    "POST /me/withdrawals/{id}/cancel": _WITHDRAWAL,
    "POST /me/withdrawals/{id}/refresh": _WITHDRAWAL,
    "POST /me/identity": "identity.state",
    "GET /me/invites": "items.name items.joined_at items.outcome items.reward.id total rewarded",
    "GET /me/invites/scene": "scene path",
    "GET /health": "status database oldest_due_settlement_seconds",
}

# What is answered when all is well, where it is not 200.
STATUSES = {
    "POST /orders": "200 201",
    "POST /me/withdrawals": "201",
    "POST /me/appeals": "201",
    "POST /me/export": "202",
    "DELETE /me": "202",
    "POST /events": "202",
    "DELETE /session": "204",
    "POST /me/notices/read": "204",
    "POST /me/subscriptions": "204",
}

# The states that clients tell apart.
VALUES = {
    ("GET /activities/{id}", "mode"): "normal super tiered flash newcomer trial",
    ("GET /activities/{id}", "state"): "scheduled running ended",
    ("GET /activities/{id}", "subsidy.items.type"): "cash coupon points ticket gift",
    ("GET /teams/{token}", "state"): "forming formed failed",
    ("POST /orders/quote", "delivery_methods.type"): "express local pickup",
    ("GET /orders/{id}", "state"): "unpaid forming won lost closed",
    ("GET /orders/{id}", "payment.state"): "pending done failed",
    ("GET /orders/{id}", "refund.state"): "due sent done failed",
    ("GET /orders/{id}", "delivery.state"): "waiting ready shipped delivered none",
    ("GET /me/subsidies", "items.state"): "due granted void blocked",
    ("GET /me/withdrawals/{id}", "state"): "requested review sent confirm done failed",
    ("GET /me/wallet", "identity.state"): "none pending verified",
    ("POST /orders/{id}/payment", "status"): "pay paid",
}

ERRORS = """
invalid_request invalid_cursor unauthenticated login_failed forbidden risk_blocked identity_required
phone_required consent_required newcomers_only not_found team_full team_closed activity_not_running
too_late_to_open already_in_team limit_reached sold_out not_deliverable terms_changed order_closed
already_paid not_allowed_now idempotency_mismatch in_progress insufficient_balance payload_too_large
unsupported_media_type rate_limited internal_error provider_error busy
"""
