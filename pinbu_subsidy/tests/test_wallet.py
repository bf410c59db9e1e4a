import psycopg2
from psycopg2.errors import CheckViolation, RaiseException

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from .common import SubsidyCase


@tagged("post_install", "-at_install")
class TestWallet(SubsidyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.shoppers(1)
        cls.wallet = cls.company._pinbu_wallets(cls.partner, create=True)[cls.partner.id]

    def post(self, amount, key, wallet=None):
        return self.wallet._pinbu_post(
            [
                {
                    "card_id": (wallet or self.wallet).id,
                    "kind": "subsidy",
                    "amount_minor": amount,
                    "reference": "S1",
                    "idempotency_key": key,
                }
            ]
        )

    def test_balance_is_the_sum_of_the_ledger(self):
        for number in range(10):
            self.post(10, f"test:{number}")
        self.post(-33, "test:out")
        self.assertEqual(self.wallet.points, 0.67)
        self.assertEqual(sum(self.wallet.pinbu_entry_ids.mapped("amount_minor")), 67)
        self.assertEqual(self.wallet.pinbu_entry_ids[0].balance_after_minor, 67)
        self.check_ledger()

    def test_a_key_is_posted_once(self):
        first = self.post(100, "test:once")
        self.assertEqual(self.post(100, "test:once"), first)
        self.assertEqual(self.wallet.points, 1.0)

    def test_never_below_zero(self):
        self.post(100, "test:in")
        with self.assertRaises(PinbuError) as caught:
            self.post(-101, "test:out")
        self.assertEqual(caught.exception.code, "insufficient_balance")
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self.wallet.points = -0.01
        self.assertEqual(self.wallet.points, 1.0)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_to_change_the_ledger(self):
        self.post(100, "test:fixed")
        self.check_ledger()
        for statement in (
            "UPDATE pinbu_wallet_entry SET amount_minor = 200",
            "DELETE FROM pinbu_wallet_entry",
            "TRUNCATE pinbu_wallet_entry CASCADE",
        ):
            with self.assertRaises(RaiseException), self.cr.savepoint():
                self.cr.execute(statement)
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
            self.cr.execute("DELETE FROM loyalty_card WHERE id = %s", [self.wallet.id])
        for change in (
            lambda: self.wallet.pinbu_entry_ids.unlink(),
            lambda: self.wallet.unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                change()

    def test_many_at_once_cost_no_more_statements_than_one(self):
        others = self.company._pinbu_wallets(self.shoppers(10), create=True).values()
        cards = [self.wallet, *others, self.wallet]
        moves = [
            {
                "card_id": card.id,
                "kind": "subsidy",
                "amount_minor": number + 1,
                "idempotency_key": f"test:many:{number}",
            }
            for number, card in enumerate(cards)
        ]
        # Those who have one of these keys already, and one key twice in a batch.
        [first] = self.wallet._pinbu_post(moves[:1])
        self.env.flush_all()
        with self.assertQueryCount(4):
            entry_ids = self.wallet._pinbu_post([*moves, moves[3]])
        self.assertEqual(entry_ids[0], first)
        self.assertEqual(entry_ids[-1], entry_ids[3])
        self.assertEqual(len(set(entry_ids)), len(moves))
        self.assertEqual(self.wallet.points, 0.13)
        self.assertEqual(self.wallet.pinbu_entry_ids.mapped("balance_after_minor"), [13, 1])
        # All or nothing.
        moves = [
            {**moves[1], "idempotency_key": "test:fine"},
            {**moves[0], "amount_minor": -14, "idempotency_key": "test:too much"},
        ]
        self.assertEqual(
            self.refusal_of(lambda: self.wallet._pinbu_post(moves)), "insufficient_balance"
        )
        self.assertFalse(self.entries.search([("idempotency_key", "=", "test:fine")]))
        self.check_ledger()

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_rows_that_do_not_add_up(self):
        self.post(100, "test:chain")
        with self.assertRaises(CheckViolation), self.cr.savepoint():
            self.entries._append(
                self.cr,
                [
                    {
                        "card_id": self.wallet.id,
                        "company_id": self.company.id,
                        "kind": "subsidy",
                        "amount_minor": 5,
                        "balance_after_minor": 500,
                        "idempotency_key": "test:forged",
                    }
                ],
            )

    @mute_logger("odoo.sql_db")
    def test_a_commit_refuses_points_that_the_ledger_does_not_know(self):
        self.post(100, "test:known")
        self.check_ledger()
        with self.assertRaises(CheckViolation), self.cr.savepoint():
            self.cr.execute("UPDATE loyalty_card SET points = 2 WHERE id = %s", [self.wallet.id])
            self.check_ledger()

    def test_what_odoo_does_to_points_is_in_the_ledger(self):
        self.post(1000, "test:start")
        self.wallet.points -= 2.345
        self.assertEqual(self.wallet.points, 7.66)
        self.assertEqual(
            self.wallet.pinbu_entry_ids.mapped(lambda e: (e.kind, e.amount_minor)),
            [("native", -234), ("subsidy", 1000)],
        )
        self.env["loyalty.card.update.balance"].create(
            {"card_id": self.wallet.id, "new_balance": 20.0, "description": "Goodwill"}
        ).action_update_card_point()
        self.assertEqual(self.wallet.pinbu_entry_ids[0].balance_after_minor, 2000)

        other = self.env["loyalty.card"].create(
            {
                "program_id": self.wallet.program_id.id,
                "partner_id": self.shoppers(1).id,
                "points": 3.004,
            }
        )
        self.assertEqual(other.points, 3.0)
        self.assertEqual(other.pinbu_entry_ids.balance_after_minor, 300)
        self.check_ledger()

    def test_an_ordinary_order_spends_natively(self):
        self.post(1000, "test:start")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [(0, 0, {"product_id": self.product.id, "price_unit": 30.0})],
            }
        )
        order._update_programs_and_rewards()
        claimable = order._get_claimable_rewards()
        self.assertIn(self.wallet, claimable)
        order._apply_program_reward(claimable[self.wallet], self.wallet)
        self.assertEqual(order.amount_total, 20.0)
        order.action_confirm()
        self.assertEqual(self.wallet.points, 0.0)
        self.assertEqual(self.wallet.pinbu_entry_ids[0].amount_minor, -1000)
        order._action_cancel()
        self.assertEqual(self.wallet.points, 10.0)
        self.check_ledger()

    def order_spending_all(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [(0, 0, {"product_id": self.product.id, "price_unit": 30.0})],
            }
        )
        order._update_programs_and_rewards()
        order._apply_program_reward(order._get_claimable_rewards()[self.wallet], self.wallet)
        return order

    def test_who_corrects_a_wallet_by_hand(self):
        self.post(1000, "test:start")
        seller = new_test_user(
            self.env, "w_seller", "sales_team.group_sale_manager,pinbu_groupbuy.group_user"
        )
        manager = new_test_user(self.env, "w_manager", "pinbu_groupbuy.group_manager")
        card = self.wallet.with_user(seller)
        other = {"program_id": self.wallet.program_id.id, "partner_id": self.shoppers(1).id}
        for change in (
            lambda: card.write({"points": 999.0}),
            lambda: card.write({"points": 0.0}),
            lambda: card.create({**other, "points": 5.0}),
            lambda: (
                card.env["loyalty.card.update.balance"]
                .create({"card_id": card.id, "new_balance": 20.0, "description": "Mine"})
                .action_update_card_point()
            ),
        ):
            with self.assertRaises(AccessError):
                change()
        self.wallet.with_user(manager).write({"points": 12.0})
        self.assertEqual(self.wallet.pinbu_entry_ids[0].amount_minor, 200)
        self.check_ledger()

    def test_a_seller_spends_a_wallet_only_through_an_order(self):
        self.post(1000, "test:start")
        seller = new_test_user(self.env, "w_seller", "sales_team.group_sale_salesman_all_leads")
        order = self.order_spending_all().with_user(seller)
        other = self.order_spending_all().with_user(seller)
        order.action_confirm()
        self.assertEqual(self.wallet.points, 0.0)
        card = self.wallet.with_user(seller)
        for named in (order, other):
            with self.assertRaises(AccessError):
                card.with_context(pinbu_native_order_id=named.id).points = 10.0
        # Where other programs have left points on it, Odoo lets no seller cancel it.
        order.sudo()._action_cancel()
        self.assertEqual(self.wallet.points, 10.0)
        with self.assertRaises(AccessError):
            card.with_context(pinbu_native_order_id=order.id).points = 20.0
        self.check_ledger()

    def test_a_seller_cannot_fill_a_wallet_through_an_order(self):
        """Odoo gives back what the lines say when an order is cancelled, not what it took."""
        self.post(1000, "test:start")
        seller = new_test_user(self.env, "w_seller", "sales_team.group_sale_salesman_all_leads")
        order = self.order_spending_all().with_user(seller)
        reward = order.order_line.filtered("coupon_id")
        order.action_confirm()
        with self.assertRaises(AccessError):
            reward.points_cost = 500.0
            order._action_cancel()
        self.check_ledger()

    @mute_logger("odoo.sql_db")
    def test_one_wallet_per_shopper_and_company(self):
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
            self.env["loyalty.card"].create(
                {"program_id": self.wallet.program_id.id, "partner_id": self.partner.id}
            )
            self.env.flush_all()
        self.assertEqual(self.company._pinbu_wallet_program(), self.wallet.program_id)

    def test_money_is_not_moved_by_editing_the_card(self):
        self.post(100, "test:mine")
        other = self.shoppers(1)
        for values in ({"partner_id": other.id}, {"active": False}):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.wallet.write(values)
        with self.assertRaises(UserError):
            self.wallet.program_id.write({"program_type": "loyalty"})

    def test_a_merge_of_contacts_keeps_both_ledgers(self):
        self.post(100, "test:a")
        other = self.shoppers(1)
        second = self.company._pinbu_wallets(other, create=True)[other.id]
        self.post(50, "test:b", second)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.partner + other).ids, self.partner
        )
        self.assertEqual((self.wallet.points, second.points), (1.5, 0.0))
        self.assertFalse(second.active)
        self.check_ledger()

    def test_a_shopper_reads_only_their_own(self):
        mine = new_test_user(self.env, "mine", "base.group_portal")
        other = new_test_user(self.env, "other", "base.group_portal")
        team = self.fail_team(mine.partner_id + other.partner_id)
        self.grant()
        entries = self.entries.with_user(mine).search([])
        self.assertEqual(entries.partner_id, mine.partner_id)
        self.assertEqual(entries.amount, 10.0)
        foreign = team.subsidy_ids.entry_id - entries.sudo()
        with self.assertRaises(AccessError):
            foreign.with_user(mine).read(["amount_minor"])
        self.assertEqual(self.subsidies.with_user(mine).search([]).partner_id, mine.partner_id)
        with self.assertRaises(AccessError):
            self.env["loyalty.card"].with_user(mine).search([])
        employee = new_test_user(self.env, "clerk", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.entries.with_user(employee).search([])

    def test_a_company_sees_only_its_own(self):
        self.post(100, "test:company")
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "elsewhere",
            "pinbu_groupbuy.group_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for model in ("pinbu.wallet.entry", "pinbu.subsidy", "pinbu.subsidy.rule"):
            self.assertFalse(self.env[model].with_user(user).search([]))
        program = other._pinbu_wallet_program()
        self.assertNotEqual(program, self.wallet.program_id)
        self.assertEqual(program.currency_id, other.currency_id)
