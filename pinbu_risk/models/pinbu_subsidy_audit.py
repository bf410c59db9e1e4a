from odoo import models


class PinbuSubsidy(models.Model):
    """What somebody decides about subsidies goes into the audit log."""

    _inherit = "pinbu.subsidy"

    # === ACTION METHODS === #

    def action_retry(self):
        result = super().action_retry()
        self.env["pinbu.audit.log"]._write_by_hand("retried", self)
        return result

    # === BUSINESS METHODS === #

    def _move(self, sources, target, note=None):
        log = self.env["pinbu.audit.log"]
        before = log._states_by_hand(self)
        moved = super()._move(sources, target, note)
        log._write_moves(before, moved, target, note)
        return moved
