from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What a preset fills in; the rest of a rule stays as it is.
PRESETS = {
    "guarded": {"min_paid_members": 2, "max_without_win": 2, "has_decay": True},
    "everyone": {"min_paid_members": 1, "max_without_win": 0, "has_decay": False},
}


class PinbuSubsidyRule(models.Model):
    """What the merchant promises to the members of a team that fails.

    A rule is read at checkout only: what it said then is reserved from its budget, kept with the
    seat and the order, and given, whatever becomes of the rule.
    """

    _name = "pinbu.subsidy.rule"
    _description = "Subsidy Rule"
    _inherit = ["pinbu.company.guard"]
    _order = "activity_id, sequence, id"
    _check_company_auto = True

    # === WHERE === #

    activity_id = fields.Many2one("pinbu.activity", index=True, ondelete="cascade")
    product_category_id = fields.Many2one(
        "product.category",
        index=True,
        ondelete="restrict",
        help="Instead of one activity: all activities whose product is in this category or one "
        "below it. Each of them has the budget for itself.",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    # === WHAT === #

    type = fields.Selection(
        [
            ("cash", "Cash in the Wallet"),
            ("coupon", "Coupon"),
            ("points", "Loyalty Points"),
            ("ticket", "Ticket for the Next Team"),
        ],
        default="cash",
        required=True,
    )
    amount = fields.Monetary(help="For each member of the failed team; with a range, the least.")
    amount_max = fields.Monetary(
        string="Up to", help="The most of a range; what each member gets is drawn. 0: no range."
    )
    amount_step = fields.Monetary(string="In Steps of")
    points = fields.Integer()
    program_id = fields.Many2one(
        "loyalty.program",
        check_company=True,
        ondelete="restrict",
        help="What the coupon, the ticket or the points are of.",
    )
    basis = fields.Selection(
        [
            ("fixed", "The same for each member"),
            ("friend", "For each friend brought"),
            ("progress", "In proportion to how full the team got"),
        ],
        default="fixed",
        required=True,
        help="In proportion: (paid - 1) / (size - 1) of the amount.",
    )
    newcomer_extra = fields.Monetary(
        string="Newcomer's Extra", help="More for a shopper's first team ever."
    )
    friend_extra = fields.Monetary(
        string="Extra per Friend", help="More for each friend of theirs who has paid in the team."
    )
    max_friends = fields.Integer(
        string="Friends at Most", default=3, required=True, help="So many friends count."
    )
    delay_hours = fields.Float(
        string="Delay (hours)", help="How long after the team has failed it is given: 0 to 72."
    )
    valid_days = fields.Integer(
        string="Validity (days)", help="Of coupons and tickets. 0: as the program says."
    )
    withdraw_after_wins = fields.Integer(
        string="Withdraw after Wins",
        help="The money can only be spent until the shopper has so many delivered wins.",
    )

    # === WHEN === #

    min_paid_members = fields.Integer(
        string="Paid Members at Least",
        default=PRESETS["guarded"]["min_paid_members"],
        required=True,
        help="How many different shoppers of the team must have paid: who share a phone or an "
        "address count as one. With 1, somebody who opens a team that nobody joins earns as well.",
    )
    consolation = fields.Selection(
        [("nothing", "Nothing"), ("coupon", "Coupon"), ("points", "Loyalty Points")],
        default="nothing",
        required=True,
        help="What members get where too few have paid.",
    )
    consolation_program_id = fields.Many2one(
        "loyalty.program", check_company=True, ondelete="restrict"
    )
    consolation_points = fields.Integer()
    leader_min_friends = fields.Integer(
        string="Leader Brings at Least",
        help="So many friends who have paid must have come through the leader's share, for the "
        "leader to get it.",
    )
    min_paid_minutes = fields.Integer(
        string="Minutes before the Deadline",
        help="Who orders later than that before the team's deadline gets none, and reads so first.",
    )
    max_without_win = fields.Integer(
        string="Times without a Win",
        default=PRESETS["guarded"]["max_without_win"],
        help="So many cash subsidies since the last delivered win; the fallback coupon after that. "
        "0: no limit.",
    )
    has_decay = fields.Boolean(
        string="Decay",
        default=PRESETS["guarded"]["has_decay"],
        help="Within 30 days a shopper gets 100, 50, 25, then 0 %.",
    )
    preset = fields.Selection(
        [("guarded", "Guarded"), ("everyone", "Everyone gets it"), ("own", "Own settings")],
        compute="_compute_preset",
    )

    # === HOW MUCH IN ALL === #

    budget = fields.Float(
        digits=(16, 2),
        required=True,
        help="How much may be promised in one activity: money for cash, points, else pieces.",
    )
    budget_per_day = fields.Float(digits=(16, 2), help="How much of it on one day. 0: no limit.")
    budget_unit = fields.Char(compute="_compute_budget_unit")
    cap_per_day = fields.Integer(
        string="Per Shopper and Day", help="How many times on one day. 0: no limit."
    )
    cap_per_activity = fields.Integer(
        string="Per Shopper and Activity", help="How many times in one activity. 0: no limit."
    )
    cap_for_life = fields.Integer(
        string="Per Shopper for Life", help="How many times in all. 0: no limit."
    )
    budget_ids = fields.One2many("pinbu.subsidy.budget", "rule_id", string="Budgets")

    _one_place = models.Constraint(
        "CHECK((activity_id IS NULL) != (product_category_id IS NULL))",
        "A subsidy is for one activity or for one product category.",
    )
    _worth_something = models.Constraint(
        """CHECK(CASE type WHEN 'cash' THEN COALESCE(amount, 0) > 0
                           WHEN 'points' THEN COALESCE(points, 0) > 0 AND program_id IS NOT NULL
                           ELSE program_id IS NOT NULL END)""",
        "A subsidy must be above zero, and a coupon, a ticket or points need their program.",
    )
    _range = models.Constraint(
        "CHECK(COALESCE(amount_max, 0) = 0 OR (amount_max > amount AND COALESCE(amount_step, 0) > 0))",
        "A range goes up, in steps above zero.",
    )
    _budget_positive = models.Constraint(
        "CHECK(budget > 0 AND budget_per_day >= 0)",
        "A subsidy needs a budget: what is promised is reserved from it.",
    )
    _min_paid_members_positive = models.Constraint(
        "CHECK(min_paid_members >= 1)", "At least one member must have paid."
    )
    _delay = models.Constraint(
        "CHECK(delay_hours >= 0 AND delay_hours <= 72)", "A subsidy waits for 72 hours at most."
    )
    _counts = models.Constraint(
        "CHECK(newcomer_extra >= 0 AND friend_extra >= 0 AND max_friends >= 1 AND valid_days >= 0"
        " AND withdraw_after_wins >= 0 AND leader_min_friends >= 0 AND min_paid_minutes >= 0"
        " AND max_without_win >= 0 AND cap_per_day >= 0 AND cap_per_activity >= 0"
        " AND cap_for_life >= 0)",
        "Limits and extras are not below zero, and at least one friend counts.",
    )
    _consoled = models.Constraint(
        "CHECK(consolation = 'nothing' OR (consolation_program_id IS NOT NULL"
        " AND (consolation = 'coupon' OR COALESCE(consolation_points, 0) > 0)))",
        "A consolation needs its program, and points their number.",
    )

    # === COMPUTE METHODS === #

    @api.depends("activity_id")
    def _compute_company_id(self):
        for rule in self:
            rule.company_id = rule.activity_id.company_id or rule.company_id or self.env.company

    @api.depends(*PRESETS["guarded"])
    def _compute_preset(self):
        for rule in self:
            rule.preset = next(
                (
                    preset
                    for preset, values in PRESETS.items()
                    if all(rule[name] == value for name, value in values.items())
                ),
                "own",
            )

    @api.depends("type", "currency_id")
    @api.depends_context("lang")
    def _compute_budget_unit(self):
        for rule in self:
            if rule.type == "cash":
                rule.budget_unit = rule.currency_id.name
            elif rule.type == "points":
                rule.budget_unit = self.env._("points")
            else:
                rule.budget_unit = self.env._("pieces")

    # === CONSTRAINT METHODS === #

    @api.constrains("type", "program_id", "consolation", "consolation_program_id")
    def _check_programs(self):
        for rule in self.sudo():
            wanted = [(rule.type, rule.program_id)] if rule.type != "cash" else []
            if rule.consolation != "nothing":
                wanted.append((rule.consolation, rule.consolation_program_id))
            for kind, program in wanted:
                if program and not program._pinbu_gives(kind):
                    raise ValidationError(
                        self.env._(
                            "The program %s does not give that: points are of a loyalty program, "
                            "coupons and tickets of a coupon program.",
                            program.display_name,
                        )
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self._offers_changed()
        return rules

    def write(self, vals):
        # Its budget counts fen, or points, or pieces: never one as the other.
        if self.filtered(lambda rule: vals.get("type", rule.type) != rule.type)._has_promised():
            raise UserError(
                self.env._(
                    "Shoppers have been promised this subsidy: archive it and make another one."
                )
            )
        res = super().write(vals)
        self._offers_changed()
        return res

    def unlink(self):
        res = super().unlink()
        self._offers_changed()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_promised(self):
        if self._has_promised() or self.activity_id._has_seats():
            raise UserError(
                self.env._("Shoppers may have been promised this subsidy: archive it instead.")
            )

    # === ACTION METHODS === #

    def action_preset_guarded(self):
        self.write(PRESETS["guarded"])

    def action_preset_everyone(self):
        self.write(PRESETS["everyone"])

    # === BUSINESS METHODS === #

    def _has_promised(self):
        """:return: whether anybody was ever promised something under one of these rules"""
        reservations = self.env["pinbu.subsidy.reservation"].sudo()
        return bool(reservations.search_count([("rule_id", "in", self.ids)], limit=1))

    @api.model
    def _offers_changed(self):
        """Rules of a category belong to activities without any field of these saying so."""
        self.env["pinbu.activity"].invalidate_model(["offered_rule_ids"])
