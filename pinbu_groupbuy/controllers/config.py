from odoo import http
from odoo.http import request

from ..api import api_route


class ConfigController(http.Controller):
    @api_route("/config", methods=["GET"], auth="pinbu_public")
    def config(self):
        return request.env.company.sudo()._to_api_config()
