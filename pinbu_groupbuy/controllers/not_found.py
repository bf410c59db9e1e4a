from werkzeug.exceptions import MethodNotAllowed, NotFound

from odoo import http
from odoo.http import request, route

from ..api import routing  # noqa: F401  it registers the routing type


class NotFoundController(http.Controller):
    @route(
        ["/pinbu/api", "/pinbu/api/<path:path>"],
        type="pinbu",
        auth="pinbu_anyone",
        csrf=False,
        save_session=False,
        readonly=False,
        pinbu_catch_all=True,
    )
    def not_found(self, path=None):
        """Whatever no route of the API answers, in JSON."""
        allowed = request.env["ir.http"]._pinbu_allowed_methods(request.httprequest.path)
        if allowed:
            raise MethodNotAllowed(valid_methods=allowed)
        raise NotFound
