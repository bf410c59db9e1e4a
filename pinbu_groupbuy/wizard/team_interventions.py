from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.pinbu_job import AT_ONCE


class PinbuTeamInterventions(models.TransientModel):
    """The same done by hand to several teams, each with its own outcome."""

    _name = "pinbu.team.interventions"
    _description = "Intervention in Several Teams"

    team_ids = fields.Many2many("pinbu.team", readonly=True)
    team_count = fields.Integer(string="Teams", compute="_compute_team_count")
    action = fields.Selection(
        [
            ("fail", "Let them fail now"),
            ("form", "Form them now"),
            ("deadline", "Move the deadline"),
            ("retry", "Try again what did not go through"),
        ],
        required=True,
    )
    deadline = fields.Datetime(string="New Deadline")
    reason = fields.Char(required=True, help="Stays in the log of each team, with your name.")
    consequence = fields.Char(compute="_compute_consequence")

    # === DEFAULT AND COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "pinbu.team":
            values["team_ids"] = [Command.set(self.env.context.get("active_ids", []))]
        return values

    @api.depends("team_ids")
    def _compute_team_count(self):
        for wizard in self:
            wizard.team_count = len(wizard.team_ids)

    @api.depends("action", "team_ids")
    def _compute_consequence(self):
        for wizard in self:
            teams = wizard.team_ids.filtered(lambda team: team.state == "forming")
            if wizard.action == "form":
                wizard.consequence = self.env._(
                    "You take the %(missing)s missing places of %(teams)s teams yourself. They are "
                    "shown as the merchant's, and all %(paid)s members win.",
                    missing=sum(teams.mapped("missing")),
                    teams=len(teams),
                    paid=sum(teams.mapped("seats_paid")),
                )
            elif wizard.action == "fail":
                wizard.consequence = self.env._(
                    "All %(paid)s members of %(teams)s teams are refunded in full and get what was "
                    "promised for a team that is not full.",
                    teams=len(teams),
                    paid=sum(teams.mapped("seats_paid")),
                )
            else:
                wizard.consequence = False

    # === ACTION METHODS === #

    def action_apply(self):
        """Do it, in the background if the teams are many; one that cannot be done stops no other.

        :return: how far it is, or that all is done
        """
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(self.env._("Say why: it stays in the log of the team."))
        if self.action == "deadline" and not self.deadline:
            raise UserError(self.env._("Say until when."))
        self.team_ids.check_access("read")
        deadline = fields.Datetime.to_string(self.deadline) if self.deadline else False
        job = self.env["pinbu.job"]._start(
            "teams",
            self.env._("Intervene in teams: %s", reason),
            [self.action, deadline, reason, self.team_ids.ids],
            self.team_ids.ids,
            action=self.action,
            deadline=deadline,
            reason=reason,
        )
        return job._open_progress() if job.total > AT_ONCE else job._do_now()
