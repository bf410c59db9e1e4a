from odoo import models


class PinbuVoucher(models.Model):
    _inherit = "pinbu.voucher"

    def _move(self, target, reason, condition=None, assignments=()):
        moved = super()._move(target, reason, condition, assignments)
        seats = moved.sudo().seat_id
        self.env["pinbu.invite"]._look_soon(self.env.cr, seats.partner_id, seats.company_id)
        return moved
