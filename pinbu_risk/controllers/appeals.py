from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import Reply, api_route, paging
from odoo.addons.pinbu_groupbuy.api.schemas import PageQuery
from odoo.addons.pinbu_groupbuy.api.shapes import Page

from ..api import schemas, shapes


class AppealsController(http.Controller):
    @api_route(
        "/me/appeals",
        methods=["POST"],
        body=schemas.AppealBody,
        reply={201: shapes.Appeal},
        errors=("limit_reached",),
    )
    def appeal(self, body):
        """Ask a person to look again at what was decided about the shopper."""
        appeal = request.env["pinbu.appeal"]._file(
            request.env.user.partner_id, request.env.company, body.text, body.about
        )
        return Reply(appeal._to_api()[0], status=201)

    @api_route("/me/appeals", methods=["GET"], query=PageQuery, reply=Page[shapes.Appeal])
    def appeals(self, query):
        """The shopper's appeals, and what came of them; newest first."""
        partner = request.env.user.partner_id
        appeals, next_cursor = request.env["pinbu.appeal"]._api_list(partner, query)
        return paging.answer(appeals._to_api(), next_cursor)
