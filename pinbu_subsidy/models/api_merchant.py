from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import render
from odoo.addons.pinbu_groupbuy.api.paging import search_page


class PinbuSubsidy(models.Model):
    _inherit = "pinbu.subsidy"

    @api.model
    def _merchant_list(self, query):
        """:return: (what the user may read, with sudo, newest first; next cursor)"""
        self.check_access("read")
        domain = Domain("company_id", "=", self.env.company.id)
        if query.state:
            domain &= Domain("state", "=", query.state)
        kind = f"merchant.subsidies.{query.state}"
        newest = [SQL("(-%s)", SQL.identifier(self._table, "id"))]
        found, next_cursor = search_page(self, domain, kind, newest, query)
        return found.sudo(), next_cursor

    def _to_merchant(self):
        """:rtype: list[dict]"""
        return [
            {
                **subsidy._to_webhook(),
                "state": subsidy.state,
                "due_at": render.to_iso(subsidy.due_at),
            }
            for subsidy in self.sudo()
        ]
