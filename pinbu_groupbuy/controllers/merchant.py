from typing import Annotated, Literal

from pydantic import Field

from odoo import http
from odoo.http import request

from ..api import api_route, paging, schemas, shapes

NUMBER = Annotated[int, Field(ge=1, le=2**31 - 1)]


class MerchantActivitiesQuery(schemas.PageQuery):
    state: Literal["draft", "scheduled", "running", "ended"] | None = None


class MerchantTeamsQuery(schemas.PageQuery):
    state: Literal["forming", "formed", "failed"] | None = None
    activity_id: NUMBER | None = None


class MerchantOrdersQuery(schemas.PageQuery):
    state: Literal["unpaid", "forming", "won", "lost", "closed"] | None = None


def merchant_route(path, *, scope, **options):
    """A route for the merchant's own systems, which show a key that has this scope."""
    return api_route(
        f"/merchant{path}", methods=["GET"], auth="pinbu_merchant", pinbu_scope=scope, **options
    )


class MerchantController(http.Controller):
    """Reading with a key of the API; nothing is written here."""

    @merchant_route(
        "/activities",
        scope="activities",
        query=MerchantActivitiesQuery,
        reply=shapes.Page[shapes.MerchantActivity],
    )
    def activities(self, query):
        """The company's activities, newest first

        Drafts and ended ones are there as well.
        """
        return self._page(request.env["pinbu.activity"]._merchant_list(query))

    @merchant_route(
        "/activities/<int:activity_id>", scope="activities", reply=shapes.MerchantActivity
    )
    def activity(self, activity_id):
        """One activity"""
        return request.env["pinbu.activity"]._merchant_find(activity_id)._to_merchant()[0]

    @merchant_route(
        "/teams", scope="teams", query=MerchantTeamsQuery, reply=shapes.Page[shapes.MerchantTeam]
    )
    def teams(self, query):
        """The company's teams, newest first"""
        return self._page(request.env["pinbu.team"]._merchant_list(query))

    @merchant_route("/teams/<string:token>", scope="teams", reply=shapes.MerchantTeam)
    def team(self, token):
        """One team"""
        return request.env["pinbu.team"]._merchant_find(token)._to_merchant()[0]

    @merchant_route(
        "/orders",
        scope="orders",
        query=MerchantOrdersQuery,
        reply=shapes.Page[shapes.MerchantOrder],
    )
    def orders(self, query):
        """The company's group-buying orders, newest first

        With the names and addresses of those who ordered: give this scope to whoever ships.
        """
        return self._page(request.env["sale.order"]._merchant_list(query))

    @merchant_route("/orders/<int:order_id>", scope="orders", reply=shapes.MerchantOrder)
    def order(self, order_id):
        """One group-buying order"""
        return request.env["sale.order"]._merchant_find(order_id)._to_merchant()[0]

    def _page(self, found):
        records, next_cursor = found
        return paging.answer(records._to_merchant(), next_cursor)
