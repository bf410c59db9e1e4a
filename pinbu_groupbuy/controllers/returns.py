from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas, shapes


class ReturnsController(http.Controller):
    @api_route(
        "/orders/<int:order_id>/returns",
        methods=["POST"],
        body=schemas.ReturnBody,
        reply={201: shapes.Return},
        errors=("not_allowed_now", "limit_reached"),
    )
    def create_return(self, order_id, body):
        """Ask to send goods back, without a reason in the days that the shop grants."""
        partner = request.env.user.partner_id
        order = request.env["sale.order"]._api_find(partner, order_id)
        asked = request.env["pinbu.return"]._request(
            order.seat_ids, body.quantity, body.reason, body.photos
        )
        return Reply(asked._to_api()[0], status=201)

    @api_route(
        "/me/returns",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Return],
    )
    def returns(self, query):
        """What the shopper sends back, the newest first."""
        partner = request.env.user.partner_id
        returns, next_cursor = request.env["pinbu.return"]._api_list(partner, query)
        return paging.answer(returns._to_api(), next_cursor)

    @api_route("/me/returns/<int:return_id>", methods=["GET"], reply=shapes.Return)
    def one_return(self, return_id):
        """One of the shopper's returns."""
        return self._find(return_id)._to_api()[0]

    @api_route(
        "/me/returns/<int:return_id>/cancel",
        methods=["POST"],
        reply=shapes.Return,
        errors=("not_allowed_now",),
    )
    def cancel_return(self, return_id):
        """Keep the goods after all."""
        asked = self._find(return_id)
        asked._give_up("cancelled by the shopper")
        return asked._to_api()[0]

    def _find(self, return_id):
        return request.env["pinbu.return"]._api_find(request.env.user.partner_id, return_id)
