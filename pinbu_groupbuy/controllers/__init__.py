"""Routes of the JSON API. How a module adds one: see the docstring of ``api/__init__.py``."""

from . import (
    activities,
    activity_result,
    addresses,
    config,
    events,
    health,
    home,
    images,
    me,
    merchant,
    not_found,
    notices,
    openapi,
    orders,
    returns,
    scenes,
    session,
    share,
    share_page,
    teams,
)
