from odoo import api, models

from .pinbu_voucher import ORDER_CANCELLED, PAID_BACK, PAST_ITS_DATE


class PinbuTransition(models.Model):
    _inherit = "pinbu.transition"

    @api.model
    def _reason_labels(self):
        return {
            **super()._reason_labels(),
            "voucher issued": self.env._("the voucher was issued"),
            "voucher redeemed": self.env._("the voucher was redeemed"),
            PAST_ITS_DATE: self.env._("the voucher has expired; the payment goes back"),
            ORDER_CANCELLED: self.env._("the order was cancelled; the payment goes back"),
            PAID_BACK: self.env._("the payment went back; the voucher is void"),
        }
