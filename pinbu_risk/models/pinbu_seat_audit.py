from odoo import models


class PinbuSeat(models.Model):
    """That a manager moved a member goes into the audit log."""

    _inherit = "pinbu.seat"

    # === BUSINESS METHODS === #

    def _move_to_team(self, team, note):
        origin = self.team_id.display_name
        super()._move_to_team(team, note)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand",
            self,
            old={"team_id": origin},
            new={"team_id": team.display_name},
            reason=note,
        )
