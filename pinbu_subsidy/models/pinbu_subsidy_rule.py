from odoo import api, fields, models
from odoo.exceptions import UserError

from ..money import to_minor


class PinbuSubsidyRule(models.Model):
    """What the merchant promises to the members of a team that fails.

    A rule is read at checkout only: what it said then is stored with the order and is paid,
    whatever becomes of the rule.
    """

    _name = "pinbu.subsidy.rule"
    _description = "Subsidy Rule"
    _order = "activity_id, sequence, id"

    activity_id = fields.Many2one("pinbu.activity", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="activity_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    type = fields.Selection([("cash", "Cash in the Wallet")], default="cash", required=True)
    amount = fields.Monetary(required=True, help="For each member of the failed team.")
    min_paid_members = fields.Integer(
        string="Paid Members at Least",
        default=2,
        required=True,
        help="How many different shoppers of the team must have paid. With 1, somebody who opens "
        "a team that nobody joins earns as well.",
    )
    sentence = fields.Char(
        compute="_compute_sentence", string="As Shoppers Read It", help="In the reader's language."
    )

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A subsidy must be above zero.")
    _min_paid_members_positive = models.Constraint(
        "CHECK(min_paid_members >= 1)", "At least one member must have paid."
    )

    # === COMPUTE METHODS === #

    @api.depends("type", "amount", "min_paid_members", "currency_id")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            currency = rule.currency_id or self.env.company.currency_id
            amount = currency.format(rule.amount)
            if rule.min_paid_members > 1:
                rule.sentence = self.env._(
                    "If the team does not fill up and at least %(count)s members have paid, each "
                    "of them gets a full refund and %(amount)s in the wallet.",
                    count=rule.min_paid_members,
                    amount=amount,
                )
            else:
                rule.sentence = self.env._(
                    "If the team does not fill up, each member who has paid gets a full refund "
                    "and %(amount)s in the wallet.",
                    amount=amount,
                )

    @api.depends("sentence")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = rule.sentence

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_promised(self):
        if self.activity_id._has_seats():
            raise UserError(
                self.env._("Shoppers may have been promised this subsidy: archive it instead.")
            )

    # === BUSINESS METHODS === #

    def _promise_items(self):
        """What the order stores of these rules.

        :return: list of ``{type, amount (minor units), conditions [str], rule_id,
            min_paid_members}``; the last two are not for clients
        :rtype: list[dict]
        """
        return [
            {
                "type": rule.type,
                "amount": to_minor(rule.amount, rule.currency_id),
                "conditions": rule._conditions(),
                "rule_id": rule.id,
                "min_paid_members": rule.min_paid_members,
            }
            for rule in self
        ]

    def _conditions(self):
        """:return: when the subsidy is due, as sentences for the shopper"""
        self.ensure_one()
        conditions = [self.env._("The team does not fill up in time.")]
        if self.min_paid_members > 1:
            conditions.append(
                self.env._(
                    "At least %s different members of the team have paid.", self.min_paid_members
                )
            )
        conditions.append(
            self.env._(
                "Payments that come too late, twice or for a full team are refunded without it."
            )
        )
        return conditions
