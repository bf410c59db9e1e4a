"""What clients get: the contract's objects as pydantic models, the one source of answers' shapes.

A route names its model (``api_route(reply=...)``). The dispatcher sends what the model makes of
what the controller returned, and the OpenAPI document is generated from the same models. A module
that adds routes keeps their shapes in a package of its own.

A field with a default may be left out of an answer; all others are always there, null where they
may be. ``examples`` of the fields make the document's examples.
"""

from .activity import Activity
from .base import (
    Count,
    Currency,
    Error,
    Id,
    MaskedName,
    Money,
    Named,
    Page,
    Person,
    Scene,
    Shape,
    Share,
    SubsidyType,
    TeamToken,
    Time,
    Url,
)
from .home import Banner, Category, EventsTaken, Home, Review, Zone
from .merchant import MerchantActivity, MerchantOrder, MerchantTeam
from .notices import Counts, Notice
from .order import Order, PaymentStart, Promise, Quote, Subsidy
from .returns import Return
from .share import SharedTeam
from .shop import Config, Health, SceneMeaning
from .shopper import Address, Customer, Me, Session
from .team import Member, Team
