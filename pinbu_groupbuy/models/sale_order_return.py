from odoo import fields, models

from ..api.render import to_minor


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_return_ids = fields.One2many("pinbu.return", "order_id", readonly=True)

    def _pinbu_from_minor(self, amount):
        """:return: an integer of the currency's minor unit as a float of its unit"""
        currency = self.currency_id
        return currency.round(amount / 10**currency.decimal_places)

    def _pinbu_owe_part(self, minor, reason):
        """Owe a part of what was paid back, by the means that paid it, each for its share of what
        is left of them; never more than is left.

        :param int minor: how much, in the currency's minor unit
        :param str reason: what for, with a number that makes each part one of a kind, whatever is
                           repeated
        :return: the refunds, still to be sent
        """
        self.ensure_one()
        refunds = self.env["payment.transaction"]
        left = {
            tx: to_minor(tx.amount - tx.pinbu_refunded, tx.currency_id)
            for tx in self._pinbu_payments().sorted("id")
        }
        total = sum(left.values())
        minor = min(minor, total)
        if minor <= 0:
            return refunds
        parts = {tx: minor * rest // total for tx, rest in left.items()}
        # What the shares' rounding left over: less than one unit for each means.
        missing = minor - sum(parts.values())
        for tx, rest in left.items():
            more = min(missing, rest - parts[tx])
            parts[tx] += more
            missing -= more
        for tx, part in parts.items():
            if part:
                refunds |= tx._pinbu_create_refund(self._pinbu_from_minor(part), reason)
        return refunds
