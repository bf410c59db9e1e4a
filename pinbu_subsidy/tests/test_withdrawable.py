from unittest.mock import patch

from odoo.tests import tagged

from .test_withdrawal import WithdrawalCase


@tagged("post_install", "-at_install")
class TestWithdrawable(WithdrawalCase):
    """Money for spending only is spent first, and is not made free by buying and cancelling."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.shopper("Farmer")
        cls.trust(cls.partner)
        cls.wins = 0

    def setUp(self):
        super().setUp()
        self.enterContext(
            patch.object(
                self.registry["res.partner"],
                "_pinbu_delivered_wins",
                lambda partner, company: self.wins,
                create=True,
            )
        )
        self.steps = 0

    def owe(self, amount_minor, after_wins):
        """Grant a subsidy that can be withdrawn after so many delivered wins."""
        self.steps += 1
        self.subsidies._owe(
            [
                {
                    "partner_id": self.partner.id,
                    "company_id": self.company.id,
                    "type": "cash",
                    "reason": "prize",
                    "key": f"test:{self.steps}",
                    "amount_minor": amount_minor,
                    "withdraw_after_wins": after_wins,
                }
            ]
        )
        self.grant()

    def move(self, kind, amount_minor):
        self.steps += 1
        wallet = self.company._pinbu_wallets(self.partner, create=True)[self.partner.id]
        wallet._pinbu_post(
            [
                {
                    "card_id": wallet.id,
                    "kind": kind,
                    "amount_minor": amount_minor,
                    "idempotency_key": f"test:{self.steps}:{wallet.id}",
                }
            ]
        )

    def assert_withdrawable(self, amount_minor):
        self.assertEqual(self.company._pinbu_withdrawable(self.partner), amount_minor)

    def test_nothing_of_nothing(self):
        self.assert_withdrawable(0)

    def test_only_after_the_wins(self):
        self.owe(1000, 2)
        self.owe(300, 0)
        self.assert_withdrawable(300)
        self.assertEqual(
            self.refusal_of(lambda: self.withdraw(self.partner, 301)), "insufficient_balance"
        )
        self.wins = 1
        self.assert_withdrawable(300)
        self.wins = 2
        self.assert_withdrawable(1300)

    def test_spending_takes_spend_only_money_first(self):
        self.owe(1000, 1)
        self.owe(500, 0)
        self.move("spend", -800)
        self.assert_withdrawable(500)
        self.move("spend", -400)
        self.assert_withdrawable(300)

    def test_what_was_spent_before_frees_nothing(self):
        self.owe(1000, 0)
        self.move("spend", -1000)
        self.owe(1000, 1)
        self.assert_withdrawable(0)

    def test_buying_and_cancelling_frees_nothing(self):
        self.owe(1000, 1)
        self.move("spend", -1000)
        self.move("refund", 1000)
        self.assert_withdrawable(0)
        self.move("native", -600)
        self.move("native", 600)
        self.assert_withdrawable(0)

    def test_what_comes_back_of_free_money_is_free(self):
        self.owe(500, 1)
        self.owe(1000, 0)
        self.move("spend", -1200)
        self.assert_withdrawable(300)
        self.move("refund", 1200)
        self.assert_withdrawable(1000)

    def test_withdrawing_leaves_spend_only_money_alone(self):
        self.owe(500, 1)
        self.owe(1000, 0)
        withdrawal = self.withdraw(self.partner, 1000)
        self.assert_withdrawable(0)
        self.assertEqual(self.points(self.partner), 500)
        withdrawal._cancel()
        self.assert_withdrawable(1000)

    def test_what_is_taken_back_binds_nothing(self):
        self.owe(500, 1)
        self.owe(1000, 0)
        self.subsidies.search([("partner_id", "=", self.partner.id)])[-1]._take_back("a mistake")
        self.assert_withdrawable(1000)

    def test_a_merge_frees_nothing(self):
        self.owe(1000, 1)
        other = self.rich("Other", 300)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.partner + other).ids, other
        )
        self.partner = other
        self.assertEqual(self.points(other), 1300)
        self.assert_withdrawable(300)

    def test_its_cost_does_not_grow_with_the_ledger(self):
        self.owe(1000, 1)

        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.company._pinbu_withdrawable(self.partner)
            return self.cr.sql_log_count - before

        count()
        few = count()
        for _step in range(30):
            self.move("spend", -10)
        self.assertEqual(count(), few)
