from odoo import models


class PinbuTeam(models.Model):
    """What a manager does to a team goes into the audit log; its deadline is in `WATCHED`."""

    _inherit = "pinbu.team"

    # === BUSINESS METHODS === #

    def _form(self, cr, team_id, seat_ids, reason, note=None):
        result = super()._form(cr, team_id, seat_ids, reason, note)
        self._audit_outcome(cr, team_id, "formed", note)
        return result

    def _fail(self, cr, team_id, failure, timely, note=None):
        result = super()._fail(cr, team_id, failure, timely, note)
        self._audit_outcome(cr, team_id, "failed", note)
        return result

    def _retry_by_hand(self, note):
        super()._retry_by_hand(note)
        self.env["pinbu.audit.log"]._write_by_hand("retried", self, reason=note)

    def _audit_outcome(self, cr, team_id, state, note):
        """In the transaction that decides the team; only a manager gives a note."""
        if note:
            self.env["pinbu.audit.log"]._write_by_hand(
                "by_hand",
                self.browse(team_id),
                old={"state": "forming"},
                new={"state": state},
                reason=note,
                cr=cr,
            )
