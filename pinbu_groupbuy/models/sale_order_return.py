from odoo import fields, models

from ..api.render import to_minor
from .payment_transaction_refund import RETURN_REFUND


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_return_ids = fields.One2many("pinbu.return", "order_id", readonly=True)

    def _pinbu_from_minor(self, amount):
        """:return: an integer of the currency's minor unit as a float of its unit"""
        currency = self.currency_id
        return currency.round(amount / 10**currency.decimal_places)

    def _pinbu_owe_part(self, minor, request, number):
        """Owe a part of what was paid back, by the means that paid it, each for its share of what
        is left of them; never more than is left.

        :param int minor: how much, in the currency's minor unit
        :param pinbu.return request: what it goes back for
        :param str number: makes each part one of a kind, whatever is repeated
        """
        self.ensure_one()
        payments = self.seat_ids.transaction_id | self._pinbu_legs()
        left = {
            tx: to_minor(tx.amount - tx.pinbu_refunded, tx.currency_id)
            for tx in payments.sorted("id")
        }
        total = sum(left.values())
        minor = min(minor, total)
        if minor <= 0:
            return
        parts = {tx: minor * rest // total for tx, rest in left.items()}
        # What the shares' rounding left over: less than one unit for each means.
        missing = minor - sum(parts.values())
        for tx, rest in left.items():
            more = min(missing, rest - parts[tx])
            parts[tx] += more
            missing -= more
        for tx, part in parts.items():
            if part:
                refund = tx._pinbu_create_refund(
                    self._pinbu_from_minor(part), f"{RETURN_REFUND} {number}"
                )
                refund.pinbu_return_id = request
