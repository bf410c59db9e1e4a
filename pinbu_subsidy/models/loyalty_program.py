from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..money import to_minor


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    pinbu_is_wallet = fields.Boolean(
        string="Subsidy Wallet",
        readonly=True,
        copy=False,
        help="The eWallet program that holds the subsidies of this company's shoppers.",
    )

    pinbu_is_voucher = fields.Boolean(
        string="Vouchers for Services",
        readonly=True,
        copy=False,
        help="The program of the codes that shoppers win for services. No checkout takes them.",
    )

    pinbu_is_ticket = fields.Boolean(
        string="Ticket for a Team",
        help="Its coupons are tickets: each pays a part or all of the next group-buying team that "
        "its shopper joins, by what the reward takes off.",
    )

    _pinbu_wallet_per_company = models.UniqueIndex(
        "(company_id) WHERE pinbu_is_wallet AND active",
        "A company has one subsidy wallet program.",
    )
    _pinbu_vouchers_per_company = models.UniqueIndex(
        "(company_id) WHERE pinbu_is_voucher AND active",
        "A company has one program of vouchers for services.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        fixed = {"company_id", "currency_id", "program_type", "applies_on", "pinbu_is_wallet"}
        for program in self.filtered("pinbu_is_wallet"):
            if program._pinbu_changes(fixed, vals):
                raise UserError(
                    self.env._(
                        "Shoppers have money in this wallet: its company, currency and type "
                        "cannot change."
                    )
                )
        fixed = {"company_id", "program_type", "applies_on", "sale_ok", "pinbu_is_voucher"}
        for program in self.filtered("pinbu_is_voucher"):
            if program._pinbu_changes(fixed, vals):
                raise UserError(
                    self.env._(
                        "Shoppers hold vouchers of this program: it cannot become one whose codes "
                        "are spent at a checkout."
                    )
                )
        if "active" in vals and not vals["active"]:
            self._pinbu_check_archive()
        return super().write(vals)

    def _pinbu_check_archive(self):
        """:raise UserError: when shoppers hold, or are owed, what would be worth nothing then"""
        owed = [("program_id", "in", self.ids), ("state", "in", ("due", "blocked"))]
        held = [
            ("program_id", "in", self.ids),
            ("state", "=", "granted"),
            ("card_id.active", "=", True),
            ("card_id.points", ">", 0),
            "|",
            ("card_id.expiration_date", "=", False),
            ("card_id.expiration_date", ">=", fields.Date.today()),
        ]
        subsidies = self.env["pinbu.subsidy"].sudo()
        if subsidies.search_count(owed, limit=1) or subsidies.search_count(held, limit=1):
            raise UserError(
                self.env._(
                    "Shoppers were given subsidies of this program that they have not used yet: it "
                    "cannot be archived."
                )
            )

    def _pinbu_changes(self, names, vals):
        """:return: whether writing `vals` would change any of the fields `names`"""
        self.ensure_one()
        return any(
            self._fields[name].convert_to_write(self[name], self) != vals[name]
            for name in names & vals.keys()
        )

    # === BUSINESS METHODS === #

    def _pinbu_coupon_points(self):
        """:return: how many points a coupon of this program needs to be worth its reward once
        :raise UserError: when it has no reward (any more)
        """
        self.ensure_one()
        if not self.active or not self.reward_ids:
            raise UserError(self.env._("The program %s gives nothing any more.", self.name))
        return min(self.reward_ids.mapped("required_points"))

    def _pinbu_points_cards(self, partners):
        """The cards of these shoppers in this program of points; those without one get one.

        Of several, which Odoo allows, it is the one that Odoo itself would use.

        :return: ``{partner id: loyalty.card (sudo)}``
        """
        self.ensure_one()
        cards = self.env["loyalty.card"].sudo()
        domain = [("program_id", "=", self.id), ("partner_id", "in", partners.ids)]
        found = {}
        for card in cards.search(domain):
            found.setdefault(card.partner_id.id, card)
        missing = partners.filtered(lambda partner: partner.id not in found)
        if missing:
            # Two at once would make two cards: the second one fails to serialize here.
            self.env.cr.execute(
                SQL("UPDATE loyalty_program SET write_date = write_date WHERE id = %s", self.id)
            )
            made = cards.with_context(
                loyalty_no_mail=True, tracking_disable=True, mail_create_nolog=True
            ).create([{"program_id": self.id, "partner_id": partner.id} for partner in missing])
            found.update({card.partner_id.id: card for card in made.with_env(cards.env)})
        return found

    def _pinbu_worth_minor(self, points):
        """:return: the most that so many points take off an order, in minor units; 0 where that
        depends on the order
        :rtype: int
        """
        self.ensure_one()
        worth = 0
        for reward in self.reward_ids.filtered(lambda reward: reward.reward_type == "discount"):
            if points < reward.required_points:
                continue
            if reward.discount_mode == "per_point":
                worth = max(worth, reward.discount * points)
            elif reward.discount_mode == "per_order":
                worth = max(worth, reward.discount * (points // reward.required_points))
        return to_minor(worth, self.currency_id)

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

    def _pinbu_create_vouchers(self, company):
        """No order takes these codes: the program is for no sales channel, its cards are worth no
        points, and its reward, which loyalty insists on, costs one.

        :rtype: loyalty.program
        """
        program = (
            self.sudo()
            .with_company(company)
            .create(
                {
                    "name": "Vouchers for Services",
                    "program_type": "coupons",
                    "pinbu_is_voucher": True,
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "applies_on": "current",
                    "trigger": "with_code",
                    "sale_ok": False,
                    "portal_visible": False,
                    "rule_ids": [Command.clear()],
                    "reward_ids": [
                        Command.create(
                            {"reward_type": "discount", "discount": 1, "required_points": 1}
                        )
                    ],
                    "communication_plan_ids": [Command.clear()],
                }
            )
        )
        for code, _name in self.env["res.lang"].get_installed():
            name = self.with_context(lang=code).env._("Vouchers for Services")
            program.with_context(lang=code).name = name
        return program

    def _pinbu_gives(self, kind):
        """:param str kind: ``coupon``, ``ticket`` or ``points``
        :return: whether this is a program to give that of
        """
        self.ensure_one()
        if self.pinbu_is_wallet or self.pinbu_is_voucher:
            return False
        if kind == "points":
            return self.program_type == "loyalty"
        return self.program_type in ("coupons", "next_order_coupons")
