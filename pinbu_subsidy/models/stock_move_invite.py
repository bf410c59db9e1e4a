from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        orders = moves.sudo().sale_line_id.order_id
        self.env["pinbu.invite"].sudo()._look_soon(orders.seat_ids)
        return moves
