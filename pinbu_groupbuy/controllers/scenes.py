from odoo import http
from odoo.http import request

from ..api import api_route, shapes


class ScenesController(http.Controller):
    @api_route(
        "/scenes/<string:scene>",
        methods=["GET"],
        auth="pinbu_public",
        reply=shapes.SceneMeaning,
    )
    def scene(self, scene):
        """What a scanned code or a share card means."""
        return request.env["pinbu.team"]._api_scene(scene)
