from odoo import http
from odoo.http import request

from ..api import api_route, paging, schemas


class MeController(http.Controller):
    @api_route("/me", methods=["GET"])
    def me(self):
        return {"customer": request.env.user.partner_id._to_api_customer()}

    # A mini-program's wx.request knows no PATCH.
    @api_route("/me", methods=["PATCH", "POST"], body=schemas.MeBody)
    def change_me(self, body):
        partner = request.env.user.partner_id
        partner._api_update_customer(body)
        return {"customer": partner._to_api_customer()}

    @api_route("/me/teams", methods=["GET"], query=schemas.MyTeamsQuery)
    def my_teams(self, query):
        partner = request.env.user.partner_id
        orders, next_cursor = request.env["sale.order"]._api_with_team(partner, query)
        return paging.answer(orders._to_api(), next_cursor)
