from odoo import models

from .pinbu_voucher import PAID_BACK


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _pinbu_create_refund(self, amount, reason):
        refund = super()._pinbu_create_refund(amount, reason)
        # Money or voucher, never both: whoever redeems it this moment meets us on its row.
        if self._pinbu_is_all_owed_back():
            seats = self.sudo().sale_order_ids.seat_ids
            seats.filtered(lambda seat: seat.transaction_id == self).voucher_ids._expire(PAID_BACK)
        return refund

    def _pinbu_is_all_owed_back(self):
        """:return: whether all of this payment went or goes back"""
        paid, refunded = self.amount, self.pinbu_refunded
        return bool(refunded and not self.currency_id.compare_amounts(refunded, paid))
