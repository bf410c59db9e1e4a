from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_cancel(self):
        res = super()._action_cancel()
        # What of an order was still to come comes no more: it may have been all that was missing.
        seats = self.sudo().pinbu_seat_id.filtered(lambda seat: seat.state == "won")
        seats._note_shipped()
        return res
