from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas
from ..exceptions import PinbuError


class OrdersController(http.Controller):
    @api_route("/orders/quote", methods=["POST"], body=schemas.QuoteBody, idempotency=None)
    def quote(self, body):
        return request.env["sale.order"]._api_quote(request.env.user.partner_id, body)

    @api_route("/orders", methods=["POST"], body=schemas.OrderBody, idempotency="required")
    def create_order(self, body):
        partner = request.env.user.partner_id
        order, created = request.env["sale.order"]._api_checkout(partner, body)
        return Reply(order._to_api()[0], status=201 if created else 200)

    @api_route("/orders", methods=["GET"], query=schemas.OrdersQuery)
    def orders(self, query):
        partner = request.env.user.partner_id
        orders, next_cursor = request.env["sale.order"]._api_list(partner, query)
        return paging.answer(orders._to_api(), next_cursor)

    @api_route("/orders/<int:order_id>", methods=["GET"])
    def order(self, order_id):
        return self._find(order_id)._to_api()[0]

    @api_route("/orders/<int:order_id>/payment", methods=["POST"], idempotency="required")
    def pay(self, order_id):
        return self._find(order_id)._pinbu_start_payment()._to_api()

    @api_route("/orders/<int:order_id>/payment/refresh", methods=["POST"])
    def refresh_payment(self, order_id):
        order = self._find(order_id)
        order._api_refresh_payment()
        return order._to_api()[0]

    @api_route("/orders/<int:order_id>/cancel", methods=["POST"])
    def cancel(self, order_id):
        order = self._find(order_id)
        order._api_cancel()
        return order._to_api()[0]

    @api_route("/orders/<int:order_id>/leave", methods=["POST"])
    def leave(self, order_id):
        order = self._find(order_id)
        order._api_leave()
        return order._to_api()[0]

    @api_route("/orders/<int:order_id>/receive", methods=["POST"])
    def receive(self, order_id):
        self._refuse(order_id)

    def _refuse(self, order_id):
        # No order names these among its actions yet.
        self._find(order_id)
        raise PinbuError("not_allowed_now", request.env._("This is not possible now."))

    def _find(self, order_id):
        return request.env["sale.order"]._api_find(request.env.user.partner_id, order_id)
