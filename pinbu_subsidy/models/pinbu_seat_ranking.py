from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _seat_paid(self):
        result = super()._seat_paid()
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, self.team_id)
        return result

    def _seat_released(self):
        result = super()._seat_released()
        # Who was paid for, and left.
        left = self.filtered("paid_at").team_id
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, left)
        return result
