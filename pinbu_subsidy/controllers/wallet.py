from odoo import http
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import api_route, paging, schemas

from ..api import shapes

_NEWEST_FIRST = {
    "pinbu.wallet.entry": SQL('-"pinbu_wallet_entry"."id"'),
    "pinbu.subsidy": SQL('-"pinbu_subsidy"."id"'),
}


class WalletController(http.Controller):
    """What a shopper was granted and holds."""

    @api_route("/me/wallet", methods=["GET"], reply=shapes.Wallet)
    def wallet(self):
        """The caller's wallet."""
        return request.env.user.partner_id._to_api_wallet(request.env.company)

    @api_route(
        "/me/wallet/entries",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Entry],
    )
    def entries(self, query):
        """The ledger of the caller's wallet, newest first."""
        return self._page("pinbu.wallet.entry", "card_id.partner_id", query)

    @api_route(
        "/me/subsidies",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Subsidy],
    )
    def subsidies(self, query):
        """What the shop owes or gave the caller, newest first."""
        return self._page("pinbu.subsidy", "partner_id", query)

    def _page(self, model, owner, query):
        domain = [
            (owner, "=", request.env.user.partner_id.id),
            ("company_id", "=", request.env.company.id),
        ]
        records, next_cursor = paging.search_page(
            request.env[model].sudo(), domain, model, [_NEWEST_FIRST[model]], query
        )
        return paging.answer(records._to_api(), next_cursor)
