from odoo import models


class PinbuReturn(models.Model):
    """What somebody decides about returns goes into the audit log."""

    _inherit = "pinbu.return"

    # === BUSINESS METHODS === #

    def _move(self, sources, target, reason, note=None):
        log = self.env["pinbu.audit.log"]
        before = log._states_by_hand(self)
        moved = super()._move(sources, target, reason, note)
        log._write_moves(before, moved, target, note)
        return moved
