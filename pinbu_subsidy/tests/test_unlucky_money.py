"""Money that meets bad luck: a checkout that breaks off, a scheduler that comes late."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means
from odoo.addons.pinbu_groupbuy.tests.invariants import assert_money

from .means_common import WITH_WALLET, MeansMixin


@tagged("post_install", "-at_install")
class TestUnluckyMoney(MeansMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben, cls.carl = cls.shoppers(3)

    def settle(self):
        for _round in range(3):
            self.skip_delay()
            self.run_schedulers()
        self.check_ledger()

    def test_what_was_split_off_goes_back_though_the_rest_buys_the_place(self):
        card = self.fill_wallet(self.ann, 40.0)
        self.activity.max_quantity = 2
        order = self.checkout(self.ann, quantity=2, means=WITH_WALLET)
        self.checkout(self.ann, quantity=1, means=WITH_WALLET)
        # Bought before the money scheduler has come by.
        leg = order._pinbu_start_payment()
        self.assertEqual(order.seat_ids.transaction_id, leg)
        for shopper in (self.ben, self.carl):
            self.join(shopper, order.seat_ids.team_id)
        self.settle()
        self.assertEqual(order.seat_ids.state, "won")
        self.assertEqual(card.points, 20.1)
        assert_money(self.env, order)

    def test_a_broken_checkout_promises_nothing_to_wallets(self):
        self.fill_wallet(self.ann, 10.0)
        order = self.checkout(self.ann, means=WITH_WALLET)
        self.assertFalse(order.pinbu_promise["items"])
        # A later wish for fresh money alone was claimed, and its process killed before the order.
        self.env["pinbu.seat"].sudo()._claim(
            self.ann, self.activity, self.activity.line_ids, 1, self.env["pinbu.team"]
        )
        self.env.invalidate_all()
        self.assertEqual(self.refusal_of(order._pinbu_start_payment), "terms_changed")
        # Who says again what they want gets it.
        self.checkout(self.ann)
        self.assertTrue(order.pinbu_promise["items"])
        self.assertEqual(order._pinbu_start_payment().amount, 19.9)

    def test_an_archived_wallet_is_not_refunded_to(self):
        card = self.fill_wallet(self.ann, 10.0)
        order = self.checkout(self.ann, means=WITH_WALLET)
        self.assertEqual(card.points, 0)
        card.active = False
        order.seat_ids._release_hold("cancelled by the shopper")
        self.settle()
        self.assertEqual(self.balance(self.ann), 10.0)

    def test_who_pays_nothing_is_promised_nothing(self):
        loyalty = self.env["loyalty.program"]
        loyalty.search([("program_type", "=", "loyalty")]).active = False
        self.activity.accepts_coupons = True
        points = self.make_program(
            "Points", "loyalty", discount=0.01, discount_mode="per_point", required_points=10
        )
        self.env["loyalty.card"].create(
            {"program_id": points.id, "partner_id": self.ann.id, "points": 5000}
        )
        order = self.checkout(self.ann, means=Means(points=1000))
        self.assertTrue(order.pinbu_promise["items"])
        order = self.checkout(self.ann, means=Means(points=5000))
        self.assertEqual(order.amount_total, 0)
        self.assertFalse(order.pinbu_promise["items"])
        self.assertEqual(order.pinbu_promise["reason"], "not_fresh_money")

    def test_one_of_two_promises_stays(self):
        self.activity.max_quantity = 2
        coupons = self.make_program("Five off", discount=5, required_points=1)
        self.activity.subsidy_rule_ids = [
            Command.create(
                self.plain_rule(type="coupon", amount=0, program_id=coupons.id, budget=10)
            )
        ]
        order = self.checkout(self.ann)
        self.assertEqual(len(order.pinbu_promise["items"]), 2)
        # Meanwhile the merchant has lowered the other one's budget.
        (self.activity.subsidy_rule_ids - self.rule).budget = 0.5
        self.checkout(self.ann, quantity=2)
        self.assertEqual(len(order.pinbu_promise["items"]), 1)
        self.pay(order)
        self.assertEqual(len(order._to_api()[0]["promise"]["items"]), 1)
