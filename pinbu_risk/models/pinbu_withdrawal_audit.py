from odoo import models


class PinbuWithdrawal(models.Model):
    """What somebody decides about withdrawals goes into the audit log."""

    _inherit = "pinbu.withdrawal"

    # === ACTION METHODS === #

    def action_retry(self):
        result = super().action_retry()
        self.env["pinbu.audit.log"]._write_by_hand("retried", self)
        return result

    # === BUSINESS METHODS === #

    def _move(self, target, sources, reason, note=None, **values):
        log = self.env["pinbu.audit.log"]
        before = log._states_by_hand(self)
        moved = super()._move(target, sources, reason, note, **values)
        log._write_moves(before, moved, target, note)
        return moved
