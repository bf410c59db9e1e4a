"""What clients get: the contract's objects as pydantic models, the one source of answers' shapes.

A route names its model (``api_route(reply=...)``). The dispatcher sends what the model makes of
what the controller returned, and the OpenAPI document is generated from the same models. A module
that adds routes keeps their shapes in a package of its own.
"""

from .base import Error, Money, Page, Shape, Time
from .share import SharedTeam
