from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas, shapes

# What stands against a place in a team, whichever module says so.
_REFUSALS = (
    "not_found",
    "activity_not_running",
    "too_late_to_open",
    "team_full",
    "team_closed",
    "already_in_team",
    "limit_reached",
    "sold_out",
    "not_deliverable",
    "not_allowed_now",
    "insufficient_balance",
    "newcomers_only",
    "phone_required",
    "risk_blocked",
)


class OrdersController(http.Controller):
    @api_route(
        "/orders/quote",
        methods=["POST"],
        body=schemas.QuoteBody,
        reply=shapes.Quote,
        errors=_REFUSALS,
        idempotency=None,
    )
    def quote(self, body):
        """What an order would cost and promise; writes nothing."""
        return request.env["sale.order"]._api_quote(request.env.user.partner_id, body)

    @api_route(
        "/orders",
        methods=["POST"],
        body=schemas.OrderBody,
        reply={201: shapes.Order, 200: shapes.Order},
        errors=(*_REFUSALS, "terms_changed", "order_closed", "already_paid"),
        idempotency="required",
    )
    def create_order(self, body):
        """Hold a place, in a team or to open one, and order.

        The caller's unpaid order for the same team or opening is brought up to date and resumed
        (200), not doubled. With ``promise_version``, a price or promise that has changed since the
        quote is refused.
        """
        partner = request.env.user.partner_id
        order, created = request.env["sale.order"]._api_checkout(partner, body)
        return Reply(order._to_api()[0], status=201 if created else 200)

    @api_route(
        "/orders", methods=["GET"], query=schemas.OrdersQuery, reply=shapes.Page[shapes.Order]
    )
    def orders(self, query):
        """The caller's orders, newest first."""
        partner = request.env.user.partner_id
        orders, next_cursor = request.env["sale.order"]._api_list(partner, query)
        return paging.answer(orders._to_api(), next_cursor)

    @api_route("/orders/<int:order_id>", methods=["GET"], reply=shapes.Order)
    def order(self, order_id):
        """One of the caller's orders."""
        return self._find(order_id)._to_api()[0]

    @api_route(
        "/orders/<int:order_id>/payment",
        methods=["POST"],
        reply=shapes.PaymentStart,
        errors=(*_REFUSALS, "terms_changed", "order_closed", "already_paid", "provider_error"),
        idempotency="required",
        limit="money",
    )
    def pay(self, order_id):
        """Start the payment of an unpaid order."""
        return self._find(order_id)._pinbu_start_payment()._to_api()

    @api_route(
        "/orders/<int:order_id>/payment/refresh",
        methods=["POST"],
        reply=shapes.Order,
        errors=("provider_error",),
        limit="money",
    )
    def refresh_payment(self, order_id):
        """Ask the payment provider, when its notice is late."""
        order = self._find(order_id)
        order._api_refresh_payment()
        return order._to_api()[0]

    @api_route(
        "/orders/<int:order_id>/cancel",
        methods=["POST"],
        reply=shapes.Order,
        errors=("already_paid", "order_closed"),
    )
    def cancel(self, order_id):
        """Give up an unpaid order."""
        order = self._find(order_id)
        order._api_cancel()
        return order._to_api()[0]

    @api_route(
        "/orders/<int:order_id>/leave",
        methods=["POST"],
        reply=shapes.Order,
        errors=("not_allowed_now", "team_closed"),
    )
    def leave(self, order_id):
        """Leave a team that still forms; the payment goes back in full."""
        order = self._find(order_id)
        order._api_leave()
        return order._to_api()[0]

    @api_route(
        "/orders/<int:order_id>/receive",
        methods=["POST"],
        reply=shapes.Order,
        errors=("not_allowed_now",),
    )
    def receive(self, order_id):
        """Say that the goods have come."""
        order = self._find(order_id)
        order._api_receive()
        return order._to_api()[0]

    def _find(self, order_id):
        return request.env["sale.order"]._api_find(request.env.user.partner_id, order_id)
