from odoo import models


class PinbuShopperCoupon(models.TransientModel):
    """Coupons that somebody sends to shoppers go into the audit log, with how many."""

    _inherit = "pinbu.shopper.coupon"

    # === BUSINESS METHODS === #

    def _send(self, program, receivers):
        receivers = super()._send(program, receivers)
        if receivers:
            self.env["pinbu.audit.log"]._write_by_hand(
                "by_hand", program, new={"coupons_sent": len(receivers)}
            )
        return receivers
