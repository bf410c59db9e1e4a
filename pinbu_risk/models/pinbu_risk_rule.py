from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..facts import ACTIONS

# For whom each measure can count.
_SHARED = ("address", "device", "phone", "delivery", "account")
SUBJECTS = {
    "participations": ("partner", *_SHARED),
    "registrations": ("address", "device"),
    "shoppers": _SHARED,
    "unpaid": ("partner", "device"),
    "ring": ("partner",),
    "teammates": ("phone", "delivery", "account", "person"),
    "failed_teams": ("address", "device"),
    "friends_lost": ("partner", "inviter"),
    "first_subsidy": ("partner",),
}
# The moments that rules look at, by their fields.
LOOKS_AT = {
    "login": "on_login",
    "registration": "on_registration",
    "open": "on_open",
    "join": "on_join",
    "subsidy": "on_subsidy",
    "invite_reward": "on_invite_reward",
    "withdrawal": "on_withdrawal",
}


class Terms(NamedTuple):
    """A rule as it is evaluated."""

    id: int
    measure: str
    subject: str
    window_minutes: int
    threshold: int
    action: str
    newcomers_only: bool
    max_account_age_hours: int
    min_amount_minor: int
    activity_ids: frozenset

    def may_apply(self, facts):
        """:return: whether the facts meet those conditions that need no look into the database"""
        age, amount = facts.account_age_hours, facts.amount_minor
        return (
            (not self.max_account_age_hours or (age or 0) < self.max_account_age_hours)
            and (not self.min_amount_minor or (amount or 0) >= self.min_amount_minor)
            and (not self.activity_ids or facts.activity_id in self.activity_ids)
            and not (self.newcomers_only and facts.is_newcomer is False)
        )


class PinbuRiskRule(models.Model):
    """What is looked at before money moves, from when on it is too much, and what happens then."""

    _name = "pinbu.risk.rule"
    _inherit = ["pinbu.company.guard"]
    _description = "Risk Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: the rule applies to every company. Where there are several, only an "
        "administrator of the system changes such a rule.",
    )
    on_login = fields.Boolean("Log-ins")
    on_registration = fields.Boolean("First Log-ins")
    on_open = fields.Boolean("Openings", default=True)
    on_join = fields.Boolean("Joinings", default=True)
    on_subsidy = fields.Boolean("Subsidies")
    on_invite_reward = fields.Boolean("Invite Rewards")
    on_withdrawal = fields.Boolean("Withdrawals")
    measure = fields.Selection(
        [
            ("participations", "Openings and joinings"),
            ("registrations", "First log-ins"),
            ("shoppers", "Different shoppers"),
            ("unpaid", "Places given up unpaid, in a row"),
            ("ring", "Teams with the same other member"),
            ("teammates", "Members of one team who share something"),
            ("failed_teams", "Failed teams of newcomers among themselves"),
            ("friends_lost", "Friends brought who only ever lose"),
            ("first_subsidy", "First subsidy's money just come"),
        ],
        required=True,
        default="participations",
        help="What is counted, the present case included.",
    )
    subject = fields.Selection(
        [
            ("partner", "Shopper"),
            ("address", "Client address"),
            ("device", "Device"),
            ("phone", "Phone"),
            ("delivery", "Delivery address"),
            ("inviter", "Inviter"),
            ("account", "Receiving account"),
            ("person", "Phone, delivery address or account"),
        ],
        required=True,
        default="partner",
        help="For whom it is counted. Where the subject is not known, the rule does not apply.",
    )
    window_minutes = fields.Integer(
        "Within", help="In minutes, back from now. 0: since the company's last midnight."
    )
    threshold = fields.Integer(
        required=True, default=5, help="So many are allowed; from the next one on the rule acts."
    )
    action = fields.Selection(ACTIONS, required=True, default="refuse")
    newcomers_only = fields.Boolean(help="Only those who have never paid for a place.")
    max_account_age_hours = fields.Integer(
        "Accounts Younger Than", help="In hours. 0: accounts of any age."
    )
    min_amount = fields.Monetary(
        "Amounts From", help="Smaller amounts are left alone. 0: any amount."
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    activity_ids = fields.Many2many(
        "pinbu.activity", string="Group-buys", help="Empty: all of them."
    )
    event_count = fields.Integer(compute="_compute_event_count", string="Cases")

    _threshold_sound = models.Constraint(
        "CHECK(threshold BETWEEN 0 AND 1000)", "The threshold is between 0 and 1,000."
    )
    _sizes_positive = models.Constraint(
        "CHECK(window_minutes >= 0 AND max_account_age_hours >= 0 AND min_amount >= 0)",
        "Windows, ages and amounts cannot be below zero.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = (rule.company_id or self.env.company).currency_id

    def _compute_event_count(self):
        counts = dict(
            self.env["pinbu.risk.event"]._read_group(
                [("rule_ref", "in", self.ids)], ["rule_ref"], ["__count"]
            )
        )
        for rule in self:
            rule.event_count = counts.get(rule.id, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("measure", "subject")
    def _check_subject(self):
        names = dict(self._fields["subject"]._description_selection(self.env))
        for rule in self:
            if rule.subject not in SUBJECTS[rule.measure]:
                raise ValidationError(
                    self.env._(
                        "This can be counted by: %s.",
                        ", ".join(names[subject] for subject in SUBJECTS[rule.measure]),
                    )
                )

    @api.constrains("action", "on_login", "on_registration")
    def _check_identity_can_be_given(self):
        for rule in self:
            if rule.action == "identity" and (rule.on_login or rule.on_registration):
                raise ValidationError(
                    self.env._("Who cannot log in cannot say who they are: choose other moments.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === ACTION METHODS === #

    def action_view_events(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_event_action")
        return {**action, "domain": [("rule_ref", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("moment", "company_id")
    def _terms_at(self, moment, company_id):
        """:return: the rules that look at this moment in this company
        :rtype: list[Terms]
        """
        domain = [(LOOKS_AT[moment], "=", True), ("company_id", "in", [False, company_id])]
        rules = self.sudo().with_company(company_id).search(domain)
        return [rule._to_terms() for rule in rules]

    def _to_terms(self):
        self.ensure_one()
        return Terms(
            id=self.id,
            measure=self.measure,
            subject=self.subject,
            window_minutes=self.window_minutes,
            threshold=self.threshold,
            action=self.action,
            newcomers_only=self.newcomers_only,
            max_account_age_hours=self.max_account_age_hours,
            min_amount_minor=round(self.min_amount * 10**self.currency_id.decimal_places),
            activity_ids=frozenset(self.activity_ids.ids),
        )
