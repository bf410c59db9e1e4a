from typing import Literal

from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import paging, schemas
from odoo.addons.pinbu_groupbuy.controllers.merchant import merchant_route

from ..api import shapes


class MerchantSubsidiesQuery(schemas.PageQuery):
    state: Literal["due", "granted", "void", "blocked"] | None = None


class MerchantSubsidiesController(http.Controller):
    @merchant_route(
        "/subsidies",
        scope="subsidies",
        query=MerchantSubsidiesQuery,
        reply=shapes.Page[shapes.MerchantSubsidy],
    )
    def subsidies(self, query):
        """The company's subsidies, newest first

        Owed, given, held back and void ones.
        """
        subsidies, next_cursor = request.env["pinbu.subsidy"]._merchant_list(query)
        return paging.answer(subsidies._to_merchant(), next_cursor)
