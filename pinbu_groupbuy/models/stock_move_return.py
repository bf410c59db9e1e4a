from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_cancel(self):
        res = super()._action_cancel()
        # Goods that are not awaited any more do not come back.
        self.sudo().picking_id.pinbu_return_id._follow_goods()
        return res
