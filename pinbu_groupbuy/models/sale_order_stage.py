"""Where a group-buying order stands, in a merchant's words."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_stage = fields.Selection(
        [
            ("unpaid", "Awaiting Payment"),
            ("forming", "Team Forming"),
            ("to_ship", "To Ship"),
            ("shipped", "Shipped"),
            ("refunded", "Refunded"),
            ("closed", "Closed Unpaid"),
        ],
        string="Stage",
        compute="_compute_pinbu_stage",
        search="_search_pinbu_stage",
        compute_sudo=True,
        help="To ship: won, and goods of it are still in the warehouse. Shipped: won, and nothing "
        "is left to ship. Refunded: not won, left, or cancelled after it was paid.",
    )

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends(
        "state", "seat_ids.state", "picking_ids.state", "transaction_ids.operation", "picking_ids"
    )
    def _compute_pinbu_stage(self):
        self.pinbu_stage = False
        for stage, domain in self._pinbu_stage_domains().items():
            self.filtered_domain(domain).pinbu_stage = stage

    def _search_pinbu_stage(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = self._pinbu_stage_domains()
        found = Domain.OR(domains[stage] for stage in value if stage in domains)
        return found | Domain("seat_ids", "=", False) if False in value else found

    @api.model
    def _pinbu_stage_domains(self):
        """:return: for each stage what its orders have in common; an order is in one of them"""
        refunded = Domain.custom(
            to_sql=self._sql_is_refunded,
            predicate=lambda order: bool(order._pinbu_refund_transactions()),
        )
        to_ship = Domain("state", "in", ("draft", "sent")) | Domain(
            "picking_ids",
            "any!",
            # A step within the house as well: Odoo makes the next one when it is done.
            [("return_id", "=", False), ("state", "not in", ("done", "cancel"))],
        )

        def seat(state):
            return Domain("seat_ids", "any!", [("state", "=", state)])

        won = seat("won") & Domain("state", "!=", "cancel")
        return {
            "unpaid": seat("held"),
            "forming": seat("paid"),
            "to_ship": won & to_ship,
            "shipped": won & ~to_ship,
            "refunded": seat("lost")
            | seat("released") & refunded
            | seat("won") & Domain("state", "=", "cancel"),
            "closed": seat("released") & ~refunded,
        }

    def _sql_is_refunded(self, _orders, alias, _query):
        # Merchants see where an order stands, whether or not they may see its payments.
        return SQL(
            """
            EXISTS (SELECT 1 FROM sale_order_transaction_rel paid
                      JOIN payment_transaction refund ON refund.id = paid.transaction_id
                     WHERE paid.sale_order_id = %s AND refund.operation = 'refund')
            """,
            SQL.identifier(alias, "id"),
        )
