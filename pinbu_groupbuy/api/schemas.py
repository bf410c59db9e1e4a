"""What clients send. Field names are the contract's; what is not named here is ignored."""

from datetime import datetime, timezone
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from odoo.tools.translate import LazyTranslate

from ..exceptions import PinbuError

_lt = LazyTranslate(__name__)

# What pydantic found, in words for the client's developer.
_PROBLEMS = {
    "missing": _lt("is missing"),
    "literal_error": _lt("is not one of the allowed values"),
    "string_too_long": _lt("is too long"),
    "string_too_short": _lt("is too short"),
    "too_long": _lt("has too many items"),
    "greater_than_equal": _lt("is too small"),
    "less_than_equal": _lt("is too large"),
    "string_pattern_mismatch": _lt("has a wrong form"),
    "value_error": _lt("has a wrong form"),
}
_WRONG_TYPE = _lt("has a wrong type")


def parse(env, model, values):
    """:return: an instance of the pydantic `model`
    :raise PinbuError: ``invalid_request``, with the fields and what is wrong with each
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [
            {
                "field": ".".join(map(str, problem["loc"])) or "body",
                "problem": env._(_PROBLEMS.get(problem["type"], _WRONG_TYPE)),
            }
            for problem in error.errors(include_url=False, include_context=False)
        ]
    raise PinbuError("invalid_request", env._("The request is not valid."), problems)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
# Ids of any size pass here; one that the database cannot have is simply not found.
Id = int


def _naive_utc(moment):
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


# ISO 8601; without a zone it is UTC. Strict models would take no text for a time.
Moment = Annotated[datetime, Field(strict=False), AfterValidator(_naive_utc)]


class Body(BaseModel):
    """A JSON body. Strict: "1" is no number, 1 is no boolean."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Query(BaseModel):
    """A query string, where everything arrives as text."""

    model_config = ConfigDict(extra="ignore")


class PageQuery(Query):
    """What every list takes."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = None


class SessionBody(Body):
    code: Annotated[
        str, StringConstraints(min_length=1, max_length=200), Field(description="Of `wx.login`.")
    ]
    inviter: Text | None = None
    consent_version: Text | None = None
    device_id: Text | None = None


class MeBody(Body):
    name: Name | None = None
    phone_code: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class AddressBody(Body):
    name: Name
    phone: Annotated[
        str,
        StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 \-]{4,19}$"),
        Field(examples=["13812345678"]),
    ]
    province: Name
    city: Name
    district: Annotated[str, StringConstraints(strip_whitespace=True, max_length=50)] = ""
    street: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    is_default: bool = False
    region_code: Annotated[
        str | None,
        Field(pattern=r"^[1-9][0-9]{5}$", description="As the platform's region picker gives it."),
    ] = None


class ActivitiesQuery(PageQuery):
    # It names what was shown: see `paging.search_page`.
    cursor: Annotated[str, StringConstraints(max_length=6000)] | None = None
    zone: Literal["today", "flash"] | None = None
    category: Annotated[int, Field(ge=1)] | None = None
    mode: Literal["normal", "super", "tiered", "flash", "newcomer", "trial"] | None = None
    q: Text | None = None
    sort: Literal["hot", "new", "ending", "price"] | None = None


class QuoteBody(Body):
    activity_id: Id
    product_id: Annotated[Id, Field(description="Of one of the activity's variants.")]
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    team_token: Annotated[str, StringConstraints(max_length=64)] | None = None
    address_id: Id | None = None
    delivery_method_id: Id | None = None
    coupon_ids: Annotated[list[Id], Field(max_length=20)] | None = None
    points: Annotated[int, Field(ge=0)] | None = None
    use_wallet: bool | None = None


class OrderBody(QuoteBody):
    remark: Text | None = None
    inviter: Annotated[str, StringConstraints(max_length=64)] | None = None
    accept_reroute: bool | None = None
    promise_version: Annotated[
        Annotated[str, StringConstraints(max_length=64)] | None,
        Field(description="Of the quote that the shopper was shown."),
    ] = None


class OrdersQuery(PageQuery):
    state: Literal["unpaid", "forming", "won", "lost", "closed"] | None = None
    tab: Literal["unpaid", "forming", "to_ship", "to_receive", "done", "lost"] | None = None


class MyTeamsQuery(PageQuery):
    state: Literal["forming", "formed", "failed"] | None = None


class NoticesQuery(PageQuery):
    unread: bool = False


class NoticesReadBody(Body):
    ids: Annotated[list[Id], Field(max_length=100)]


class ReturnBody(Body):
    quantity: Annotated[int, Field(ge=1, le=10_000)]
    reason: Text = ""
    photos: (
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=500)]],
            Field(max_length=9),
        ]
        | None
    ) = None


class SubscriptionBody(Body):
    template: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    result: Annotated[str, StringConstraints(min_length=1, max_length=50)]


class EventItem(Body):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    activity_id: Id | None = None
    element: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] | None = None
    at: Moment


class EventsBody(Body):
    items: Annotated[list[EventItem], Field(max_length=50)]
