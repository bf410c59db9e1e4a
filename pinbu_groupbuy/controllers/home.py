from odoo import http
from odoo.http import request

from ..api import Reply, api_route, shapes


class HomeController(http.Controller):
    @api_route("/home", methods=["GET"], auth="pinbu_public", reply=shapes.Home)
    def home(self):
        """The shop's first page: banners, categories and zones that have something to offer."""
        return Reply(request.env.company.sudo()._to_api_home(), etag=True)
