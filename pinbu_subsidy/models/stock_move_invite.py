from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        seats = moves.sudo().sale_line_id.order_id.seat_ids
        self.env["pinbu.invite"]._look_soon(self.env.cr, seats.partner_id, seats.company_id)
        return moves
