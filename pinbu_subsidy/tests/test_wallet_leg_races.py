from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .means_common import WITH_WALLET, MeansMixin

TABLES = ("pinbu_wallet_entry", "loyalty_card")


@tagged("post_install", "-at_install")
class TestWalletLegRaces(MeansMixin, ConcurrentCase):
    """What shoppers, notices and schedulers do to one balance at the same moment."""

    rivals = 16

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unused = list(cls.people)

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.rule.unlink()
        cls.others = [cls.make_activity(limit_per_user=0) for _number in range(3)]

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_teams)
        self.env["payment.provider"]._pinbu_of_wallet(self.company)
        self.next_shopper()

    @classmethod
    def clean_teams(cls):
        super().clean_teams()
        cards = cls.env["loyalty.card"].search([("partner_id", "in", cls.people.ids)]).ids
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cls.open_cr.execute("DELETE FROM pinbu_wallet_entry WHERE card_id = ANY(%s)", [cards])
        cls.open_cr.execute("DELETE FROM loyalty_card WHERE id = ANY(%s)", [cards])
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cls.open_cr.commit()
        cls.env.invalidate_all()

    def next_shopper(self):
        """Go on with somebody who has not taken part yet, and has 10.00: where risk rules are
        installed, nobody takes part again and again on one day."""
        self.ann = self.unused.pop()
        self.card = self.fill_wallet(self.ann, 10.0)
        self.open_cr.commit()

    def rounds(self, number):
        """:return: yields the id of another shopper for each round"""
        for done in range(number):
            if done:
                self.next_shopper()
            yield self.ann.id

    def check_out_everywhere(self, means=WITH_WALLET):
        """:return: the results of the shopper's checkouts in all activities at once"""
        shopper_id = self.ann.id
        wishes = [
            self.checking_out(activity=activity, means=means)
            for activity in [self.activity, *self.others]
        ]
        return self.at_once(lambda env, wish: wish(env, shopper_id), wishes)

    def orders(self, ids):
        return self.env["sale.order"].browse(ids)

    def spent(self):
        self.look_again()
        return -sum(
            entry.amount_minor
            for entry in self.card.pinbu_entry_ids
            if entry.kind in ("spend", "refund")
        )

    def check_balance(self):
        """The wallet has what it had, but for what pays for places that live."""
        self.settle_all()
        legs = self.env["pinbu.seat"].search([]).order_id._pinbu_legs()
        kept = sum(leg.amount - leg.pinbu_refunded for leg in legs)
        self.assertAlmostEqual(self.card.points, 10.0 - kept)
        self.assertEqual(self.spent(), round(kept * 100))

    def test_orders_at_once_spend_one_balance(self):
        results = self.check_out_everywhere()
        ids = [result for result in results if isinstance(result, int)]
        self.assertTrue(ids)
        self.look_again()
        held = self.seats_of(ids).filtered(lambda seat: seat.state == "held")
        self.assertEqual(len(held), 1)
        spent = [entry.amount_minor for entry in self.card.pinbu_entry_ids if entry.kind == "spend"]
        self.assertGreaterEqual(self.card.points, 0)
        self.assertLessEqual(-sum(spent) + round(self.card.points * 100), 1000)
        self.pay_all(held.order_id.ids)
        self.check_balance()
        self.assertEqual(held.state, "paid")

    def test_the_same_order_at_once(self):
        check_out = self.checking_out(means=WITH_WALLET)
        results = self.at_once(check_out, [self.ann.id] * 6)
        [order_id] = {result for result in results if isinstance(result, int)}
        self.assertEqual(self.spent(), 1000)
        self.assertEqual(len(self.orders([order_id])._pinbu_legs()), 1)
        self.pay_all([order_id])
        self.check_balance()

    def test_a_payment_from_the_wallet_alone_is_taken_once(self):
        self.fill_wallet(self.ann, 9.9)
        self.open_cr.commit()
        [order_id] = self.at_once(self.checking_out(means=WITH_WALLET), [self.ann.id])
        results = self.at_once(self.start_payment, [order_id] * 6)
        self.assertEqual(results.count("already_paid"), 5)
        self.assertEqual(self.spent(), 1990)
        self.assertEqual(self.seats_of([order_id]).state, "paid")
        self.assertTrue(self.seats_of([order_id]).team_id)
        self.assertEqual(self.card.points, 0)

    def test_notices_meet_a_change_of_the_split(self):
        """The shopper pays, and at the same time takes the wallet out of the order."""
        check_out = self.checking_out(means=WITH_WALLET)
        without = self.checking_out()
        for shopper_id in self.rounds(4):
            [order_id] = self.at_once(check_out, [shopper_id])
            [payment_id] = self.at_once(self.start_payment, [order_id])
            self.at_once(
                lambda env, step: step(env),
                [
                    lambda env, payment_id=payment_id: self.notify(env, payment_id),
                    lambda env, shopper_id=shopper_id: without(env, shopper_id),
                    lambda env, payment_id=payment_id: self.notify(env, payment_id),
                ],
            )
            self.check_balance()
            self.clean_seats_only()

    def clean_seats_only(self):
        """End this round: nobody pays for what is still held."""
        self.sql("UPDATE pinbu_seat SET hold_until = '2020-01-01' WHERE state = 'held'")
        self.settle_all()
        self.look_again()
        team = self.env["pinbu.team"].search([("state", "=", "forming")])
        for one in team:
            self.sql("UPDATE pinbu_team SET deadline = '2020-01-01' WHERE id = %s", one.id)
            self.sql("UPDATE pinbu_seat SET paid_at = '2019-01-01' WHERE team_id = %s", one.id)
        self.settle_all()
        self.check_balance()
        self.assertEqual(self.card.points, 10.0)

    def test_a_late_notice_meets_the_settlement_of_its_hold(self):
        check_out = self.checking_out(means=WITH_WALLET)
        for shopper_id in self.rounds(4):
            [order_id] = self.at_once(check_out, [shopper_id])
            [payment_id] = self.at_once(self.start_payment, [order_id])
            self.sql("UPDATE pinbu_seat SET hold_until = '2020-01-01' WHERE state = 'held'")
            self.scheduler("close")
            with self.slow("pinbu.seat", "_settle_over"):
                self.at_once(
                    lambda env, step: step(env),
                    [
                        lambda env, payment_id=payment_id: self.notify(env, payment_id),
                        lambda _env: self.scheduler("settle"),
                        lambda _env: self.scheduler("money"),
                    ],
                )
            self.check_balance()
            self.assertIn(self.seats_of([order_id]).state, ("paid", "released"))
            self.clean_seats_only()

    def test_two_schedulers_give_back_once(self):
        [order_id] = self.at_once(self.checking_out(means=WITH_WALLET), [self.ann.id])
        self.sql("UPDATE pinbu_seat SET hold_until = '2020-01-01' WHERE state = 'held'")
        self.settle_all(processes=3)
        self.assertEqual(self.spent(), 0)
        self.assertEqual(self.card.points, 10.0)
        self.assertEqual(len(self.orders([order_id]).transaction_ids), 2)
