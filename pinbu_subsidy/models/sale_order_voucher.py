from odoo import api, models
from odoo.fields import Domain

from .pinbu_voucher import ORDER_CANCELLED


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "cancel":
            # Nothing was taken yet: the shopper gets the money back at once.
            self.sudo().seat_ids.voucher_ids._expire(ORDER_CANCELLED)
        return result

    @api.model
    def _voucher_over_domain(self):
        return super()._voucher_over_domain() | Domain(
            "voucher_ids", "any", Domain("state", "!=", "issued")
        )
