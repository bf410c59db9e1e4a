from odoo import api, fields, models


class PinbuRiskRule(models.Model):
    """What a shopper may do how often, before it is refused."""

    _name = "pinbu.risk.rule"
    _description = "Risk Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("participation_per_day", "Openings and joinings in a day")],
        required=True,
        default="participation_per_day",
    )
    threshold = fields.Integer(
        required=True, default=5, help="So many are allowed; the next one is refused."
    )
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: the rule applies to every company."
    )
    sentence = fields.Char(compute="_compute_sentence", string="What It Does")
    event_count = fields.Integer(compute="_compute_event_count", string="Refusals")

    _threshold_positive = models.Constraint(
        "CHECK(threshold >= 0)", "The threshold cannot be below zero."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "threshold")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = rule.kind == "participation_per_day" and self.env._(
                "A shopper may open or join at most %s teams a day; the day turns over at "
                "midnight of the company's time zone.",
                rule.threshold,
            )

    def _compute_event_count(self):
        refusals = dict(
            self.env["pinbu.risk.event"]._read_group(
                [("rule_ref", "in", self.ids), ("outcome", "=", "refused")],
                ["rule_ref"],
                ["__count"],
            )
        )
        for rule in self:
            rule.event_count = refusals.get(rule.id, 0)

    # === ACTION METHODS === #

    def action_view_events(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_event_action")
        return {**action, "domain": [("rule_ref", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _strictest(self, kind, company):
        """:return: the rule of this kind with the lowest threshold in the company, or none
        :rtype: pinbu.risk.rule (sudo)
        """
        rules = self.sudo().search([("kind", "=", kind), ("company_id", "in", [False, company.id])])
        return rules.sorted(lambda rule: (rule.threshold, rule.id))[:1]
