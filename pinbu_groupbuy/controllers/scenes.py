from odoo import http
from odoo.http import request

from ..api import api_route


class ScenesController(http.Controller):
    @api_route("/scenes/<string:scene>", methods=["GET"], auth="pinbu_public")
    def scene(self, scene):
        return request.env["pinbu.team"]._api_scene(scene)
