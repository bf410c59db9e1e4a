from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _all_came_back(self):
        super()._all_came_back()
        # What coupons paid goes back as it came. A part of it cannot: a coupon is whole.
        self.order_id._pinbu_uses()._give_back()
