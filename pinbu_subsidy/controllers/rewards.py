from odoo import http
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import api_route, paging, schemas

from ..api import shapes


class RewardsController(http.Controller):
    """Coupons, tickets and points: what a shopper was given beside money."""

    @api_route(
        "/me/coupons",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Coupon],
    )
    def coupons(self, query):
        """The caller's coupons and tickets, newest first."""
        company = request.env.company
        cards = request.env["loyalty.card"].sudo()
        records, next_cursor = paging.search_page(
            cards,
            cards._api_coupon_domain(request.env.user.partner_id, company),
            "coupons",
            [SQL('-"loyalty_card"."id"')],
            query,
        )
        return paging.answer(records._to_api_coupons(company), next_cursor)

    @api_route("/me/points", methods=["GET"], query=schemas.PageQuery, reply=shapes.Points)
    def points(self, query):
        """The caller's loyalty points, and what they came from and went to."""
        partner, company = request.env.user.partner_id, request.env.company
        card = company._pinbu_points_program()._pinbu_points_card(partner)
        lines, next_cursor = paging.search_page(
            request.env["loyalty.history"].sudo(),
            [("card_id", "=", card.id)],
            "points",
            [SQL('-"loyalty_history"."id"')],
            query,
        )
        return {
            **partner._to_api_points(company),
            "entries": lines._to_api(),
            "next_cursor": next_cursor,
        }
