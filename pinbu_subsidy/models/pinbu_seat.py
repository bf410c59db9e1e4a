from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _seat_paid(self):
        result = super()._seat_paid()
        # Loyalty kept still while the team was forming; a won order is like any other.
        self.filtered(lambda seat: seat.state == "won").order_id._pinbu_grant_loyalty()
        return result
