from odoo import Command, fields, models
from odoo.exceptions import UserError


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    pinbu_is_wallet = fields.Boolean(
        string="Subsidy Wallet",
        readonly=True,
        copy=False,
        help="The eWallet program that holds the subsidies of this company's shoppers.",
    )

    _pinbu_wallet_per_company = models.UniqueIndex(
        "(company_id) WHERE pinbu_is_wallet AND active",
        "A company has one subsidy wallet program.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        fixed = {"company_id", "currency_id", "program_type", "applies_on", "pinbu_is_wallet"}
        for program in self.filtered("pinbu_is_wallet"):
            for name in fixed & vals.keys():
                if program._fields[name].convert_to_write(program[name], program) != vals[name]:
                    raise UserError(
                        self.env._(
                            "Shoppers have money in this wallet: its company, currency and type "
                            "cannot change."
                        )
                    )
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _pinbu_create_wallet(self, company):
        """:rtype: loyalty.program"""
        program = (
            self.sudo()
            .with_company(company)
            .create(
                {
                    "name": "Subsidy Wallet",
                    "program_type": "ewallet",
                    "pinbu_is_wallet": True,
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "applies_on": "future",
                    "trigger": "auto",
                    "portal_visible": True,
                    "portal_point_name": company.currency_id.symbol,
                    # No rule: no order ever fills this wallet by itself.
                    "rule_ids": [Command.clear()],
                    "reward_ids": [
                        Command.create(
                            {
                                "reward_type": "discount",
                                "discount_mode": "per_point",
                                "discount": 1,
                                "discount_applicability": "order",
                                "required_points": 10**-company.currency_id.decimal_places,
                                "description": "Subsidy Wallet",
                            }
                        )
                    ],
                    "communication_plan_ids": [Command.clear()],
                }
            )
        )
        for code, _name in self.env["res.lang"].get_installed():
            name = self.with_context(lang=code).env._("Subsidy Wallet")
            program.with_context(lang=code).name = name
            program.reward_ids.with_context(lang=code).description = name
        return program
