from odoo import fields, models


class PinbuInviteRule(models.Model):
    """What an inviter gets for a newcomer's first paid team, by how that team ended.

    The rule of the team's activity comes before the company's own. It is read when the team is
    final; what it said then is kept with the invite.
    """

    _name = "pinbu.invite.rule"
    _description = "Invite Rule"
    _inherit = ["pinbu.reward"]
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    activity_id = fields.Many2one(
        "pinbu.activity",
        index=True,
        ondelete="cascade",
        domain="[('company_id', '=', company_id)]",
        help="Empty: for all activities without a rule of their own.",
    )
    outcome = fields.Selection(
        [("won", "The friend's team is formed"), ("lost", "The friend's team is not full")],
        default="won",
        required=True,
    )

    def _compute_display_name(self):
        outcomes = dict(self._fields["outcome"]._description_selection(self.env))
        for rule in self:
            rule.display_name = f"{outcomes[rule.outcome]}: {rule.worth}"

    def _find(self, activity, outcome):
        """:return: the rule that holds for a team of this activity that ended so, or none"""
        rules = self.search(
            [
                ("company_id", "=", activity.company_id.id),
                ("activity_id", "in", (False, activity.id)),
                ("outcome", "=", outcome),
            ]
        )
        return (rules.filtered("activity_id") or rules)[:1]
