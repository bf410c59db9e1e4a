"""Codes that the API's clients and the models share, and what several models go by."""

from datetime import timedelta

# Every code of the API contract with the HTTP status it travels under.
ERROR_STATUS = {
    "invalid_request": 400,
    "invalid_cursor": 400,
    "unauthenticated": 401,
    "login_failed": 401,
    "forbidden": 403,
    "risk_blocked": 403,
    "identity_required": 403,
    "phone_required": 403,
    "consent_required": 403,
    "newcomers_only": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "team_full": 409,
    "team_closed": 409,
    "activity_not_running": 409,
    "too_late_to_open": 409,
    "already_in_team": 409,
    "limit_reached": 409,
    "sold_out": 409,
    "not_deliverable": 409,
    "terms_changed": 409,
    "order_closed": 409,
    "already_paid": 409,
    "not_allowed_now": 409,
    "idempotency_mismatch": 409,
    "in_progress": 409,
    "insufficient_balance": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal_error": 500,
    "provider_error": 502,
    "busy": 503,
}

# What the API calls a team's state: `shipped` and `settled` only say how far settlement got.
TEAM_OUTCOME = {
    "forming": "forming",
    "formed": "formed",
    "shipped": "formed",
    "failed": "failed",
    "settled": "failed",
}

# How a refund's transaction state reads for the shopper.
REFUND_STATE = {
    "draft": "due",
    "pending": "sent",
    "authorized": "sent",
    "done": "done",
    "cancel": "failed",
    "error": "failed",
}

# Settlement follows within 70 s: what waits longer than this waits for a person.
SETTLEMENT_PATIENCE = timedelta(minutes=5)
# So long after its forming a team's goods have left the warehouse.
SHIPPING_PATIENCE = timedelta(hours=48)

# Who gives money back, and decides what becomes of a refund that does not get through.
MONEY_GROUPS = ("pinbu_groupbuy.group_manager", "account.group_account_invoice")
# Who may read what an order was paid with and what it was promised: the shopper, and who deals with
# its money. The warehouse, which reads orders too, needs none of it.
ORDER_MONEY_READERS = (
    "base.group_portal,sales_team.group_sale_salesman,account.group_account_invoice,"
    "account.group_account_readonly"
)
