"""What keeps a shopper's account open: money and goods that still have to arrive somewhere."""

from odoo import models

from odoo.addons.pinbu_subsidy.models.pinbu_withdrawal import OPEN


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pinbu_money_under_way(self):
        """Hook: why this shopper's account cannot be deleted now, in any company.

        :return: codes: ``order`` (unpaid or its team still forming), ``payment``, ``delivery``,
            ``voucher``, ``return``, ``refund``, ``subsidy``, ``withdrawal``
        :rtype: list[str]
        """
        self.ensure_one()
        found = {
            "order": self._pinbu_has(
                "pinbu.seat", [("partner_id", "=", self.id), ("state", "in", ("held", "paid"))]
            ),
            "payment": self._pinbu_has(
                "payment.transaction",
                [
                    ("partner_id", "=", self.id),
                    ("operation", "!=", "refund"),
                    ("state", "in", ("pending", "authorized")),
                ],
            ),
            "delivery": self._pinbu_has_deliveries(),
            "voucher": self._pinbu_has(
                "pinbu.voucher", [("partner_id", "=", self.id), ("state", "=", "issued")]
            ),
            "return": self._pinbu_has(
                "pinbu.return",
                [
                    ("partner_id", "=", self.id),
                    ("state", "in", ("requested", "accepted", "received")),
                ],
            ),
            "refund": self._pinbu_has_refunds(),
            "subsidy": self._pinbu_has(
                "pinbu.subsidy",
                [("partner_id", "=", self.id), ("state", "in", ("due", "blocked"))],
            ),
            "withdrawal": self._pinbu_has(
                "pinbu.withdrawal", [("partner_id", "=", self.id), ("state", "in", OPEN)]
            ),
        }
        return [code for code, is_there in found.items() if is_there]

    def _pinbu_under_way_labels(self):
        """Hook: ``{code of _pinbu_money_under_way: what the back office reads}``"""
        return {
            "order": self.env._("an order"),
            "payment": self.env._("a payment"),
            "delivery": self.env._("a delivery"),
            "voucher": self.env._("a voucher"),
            "return": self.env._("a return"),
            "refund": self.env._("a refund"),
            "subsidy": self.env._("a subsidy"),
            "withdrawal": self.env._("a withdrawal"),
        }

    def _pinbu_has(self, model, domain):
        return bool(self.env[model].sudo().search_count(domain, limit=1))

    def _pinbu_has_deliveries(self):
        """Also when a team is formed and its deliveries are not planned yet."""
        orders = self.env["sale.order"].sudo()
        mine = [("partner_id", "=", self.id)]
        return bool(
            orders.search_count(
                [
                    *mine,
                    ("state", "=", "sale"),
                    ("picking_ids", "any", [("state", "not in", ("done", "cancel"))]),
                ],
                limit=1,
            )
            or orders.search_count(
                [
                    *mine,
                    ("seat_ids", "any", [("state", "=", "won")]),
                    ("state", "in", ("draft", "sent")),
                ],
                limit=1,
            )
        )

    def _pinbu_has_refunds(self):
        """:return: whether something is owed back, or a refund has not arrived"""
        seats = self.env["pinbu.seat"].sudo()
        over = seats.search(
            [
                ("partner_id", "=", self.id),
                ("state", "in", ("lost", "released")),
                ("order_id.transaction_ids.state", "=", "done"),
            ]
        )
        return self._pinbu_has(
            "payment.transaction",
            [
                ("partner_id", "=", self.id),
                ("operation", "=", "refund"),
                ("state", "!=", "done"),
            ],
        ) or not all(order._pinbu_is_refunded() for order in over.order_id)

    def _pinbu_filled_wallets(self):
        """:return: the shopper's wallets with money in them, of all companies, with sudo
        :rtype: loyalty.card
        """
        wallets = self.env["loyalty.card"].sudo().with_context(active_test=False)
        return wallets.search(
            [("partner_id", "=", self.id), ("pinbu_is_wallet", "=", True), ("points", ">", 0)]
        )
