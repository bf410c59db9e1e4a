from odoo import api, models
from odoo.exceptions import ValidationError


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === CONSTRAINT METHODS === #

    @api.constrains("coupon_id", "order_id")
    def _check_owner_of_coupon(self):
        for line in self:
            if line.coupon_id._pinbu_not_of(line.order_id.partner_id):
                raise ValidationError(
                    self.env._(
                        "The coupon %s belongs to another shopper.", line.coupon_id.sudo().code
                    )
                )
