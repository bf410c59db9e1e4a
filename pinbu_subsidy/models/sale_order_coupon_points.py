from odoo import models


class SaleOrderCouponPoints(models.Model):
    _inherit = "sale.order.coupon.points"

    # === CRUD METHODS === #

    def unlink(self):
        """Whoever may cancel an order takes back what it earned: Odoo cancels it with the rights of
        the caller, and lets only sales managers delete points.
        """
        orders = self.order_id
        if set(orders.mapped("state")) == {"cancel"}:
            orders.check_access("write")
            return super(SaleOrderCouponPoints, self.sudo()).unlink()
        return super().unlink()
