from odoo import models
from odoo.exceptions import UserError


class StockPickingToBatch(models.TransientModel):
    _inherit = "stock.picking.to.batch"

    def attach_pickings(self):
        # Whoever chooses a whole list of deliveries means those that can go.
        pickings = self.env["stock.picking"].browse(self.env.context.get("active_ids"))
        gated = pickings._pinbu_gated()
        if gated and gated == pickings:
            raise UserError(self.env._("All of these deliveries wait for their teams."))
        ready = self.with_context(active_ids=(pickings - gated).ids)
        return super(StockPickingToBatch, ready).attach_pickings()
