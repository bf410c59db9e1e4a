from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import api_route, schemas


class InvitesController(http.Controller):
    """What a shopper shares, and whom they brought. Nothing is given for the sharing itself."""

    @api_route("/me/invites", methods=["GET"], query=schemas.PageQuery)
    def invites(self, query):
        partner = request.env.user.partner_id
        return request.env["pinbu.invite"]._api_list(partner, query)

    @api_route("/me/invites/scene", methods=["GET"])
    def own_scene(self):
        return request.env.user.partner_id._to_api_own_scene()
