from odoo import models


class PinbuSettlement(models.Model):
    """That somebody had a settlement tried again goes into the audit log."""

    _inherit = "pinbu.settlement"

    # === ACTION METHODS === #

    def action_retry(self):
        result = super().action_retry()
        self.env["pinbu.audit.log"]._write_by_hand("retried", self)
        return result
