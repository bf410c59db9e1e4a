from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ..money import to_minor


class PinbuReward(models.AbstractModel):
    """What a rule of invites, a task or a prize gives: the terms of one subsidy."""

    _name = "pinbu.reward"
    _description = "Terms of a Reward"
    _inherit = ["pinbu.company.guard"]

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    type = fields.Selection(
        [
            ("coupon", "Coupon"),
            ("cash", "Cash in the Wallet"),
            ("points", "Points"),
            ("ticket", "Free-team Ticket"),
            ("gift", "Gift"),
        ],
        default="coupon",
        required=True,
    )
    amount = fields.Monetary(
        help="For cash, and for a coupon without a program: a program of coupons worth this much "
        "is made then."
    )
    points = fields.Integer()
    program_id = fields.Many2one(
        "loyalty.program",
        domain="[('company_id', 'in', (False, company_id)), ('pinbu_is_wallet', '=', False),"
        " ('pinbu_is_voucher', '=', False)]",
        ondelete="restrict",
        help="What coupons, points and tickets come from.",
    )
    product_id = fields.Many2one("product.product", string="Gift Product", ondelete="restrict")
    valid_days = fields.Integer(default=30, help="0: as long as the program says.")
    worth = fields.Char(compute="_compute_worth", string="Reward")

    # === COMPUTE METHODS === #

    @api.depends("type", "amount", "points", "program_id", "product_id")
    @api.depends_context("lang")
    def _compute_worth(self):
        types = dict(self._fields["type"]._description_selection(self.env))
        for reward in self:
            if reward.type == "cash":
                reward.worth = reward.currency_id.format(reward.amount)
            elif reward.type == "points":
                reward.worth = self.env._("%s points", reward.points)
            else:
                chosen = reward.product_id.display_name or reward.program_id.display_name
                # A form that is being filled has a name already.
                reward.worth = chosen or types.get(reward.type)

    # === CONSTRAINT METHODS === #

    @api.constrains("type", "amount", "points", "program_id", "product_id", "valid_days")
    def _check_terms(self):
        for reward in self:
            complete = {
                "cash": reward.amount > 0,
                "coupon": reward.program_id,
                "points": reward.points > 0 and reward.program_id,
                "ticket": reward.program_id,
                "gift": reward.product_id,
            }
            if not complete[reward.type] or reward.valid_days < 0:
                raise ValidationError(
                    self.env._("Say what is given: an amount, points, a program or a product.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            is_coupon = vals.get("type", "coupon") == "coupon"
            if is_coupon and not vals.get("program_id") and vals.get("amount", 0) > 0:
                company = self.env["res.company"].browse(vals.get("company_id"))
                program = self._create_coupon_program(company or self.env.company, vals["amount"])
                vals["program_id"] = program.id
        return super().create(vals_list)

    # === BUSINESS METHODS === #

    @api.model
    def _create_coupon_program(self, company, amount):
        """:return: a new program of coupons that take `amount` off one order
        :rtype: loyalty.program (sudo)
        """
        worth = company.currency_id.format(amount)
        program = (
            self.env["loyalty.program"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "name": self.env._("Coupon of %s", worth),
                    "program_type": "coupons",
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "applies_on": "current",
                    "trigger": "with_code",
                    "portal_visible": True,
                    "rule_ids": [Command.clear()],
                    "reward_ids": [
                        Command.clear(),
                        Command.create(
                            {
                                "reward_type": "discount",
                                "discount_mode": "per_order",
                                "discount": amount,
                                "discount_applicability": "order",
                                "required_points": 1,
                            }
                        ),
                    ],
                    "communication_plan_ids": [Command.clear()],
                }
            )
        )
        for code, _name in self.env["res.lang"].get_installed():
            program.with_context(lang=code).name = self.with_context(lang=code).env._(
                "Coupon of %s", worth
            )
        return program

    def _reward_terms(self):
        """What `pinbu.subsidy._owe` must know of the reward, to be frozen where it is promised.

        :return: part of a row of `_owe`, in values that JSON can hold
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": self.type,
            "amount_minor": to_minor(self.amount, self.currency_id)
            if self.type == "cash"
            else None,
            "points": self.points if self.type == "points" else None,
            "program_id": self.program_id.id or None,
            "product_id": self.product_id.id or None,
            "valid_days": self.valid_days or None,
        }
