from odoo import models


class PinbuVoucher(models.Model):
    _inherit = "pinbu.voucher"

    def _move(self, target, reason, condition=None, assignments=()):
        moved = super()._move(target, reason, condition, assignments)
        self.env["pinbu.invite"].sudo()._look_soon(moved.sudo().seat_id)
        return moved
