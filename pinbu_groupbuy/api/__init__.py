"""The JSON API's frame: everything that is the same for each route.

How a module adds a route
=========================

1. A controller method under ``@api_route``; the path is below ``/pinbu/api/v1``::

       from odoo import http
       from odoo.addons.pinbu_groupbuy.api import Reply, api_route, schemas
       from ..api import shapes


       class WalletController(http.Controller):
           @api_route("/me/wallet", methods=["GET"], reply=shapes.Wallet)
           def wallet(self):
               return request.env["loyalty.card"]._to_api_wallet(request.env.user.partner_id)

           @api_route(
               "/me/withdrawals",
               methods=["POST"],
               idempotency="required",
               body=Withdraw,
               reply={201: shapes.Withdrawal},
               errors=("insufficient_balance",),
           )
           def withdraw(self, body):
               ...
               return Reply(withdrawal._to_api()[0], status=201)

2. What the method gets: the path's arguments (integers already inside a database id's range,
   strings without NUL), ``body`` and ``query`` as instances of the given pydantic models
   (derive them from ``schemas.Body``, ``schemas.Query`` or ``schemas.PageQuery``), and
   ``request.env`` as the shopper (``request.env.user.partner_id``; no rights beyond a portal
   user's: look up with the shopper in the domain, `sudo()` after), in the request's language,
   with ``request.env.company``.
3. What it returns: a dict (200), None (204), a ``Reply`` (another status, an ETag), or an
   ``odoo.http.Response`` (an image), or a ``live.Reading`` (a page that is polled). ``reply`` names the shape (``shapes``), which is what is sent
   and what the OpenAPI document says, together with ``errors`` and the method's docstring.
4. What it raises: ``PinbuError(code, translated message, details)``. The transaction is rolled
   back, the code's status is in ``const.ERROR_STATUS``. Any other exception answers
   ``internal_error`` with an id that the log carries with the traceback; AccessError and
   MissingError answer ``not_found``. Never catch a database error: Odoo repeats the request.
5. Who may call: ``auth="pinbu_shopper"`` (the default) needs a token, ``"pinbu_public"`` answers
   without one (``request.env.user._is_public()``), ``"pinbu_anyone"`` does not look at it.
6. ``idempotency``: ``"required"``, ``"optional"`` (the default for writes) or None. With a key,
   the body of the method may run twice in the face of a lost process: it finds what it made
   before, as a checkout finds its hold.
7. Lists: ``paging.page(...)``; money and times: ``render.to_minor``, ``render.to_iso``.
"""

from . import (
    dispatcher,
    language,
    limits,
    live,
    no_database,
    paging,
    pictures,
    render,
    scenes,
    schemas,
    shapes,
    tokens,
)
from .dispatcher import Reply
from .routing import api_route
