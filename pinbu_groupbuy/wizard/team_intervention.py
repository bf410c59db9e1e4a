from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PinbuTeamIntervention(models.TransientModel):
    """What a merchandiser does to a team by hand, with a reason that stays in the team's log."""

    _name = "pinbu.team.intervention"
    _description = "Group-buying Team Intervention"

    team_id = fields.Many2one("pinbu.team", required=True, readonly=True, ondelete="cascade")
    team_state = fields.Selection(related="team_id.state")
    activity_id = fields.Many2one(related="team_id.activity_id")
    action = fields.Selection(
        [
            ("form", "Form it now"),
            ("fail", "Let it fail now"),
            ("deadline", "Move the deadline"),
            ("move", "Move a member to another team"),
            ("retry", "Try again what did not go through"),
        ],
        required=True,
    )
    reason = fields.Char(required=True, help="Stays in the log of the team, with your name.")
    deadline = fields.Datetime(string="New Deadline")
    seat_id = fields.Many2one(
        "pinbu.seat", string="Member", domain="[('team_id', '=', team_id), ('state', '=', 'paid')]"
    )
    target_id = fields.Many2one(
        "pinbu.team",
        string="To the Team",
        domain="[('activity_id', '=', activity_id), ('state', '=', 'forming'),"
        " ('id', '!=', team_id)]",
    )

    consequence = fields.Char(compute="_compute_consequence")

    # === DEFAULT AND COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        team = self.env["pinbu.team"].browse(values.get("team_id"))
        if team:
            # Nothing that decides a team is chosen for somebody in a hurry.
            if team.state != "forming":
                values.setdefault("action", "retry")
            values.setdefault("deadline", team.deadline)
        return values

    @api.depends("action", "team_id")
    def _compute_consequence(self):
        for wizard in self:
            team = wizard.team_id
            if wizard.action == "form":
                wizard.consequence = self.env._(
                    "You take the %(missing)s missing places yourself. They are shown as the "
                    "merchant's, and all %(paid)s members win.",
                    missing=team.missing,
                    paid=team.seats_paid,
                )
            elif wizard.action == "fail":
                wizard.consequence = self.env._(
                    "All %s members are refunded in full and get what was promised for a team that "
                    "is not full.",
                    team.seats_paid,
                )
            elif wizard.action == "deadline":
                wizard.consequence = self.env._(
                    "Members see the new deadline at once; refunds and subsidies follow it."
                )
            elif wizard.action == "move":
                wizard.consequence = self.env._(
                    "The member keeps price and promise; the place left behind is free again."
                )
            elif wizard.action == "retry":
                wizard.consequence = self.env._(
                    "Deliveries, refunds and subsidies of this team that got stuck are tried "
                    "again; what is done is not done twice."
                )
            else:
                wizard.consequence = False

    # === ACTION METHODS === #

    def action_apply(self):
        self.ensure_one()
        if not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(self.env._("Only who works in group-buying may do this to a team."))
        self.team_id.check_access("read")
        reason = self.reason.strip()
        if not reason:
            raise UserError(self.env._("Say why: it stays in the log of the team."))
        # Nobody has the right to write a team: what may be done to it is what stands here.
        team_sudo = self.team_id.sudo()
        if self.action == "form":
            team_sudo._form_by_hand(reason)
        elif self.action == "fail":
            team_sudo._fail_by_hand(reason)
        elif self.action == "deadline":
            team_sudo._move_deadline(self.deadline, reason)
        elif self.action == "move":
            if not self.seat_id or not self.target_id:
                raise UserError(self.env._("Choose a member and the team to move them to."))
            self.seat_id.check_access("read")
            self.target_id.check_access("read")
            self.seat_id.sudo()._move_to_team(self.target_id.sudo(), reason)
        else:
            team_sudo._retry_by_hand(reason)
        return {"type": "ir.actions.act_window_close"}
