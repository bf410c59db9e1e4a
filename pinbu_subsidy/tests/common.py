from contextlib import nullcontext

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import TransactionCase

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin


class SubsidyMixin(GroupBuyMixin):
    """The shop of the group-buy tests, with 10.00 for each member of a failed team of two, however
    often."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.subsidies = cls.env["pinbu.subsidy"]
        cls.entries = cls.env["pinbu.wallet.entry"]
        cls.activity.write(
            {
                "limit_per_user": 0,
                "subsidy_rule_ids": [Command.create(cls.plain_rule())],
            }
        )
        cls.rule = cls.activity.subsidy_rule_ids

    @classmethod
    def plain_rule(cls, **values):
        """:return: values of a rule without guards"""
        return {
            "amount": 10.0,
            "min_paid_members": 2,
            "max_without_win": 0,
            "has_decay": False,
            "budget": 10_000.0,
            **values,
        }

    @classmethod
    def shoppers(cls, count):
        return cls.env["res.partner"].union(
            *(cls.shopper(f"Shopper {number}") for number in range(count))
        )

    def team_of(self, shoppers):
        """:return: a team that these shoppers have paid for"""
        team = self.join(shoppers[0]).team_id
        for shopper in shoppers[1:]:
            self.join(shopper, team)
        return team

    def lose(self, team):
        """Let the deadline pass and settle, without granting anything yet."""
        self.pass_deadline(team)
        self.run_scheduler("close")
        self.run_scheduler("settle")

    def fail_team(self, shoppers):
        """:return: a failed team of these shoppers, its subsidies due"""
        team = self.team_of(shoppers)
        self.lose(team)
        return team

    def grant(self):
        """Run the scheduled action that grants what is due."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.subsidy"]._cron_grant()
        self.env.invalidate_all()

    def balance(self, partner):
        """:return: the wallet's points, or None without a wallet"""
        wallet = self.company._pinbu_wallets(partner).get(partner.id)
        return wallet and wallet.points

    def check_ledger(self):
        """What a commit would check: cards and ledger agree."""
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")


class SubsidyCase(SubsidyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
