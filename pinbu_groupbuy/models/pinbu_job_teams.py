"""What is done by hand to many teams, one after the other."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .pinbu_job import Kind

# What each intervention makes of a team.
OUTCOMES = {"form": ("formed", "shipped"), "fail": ("failed", "settled")}


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "teams": Kind(
                label=self.env._("Intervene in teams"),
                groups="pinbu_groupbuy.group_user",
                work=self._work_teams,
                describe=lambda team_id: {"res_model": "pinbu.team", "res_id": team_id},
                # Each team is decided in a transaction of its own.
                size=1,
            )
        }

    def _work_teams(self, team_ids):
        params = self.sudo().params
        action, reason = params["action"], params["reason"]
        for team in self.env["pinbu.team"].browse(team_ids):
            team.check_access("read")
            # Nobody has the right to write a team: what may be done to it is what stands here.
            team_sudo = team.sudo()
            if self._has_decided(team_sudo, action, reason):
                continue
            if action == "form":
                team_sudo._form_by_hand(reason)
            elif action == "fail":
                team_sudo._fail_by_hand(reason)
            elif action == "deadline":
                deadline = fields.Datetime.to_datetime(params["deadline"])
                team_sudo._move_deadline(deadline, reason)
            elif action == "retry":
                team_sudo._retry_by_hand(reason)
            else:
                raise UserError(self.env._("This is done to one team at a time."))

    def _has_decided(self, team, action, reason):
        """:return: whether this job has decided the team before its process was killed"""
        return team.state in OUTCOMES.get(action, ()) and bool(
            team.transition_ids.filtered(
                lambda row: (
                    row.note == reason
                    and row.user_id == self.env.user
                    and row.date >= self.create_date
                )
            )
        )
