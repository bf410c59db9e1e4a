"""What the OpenAPI document says of the whole API. Chinese: `i18n/openapi.zh_CN.json`."""

ABOUT = (
    "Group-buying with a safety net: a team that fills up before its deadline gets the group "
    "price, and one that does not is refunded in full and gets the subsidy that was promised.",
    "JSON in UTF-8, `snake_case`, real HTTP status codes. Money is an integer in the currency's "
    "minor unit (`1990` is 19.90 yuan), times are ISO 8601 in UTC with `Z`. Fields, routes, values "
    "of enumerations and error codes may be added at any time: clients must bear new ones.",
    "**Log in** with `POST /session`, then send `Authorization: Bearer <token>`. Routes that "
    "answer without it add what is the caller's (`viewer`) with it.",
    "**Lists** take `limit` (20, at most 100) and `cursor`, which is the `next_cursor` of the "
    "page before; it is null at the end.",
    "**Writes** take an `Idempotency-Key` of up to 64 characters, your own for each wish. The same "
    "key and body within 24 hours get the first answer again, so that whatever got no answer can be "
    "repeated.",
    "**Live pages** carry an `ETag`: send it back as `If-None-Match`, and what has not changed "
    "is a 304 without a body. `server_time` makes a countdown independent of the client's clock.",
    '**Errors** all have one shape, `{"error": {"code", "message", "details"}}`. The '
    "message is for the shopper, in the language that `Accept-Language` asks for. Quote "
    "`X-Request-Id` to the shop's support.",
)

TAGS = {
    "shop": "The shop, and what a scanned code means",
    "session": "Logging in and out",
    "activities": "What is offered",
    "teams": "Teams, and inviting friends to them",
    "orders": "From the quote to the goods",
    "me": "The caller: themselves, their money, their rights",
    "rankings": "Who is ahead",
    "images": "Pictures; use the addresses that answers give",
    "merchant": "For the merchant's own systems, with an API key",
}

SECURITY_SCHEMES = {
    "shopper": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of `POST /session`.",
    },
    "merchant": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key that the merchant makes in Odoo, with the scopes that it may read.",
    },
}

HEADERS = {
    "ETag": {
        "description": "Names this very answer, but for `server_time`.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which another try makes sense.",
        "schema": {"type": "integer"},
    },
}

PARAMETERS = {
    "Language": {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "Of messages and names: `zh-CN` (default) or `en`.",
        "schema": {"type": "string", "examples": ["zh-CN"]},
    },
    "Known": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of the answer that the client has.",
        "schema": {"type": "string"},
    },
    "RequiredKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The client's own for this wish; a repetition with it does nothing twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "OptionalKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The client's own for this wish; a repetition with it does nothing twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
}

# What parameters of query strings mean on whatever route.
QUERY = {
    "limit": "How many at most.",
    "cursor": "The `next_cursor` of the page before.",
    "q": "Words to search for.",
}

STATUSES = {
    200: "Done.",
    201: "Made.",
    202: "Accepted; it is done in a moment.",
    204: "Done; there is nothing to say.",
    304: "The client has the newest answer already.",
}

CODES = {
    "invalid_request": "The request is not valid; the details name each field and its problem.",
    "invalid_cursor": "The list cannot be continued from there.",
    "unauthenticated": "The token is missing, over, or was revoked: log in again.",
    "login_failed": "The platform did not confirm the log-in.",
    "forbidden": "The caller may not do this.",
    "risk_blocked": "The shop's rules stand against it.",
    "identity_required": "The caller's identity has to be checked before.",
    "phone_required": "The caller has to give a verified phone number before.",
    "consent_required": "The caller has to agree to the terms before.",
    "newcomers_only": "This is for those who have not bought here yet.",
    "not_found": "It does not exist (any more), or is another shopper's.",
    "method_not_allowed": "The route has no such verb.",
    "team_full": "The team is full; the details suggest other teams.",
    "team_closed": "The team takes nobody any more.",
    "activity_not_running": "The activity has not begun, or is over.",
    "too_late_to_open": "The activity ends too soon for another team.",
    "already_in_team": "The caller is in the team already.",
    "limit_reached": "The caller has as many as one may.",
    "sold_out": "Nothing is left.",
    "not_deliverable": "It is not delivered to this address.",
    "terms_changed": "Price or promise have changed: ask for a new quote.",
    "order_closed": "The order is closed.",
    "already_paid": "The order is paid.",
    "not_allowed_now": "This is not possible now.",
    "idempotency_mismatch": "The key was used for something else before.",
    "in_progress": "The same request is still being worked on.",
    "insufficient_balance": "The balance does not suffice.",
    "payload_too_large": "The request is too large.",
    "unsupported_media_type": "The body is not of the type that the route takes.",
    "rate_limited": "Too many requests: wait as long as `Retry-After` says.",
    "internal_error": "Something went wrong on the shop's side; the details hold an id to quote.",
    "provider_error": "The payment provider did not answer as it should.",
    "busy": "The shop is very busy: try again as `Retry-After` says.",
}

DETAILS = {
    "invalid_request": [{"field": "quantity", "problem": "is too small"}],
    "internal_error": {"id": "3f2a9c01d4e8"},
    "rate_limited": {"retry_after": 12},
    "team_full": {"suggested_teams": []},
}
