from odoo import models

# A page takes a moment to draw: so many a browser waits for.
SLIPS_AT_ONCE = 20


class StockPicking(models.Model):
    _inherit = "stock.picking"

    # === ACTION METHODS === #

    def action_pinbu_slips(self):
        """Print the delivery slips of these, in this order; many of them into one file, in the
        background."""
        if len(self) <= SLIPS_AT_ONCE:
            return self.env.ref("stock.action_report_delivery").report_action(self)
        self.check_access("read")
        job = self.env["pinbu.job"]._start(
            "slips", self.env._("Delivery slips"), self.ids, self.ids
        )
        return job._open_progress()
