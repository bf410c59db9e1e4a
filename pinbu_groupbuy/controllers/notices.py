from odoo import http
from odoo.http import request

from ..api import api_route, paging, schemas, shapes


class NoticesController(http.Controller):
    @api_route("/me/counts", methods=["GET"], reply=shapes.Counts)
    def counts(self):
        """How many of the shopper's orders each tab shows."""
        return request.env["sale.order"]._api_counts(request.env.user.partner_id)

    @api_route(
        "/me/notices",
        methods=["GET"],
        query=schemas.NoticesQuery,
        reply=shapes.Page[shapes.Notice],
    )
    def notices(self, query):
        """Results that the shopper should learn of, the newest first."""
        partner = request.env.user.partner_id
        notices, next_cursor = request.env["pinbu.notice"]._api_list(partner, query)
        return paging.answer(notices._to_api(), next_cursor)

    @api_route("/me/notices/read", methods=["POST"], body=schemas.NoticesReadBody)
    def read_notices(self, body):
        """The shopper has seen these notices: they are not unread any more."""
        request.env["pinbu.notice"]._api_read(request.env.user.partner_id, body.ids)
