from odoo import models

from .pinbu_voucher import PAID_BACK


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _pinbu_create_refund(self, amount, reason):
        refund = super()._pinbu_create_refund(amount, reason)
        # Money or voucher, never both: whoever redeems it this moment meets us on its row.
        if not self.currency_id.compare_amounts(self.pinbu_refunded, self.amount):
            seats = self.sudo().sale_order_ids.seat_ids
            seats.filtered(lambda seat: seat.transaction_id == self).voucher_ids._expire(PAID_BACK)
        return refund
