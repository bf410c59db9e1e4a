from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestCouponRaces(MeansMixin, ConcurrentCase):
    """One ticket, and all that its shopper and the schedulers do with it at once."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.rule.unlink()
        cls.others = [cls.make_activity(limit_per_user=0) for _number in range(3)]
        cls.program = cls.make_program("Four off", discount=4, discount_mode="per_order")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_teams)
        self.ann = self.people[0]
        self.card = self.env["loyalty.card"].create(
            {"program_id": self.program.id, "partner_id": self.ann.id, "points": 1}
        )
        self.means = Means(coupon_ids=(self.card.id,))
        # The first order of a company makes the product of its discounts.
        self.open_cr.commit()
        self.at_once(self.checking_out(means=self.means), [self.ann.id])
        self.end_holds()

    @classmethod
    def clean_teams(cls):
        cls.open_cr.execute("UPDATE sale_order_line SET pinbu_coupon_use_id = NULL")
        cls.open_cr.execute("DELETE FROM pinbu_coupon_use")
        super().clean_teams()
        cls.env["loyalty.card"].search([("program_id", "=", cls.program.id)]).unlink()
        cls.open_cr.commit()

    @classmethod
    def clean(cls):
        super().clean()
        cls.program.active = False
        cls.open_cr.commit()

    def end_holds(self):
        self.sql("UPDATE pinbu_seat SET hold_until = '2020-01-01' WHERE state = 'held'")
        self.settle_all()
        self.check_card()

    def check_card(self):
        """The coupon is either on its card or in one order whose place lives."""
        self.look_again()
        uses = self.card.pinbu_use_ids.filtered(lambda use: use.state != "returned")
        self.assertEqual(self.card.points + len(uses), 1)
        for use in uses:
            self.assertIn(use.order_id.seat_ids.state, ("held", "paid", "won"))
            self.assertAlmostEqual(use.order_id.amount_total, 15.9)

    def test_orders_at_once_use_one_coupon(self):
        shopper_id = self.ann.id
        wishes = [
            self.checking_out(activity=activity, means=self.means)
            for activity in [self.activity, *self.others]
        ]
        results = self.at_once(lambda env, wish: wish(env, shopper_id), wishes)
        self.assertTrue(any(isinstance(result, int) for result in results))
        self.look_again()
        taken = self.card.pinbu_use_ids.filtered(lambda use: use.state == "taken")
        self.assertLessEqual(len(taken), 1)
        self.assertEqual(self.card.points + len(taken), 1)
        self.settle_all()
        self.check_card()

    def test_a_late_notice_meets_the_settlement_of_its_hold(self):
        shopper_id = self.ann.id
        for _round in range(4):
            [order_id] = self.at_once(self.checking_out(means=self.means), [shopper_id])
            [payment_id] = self.at_once(self.start_payment, [order_id])
            self.sql("UPDATE pinbu_seat SET hold_until = '2020-01-01' WHERE state = 'held'")
            self.scheduler("close")
            with self.slow("pinbu.seat", "_settle_over"):
                self.at_once(
                    lambda env, step: step(env),
                    [
                        lambda env, payment_id=payment_id: self.notify(env, payment_id),
                        lambda _env: self.scheduler("settle"),
                    ],
                )
            self.settle_all()
            self.check_card()
            seat = self.seats_of([order_id])
            self.assertEqual(self.card.points, 0 if seat.state == "paid" else 1)
            for team in self.env["pinbu.team"].search([("state", "=", "forming")]):
                self.sql("UPDATE pinbu_team SET deadline = '2020-01-01' WHERE id = %s", team.id)
                self.sql("UPDATE pinbu_seat SET paid_at = '2019-01-01' WHERE team_id = %s", team.id)
            self.settle_all(processes=2)
            self.check_card()
            self.assertEqual(self.card.points, 1)
