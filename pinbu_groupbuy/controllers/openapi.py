from odoo import http
from odoo.http import Response, request

from ..api import api_route

FIVE_MINUTES = 300


class OpenapiController(http.Controller):
    @api_route("/openapi.json", methods=["GET"], auth="pinbu_anyone", reply="application/json")
    def openapi(self):
        """This document."""
        text = request.env["pinbu.api.document"].sudo()._text(request.env.lang)
        response = Response(text, content_type="application/json; charset=utf-8")
        response.headers["Cache-Control"] = f"public, max-age={FIVE_MINUTES}"
        response.headers["Vary"] = "Accept-Language"
        response.add_etag()
        return response.make_conditional(request.httprequest.environ)
