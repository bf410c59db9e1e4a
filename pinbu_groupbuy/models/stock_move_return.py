from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _push_apply(self):
        steps = super()._push_apply()
        # From the door to the shelf, what came back is still on its way back: no delivery.
        for move in self.sudo().filtered("pinbu_seat_id"):
            if back := move.picking_id.return_id:
                (move.move_dest_ids & steps).picking_id.return_id = back
        return steps

    def _action_cancel(self):
        res = super()._action_cancel()
        # Goods that are not awaited any more do not come back.
        self.sudo().picking_id.pinbu_return_id._follow_goods()
        return res
