from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import api_route, schemas

from ..api import shapes


class InvitesController(http.Controller):
    """What a shopper shares, and whom they brought. Nothing is given for the sharing itself."""

    @api_route("/me/invites", methods=["GET"], query=schemas.PageQuery, reply=shapes.Invites)
    def invites(self, query):
        """The friends whom the caller has brought, newest first."""
        partner = request.env.user.partner_id
        return request.env["pinbu.invite"]._api_list(partner, query)

    @api_route("/me/invites/scene", methods=["GET"], reply=shapes.OwnScene)
    def own_scene(self):
        """The caller's own share parameter."""
        return request.env.user.partner_id._to_api_own_scene()
