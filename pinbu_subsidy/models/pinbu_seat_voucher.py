from odoo import fields, models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    voucher_ids = fields.One2many("pinbu.voucher", "seat_id", readonly=True)

    def _issue_vouchers(self):
        super()._issue_vouchers()
        self.env["pinbu.voucher"]._issue(self)

    def _voucher_to_api(self):
        voucher = self.sudo().voucher_ids
        return voucher._to_api() if voucher else super()._voucher_to_api()

    def _keeps_payment(self):
        return super()._keeps_payment() and self.sudo().voucher_ids.state != "expired"
