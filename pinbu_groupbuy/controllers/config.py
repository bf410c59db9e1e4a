from odoo import http
from odoo.http import request

from ..api import api_route, shapes


class ConfigController(http.Controller):
    @api_route("/config", methods=["GET"], auth="pinbu_public", reply=shapes.Config)
    def config(self):
        """What a client needs to know before its first page."""
        return request.env.company.sudo()._to_api_config()
