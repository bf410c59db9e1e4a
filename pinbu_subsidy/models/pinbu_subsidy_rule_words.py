"""Rules in plain sentences, as shoppers read them."""

from odoo import api, fields, models

# What shoppers read of a rule.
SPOKEN = (
    "type",
    "amount",
    "amount_max",
    "amount_step",
    "points",
    "program_id",
    "basis",
    "newcomer_extra",
    "friend_extra",
    "max_friends",
    "delay_hours",
    "valid_days",
    "withdraw_after_wins",
    "min_paid_members",
    "consolation",
    "consolation_program_id",
    "consolation_points",
    "leader_min_friends",
    "min_paid_minutes",
    "max_without_win",
    "has_decay",
    "cap_per_day",
    "cap_per_activity",
    "cap_for_life",
    "currency_id",
)


class PinbuSubsidyRule(models.Model):
    _inherit = "pinbu.subsidy.rule"

    sentence = fields.Text(
        compute="_compute_sentence", string="As Shoppers Read It", help="In the reader's language."
    )

    # === COMPUTE METHODS === #

    @api.depends(*SPOKEN)
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = " ".join(
                [
                    self.env._(
                        "If the team does not fill up, each member who has paid gets a full refund "
                        "and %s, as long as the budget lasts: the checkout says so before anybody "
                        "pays.",
                        rule._worth(),
                    ),
                    *rule._conditions()[1:],
                ]
            )

    @api.depends("sentence")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = rule._worth()

    # === BUSINESS METHODS === #

    def _worth(self):
        """:return: what a member gets, in the reader's language"""
        self.ensure_one()
        if self.type != "cash":
            return self._worth_of(self.type, self.program_id, self.points)
        money = (self.currency_id or self.env.company.currency_id).format
        worth = (
            self.env._(
                "%(least)s to %(most)s (drawn in steps of %(step)s) in the wallet",
                least=money(self.amount),
                most=money(self.amount_max),
                step=money(self.amount_step),
            )
            if self.amount_max
            else self.env._("%s in the wallet", money(self.amount))
        )
        if self.basis == "friend":
            return self.env._(
                "for each friend brought, at most %(count)s, %(worth)s",
                count=self.max_friends,
                worth=worth,
            )
        if self.basis == "progress":
            return self.env._("of %s the part to which the team got full", worth)
        return worth

    @api.model
    def _worth_of(self, kind, program, points):
        name = program.sudo().name or ""
        if kind == "points":
            return self.env._("%(points)s points (%(program)s)", points=points, program=name)
        if kind == "ticket":
            return self.env._("a ticket for the next team (%s)", name)
        return self.env._("a coupon (%s)", name)

    def _conditions(self):
        """:return: when the subsidy is due, as sentences for the shopper
        :rtype: list[str]
        """
        self.ensure_one()
        money = (self.currency_id or self.env.company.currency_id).format
        is_cash = self.type == "cash"
        conditions = self._member_conditions()
        if is_cash and self.newcomer_extra:
            conditions.append(
                self.env._("%s more for your first team ever.", money(self.newcomer_extra))
            )
        if is_cash and self.friend_extra:
            conditions.append(
                self.env._(
                    "%(amount)s more for each friend of yours who has paid in the team, for at "
                    "most %(count)s of them.",
                    amount=money(self.friend_extra),
                    count=self.max_friends,
                )
            )
        if self.min_paid_minutes:
            conditions.append(
                self.env._(
                    "You order at least %s minutes before the team's deadline.",
                    self.min_paid_minutes,
                )
            )
        if is_cash and self.max_without_win:
            conditions.append(
                self.env._(
                    "Cash at most %s times until an order that you won has been delivered; a "
                    "coupon after that, if there is one.",
                    self.max_without_win,
                )
            )
        if self.has_decay:
            conditions.append(
                self.env._(
                    "Within 30 days the first one counts in full, the second one half, the third "
                    "one a quarter, the next ones nothing."
                )
            )
        conditions += self._cap_conditions()
        if self.delay_hours:
            conditions.append(
                self.env._("It comes %g hours after the team has failed.", self.delay_hours)
            )
        if not is_cash and self.valid_days and self.type != "points":
            conditions.append(self.env._("It can be used for %s days.", self.valid_days))
        if is_cash and self.withdraw_after_wins:
            conditions.append(
                self.env._(
                    "It can be spent at once, and withdrawn after %s delivered wins.",
                    self.withdraw_after_wins,
                )
            )
        conditions.append(
            self.env._(
                "The order is paid in time and with fresh money; payments that come too late, "
                "twice or for a full team earn nothing, nor does who leaves."
            )
        )
        return conditions

    def _member_conditions(self):
        conditions = [self.env._("The team does not fill up in time.")]
        if self.min_paid_members > 1:
            conditions.append(
                self.env._(
                    "At least %s different members of the team have paid; who share a phone or an "
                    "address count as one.",
                    self.min_paid_members,
                )
            )
        if self.leader_min_friends:
            conditions.append(
                self.env._(
                    "The leader gets it if at least %s friends of theirs have paid in the team.",
                    self.leader_min_friends,
                )
            )
        if self.consolation != "nothing" and (self.min_paid_members > 1 or self.leader_min_friends):
            conditions.append(
                self.env._(
                    "Otherwise there is %s.",
                    self._worth_of(
                        self.consolation, self.consolation_program_id, self.consolation_points
                    ),
                )
            )
        return conditions

    def _cap_conditions(self):
        conditions = []
        if self.cap_per_day:
            conditions.append(self.env._("At most %s times a day.", self.cap_per_day))
        if self.cap_per_activity:
            conditions.append(
                self.env._("At most %s times in this group-buy.", self.cap_per_activity)
            )
        if self.cap_for_life:
            conditions.append(self.env._("At most %s times in all.", self.cap_for_life))
        return conditions
