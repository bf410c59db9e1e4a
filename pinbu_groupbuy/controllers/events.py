from odoo import http
from odoo.http import request

from ..api import Reply, api_route, schemas, shapes


class EventsController(http.Controller):
    @api_route(
        "/events",
        methods=["POST"],
        auth="pinbu_public",
        body=schemas.EventsBody,
        reply={202: shapes.EventsTaken},
        idempotency=None,
    )
    def events(self, body):
        """Views and taps, for the merchant's figures.

        Only some visitors' are kept, without saying whose; what is older than a day is not.
        """
        user = request.env.user
        visitor = request.httprequest.remote_addr if user._is_public() else f"user {user.id}"
        request.env["pinbu.event"].sudo()._api_keep(body.items, visitor)
        return Reply({"taken": len(body.items)}, status=202)

    @api_route("/me/subscriptions", methods=["POST"], body=schemas.SubscriptionBody)
    def subscribe(self, body):
        """The caller's answer to ``wx.requestSubscribeMessage``: for one template its result."""
        partner = request.env.user.partner_id
        request.env["pinbu.subscription"].sudo()._api_answer(partner, body.template, body.result)
