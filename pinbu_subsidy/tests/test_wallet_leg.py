from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.tests.invariants import assert_money, assert_settled

from .means_common import WITH_WALLET, MeansMixin


@tagged("post_install", "-at_install")
class TestWalletLeg(MeansMixin, TransactionCase):
    """19.90 to pay, 10.00 in the wallet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben, cls.carl = cls.shoppers(3)

    def setUp(self):
        super().setUp()
        self.card = self.fill_wallet(self.ann, 10.0)

    def order_with_wallet(self, team=None, **kwargs):
        return self.checkout(self.ann, team, means=WITH_WALLET, **kwargs)

    def settle(self):
        for _round in range(3):
            self.skip_delay()
            self.run_schedulers()
        self.env.flush_all()
        assert_settled(self.env.cr)
        assert_money(self.env, self.env["pinbu.seat"].search([]).order_id)
        self.check_ledger()

    def booked(self, orders):
        """:return: what the books hold of these orders' payments, account by account"""
        lines = orders.transaction_ids.payment_id.move_id.line_ids
        return {
            account: self.company.currency_id.round(sum(own.mapped("balance")))
            for account, own in lines.grouped("account_id").items()
        }

    def test_the_wallet_is_debited_at_checkout(self):
        order = self.order_with_wallet()
        self.assertEqual(self.card.points, 0)
        self.assertEqual(self.moves(self.card), [("spend", -1000)])
        [leg] = order.transaction_ids
        self.assertEqual((leg.provider_code, leg.state, leg.amount), ("wallet", "done", 10.0))
        self.assertEqual(order.seat_ids.state, "held")
        self.assertEqual(order.pinbu_wallet_amount, 10.0)

        payment = order._pinbu_start_payment()
        self.assertEqual((payment.provider_code, payment.amount), ("none", 9.9))
        payment._set_done()
        seat = order.seat_ids
        self.assertEqual((seat.state, seat.transaction_id), ("paid", payment))

    def test_the_same_money_is_spent_once(self):
        first = self.order_with_wallet()
        other = self.make_activity(product=self.make_product("Nuts", 10))
        second = self.order_with_wallet(activity=other)
        self.assertEqual(first.seat_ids.state, "released")
        self.assertFalse(second.transaction_ids)
        self.assertEqual(second._pinbu_amount_due(), 19.9)
        self.settle_released(first)

    def settle_released(self, order):
        self.skip_delay()
        self.run_scheduler("settle")
        self.run_scheduler("money")
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])
        self.assertEqual(self.card.points, 10.0)
        self.assertEqual(set(order.transaction_ids.mapped("state")), {"done"})

    def test_a_lapsed_hold_gives_it_back(self):
        order = self.order_with_wallet()
        self.let_lapse(order.seat_ids)
        self.settle()
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])
        self.assertAlmostEqual(order.amount_paid, 0)
        self.assertEqual(set(self.booked(order).values()), {0})

    def test_a_failed_team_pays_each_part_back_where_it_came_from(self):
        team = self.pay(self.order_with_wallet()).seat_ids.team_id
        order = team.order_ids
        self.join(self.ben, team)
        self.pass_deadline(team)
        self.settle()
        refunds = order.transaction_ids.filtered(lambda tx: tx.operation == "refund")
        self.assertEqual(
            {(tx.provider_code, tx.amount) for tx in refunds}, {("wallet", -10.0), ("none", -9.9)}
        )
        for refund in refunds:
            self.assertEqual(refund.provider_id, refund.source_transaction_id.provider_id)
            payments = (refund | refund.source_transaction_id).payment_id
            self.assertEqual(len(payments), 2)
            receivable = payments.move_id.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            self.assertTrue(all(receivable.mapped("reconciled")))
        self.assertEqual(set(self.booked(order).values()), {0})
        self.assertAlmostEqual(order.amount_paid, 0)
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])
        # Once, whatever is run again.
        self.settle()
        self.assertEqual(self.card.points, 10.0)

    def test_a_formed_team_keeps_both_parts(self):
        team = self.pay(self.order_with_wallet()).seat_ids.team_id
        self.join(self.ben, team)
        self.join(self.carl, team)
        self.settle()
        self.assertEqual(team.state, "formed")
        order = team.order_ids.filtered(lambda order: order.partner_id == self.ann)
        self.assertAlmostEqual(order.amount_paid, 19.9)
        self.assertEqual(self.moves(self.card), [("spend", -1000)])
        return order

    def test_the_merchant_cancels_what_was_won(self):
        order = self.test_a_formed_team_keeps_both_parts()
        order._action_cancel()
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=order.seat_ids.ids)
        self.settle()
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])
        self.assertAlmostEqual(order.amount_paid, 0)

    def test_a_part_is_refunded_by_hand(self):
        """Each payment is refunded by itself: the merchant says how much of which."""
        order = self.test_a_formed_team_keeps_both_parts()
        leg = order._pinbu_legs()
        leg.action_refund(amount_to_refund=4.0)
        self.settle()
        leg.action_refund(amount_to_refund=6.0)
        self.settle()
        self.assertEqual(
            self.moves(self.card), [("spend", -1000), ("refund", 400), ("refund", 600)]
        )
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            leg.action_refund(amount_to_refund=0.01)
            self.env.flush_all()

    def test_a_member_who_leaves(self):
        self.activity.write({"allow_leaving": True})
        seat = self.pay(self.order_with_wallet()).seat_ids
        self.join(self.ben, seat.team_id)
        seat._leave()
        self.settle_team(seat)
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])

    def settle_team(self, seat):
        self.skip_delay()
        self.run_schedulers()
        self.assertAlmostEqual(seat.order_id.amount_paid, 0)

    def test_the_wallet_pays_all(self):
        self.fill_wallet(self.ann, 20.0)
        order = self.order_with_wallet()
        self.assertEqual(order._pinbu_amount_due(), 0)
        self.assertEqual(order.seat_ids.state, "held")
        payment = order._pinbu_start_payment()
        self.assertEqual((payment.state, payment.amount), ("done", 19.9))
        self.env.invalidate_all()
        self.assertEqual(order.seat_ids.state, "paid")
        self.assertEqual(order.seat_ids.transaction_id, payment)
        self.assertTrue(order.seat_ids.team_id)
        self.assertEqual(self.refusal_of(order._pinbu_start_payment), "already_paid")
        self.pass_deadline(order.seat_ids.team_id)
        self.settle()
        self.assertEqual(self.card.points, 30.0)

    def test_another_quantity_is_split_again(self):
        self.fill_wallet(self.ann, 15.0)
        self.activity.max_quantity = 3
        order = self.order_with_wallet(quantity=2)
        self.assertEqual((order._pinbu_amount_due(), self.card.points), (14.8, 0))
        pending = order._pinbu_start_payment()
        # Fewer: what the wallet has paid too much goes back, the old payment is closed.
        again = self.order_with_wallet(quantity=1)
        self.assertEqual(again, order)
        self.assertEqual(pending.state, "cancel")
        self.assertEqual((order._pinbu_amount_due(), order.pinbu_wallet_amount), (0, 19.9))
        self.run_scheduler("money")
        self.assertEqual(self.card.points, 5.1)
        self.assertFalse(order.seat_ids.refund_state)
        # More again: what is there now is taken as well.
        self.order_with_wallet(quantity=3)
        self.assertEqual((order._pinbu_amount_due(), self.card.points), (34.7, 0))
        # The old payment comes after all: it is another sum, and goes back.
        pending._set_done()
        self.assertEqual(order.seat_ids.state, "held")
        self.pay(order)
        self.assertEqual(order.seat_ids.state, "paid")
        self.settle_paid(order)
        self.assertEqual(pending.pinbu_refunded, 14.8)
        self.assertAlmostEqual(order.amount_paid, 59.7)

    def settle_paid(self, order):
        self.skip_delay()
        self.run_schedulers()
        self.env.flush_all()
        self.check_ledger()
        assert_money(self.env, order)

    def test_the_shopper_thinks_better_of_it(self):
        order = self.order_with_wallet()
        self.assertEqual(self.checkout(self.ann), order)
        self.assertEqual((order._pinbu_amount_due(), order.pinbu_wallet_amount), (19.9, 0))
        self.run_scheduler("money")
        self.assertEqual(self.card.points, 10.0)
        self.assertEqual(self.order_with_wallet(), order)
        self.assertEqual((order._pinbu_amount_due(), self.card.points), (9.9, 0))
        self.pay(order)
        self.assertEqual(order.seat_ids.state, "paid")
        self.settle_paid(order)
        self.assertAlmostEqual(order.amount_paid, 19.9)

    def test_impatient_taps_take_nothing_more(self):
        order = self.order_with_wallet()
        self.order_with_wallet()
        self.assertEqual(len(order.transaction_ids), 1)
        self.assertEqual(self.moves(self.card), [("spend", -1000)])

    def test_a_late_payment_whose_wallet_part_is_gone_is_refunded(self):
        order = self.order_with_wallet()
        payment = order._pinbu_start_payment()
        self.let_lapse(order.seat_ids)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        self.assertEqual(self.card.points + order._pinbu_legs().pinbu_refunded, 10.0)
        payment._set_done()
        self.assertEqual(order.seat_ids.state, "released")
        self.settle()
        self.assertEqual((payment.pinbu_refunded, self.card.points), (9.9, 10.0))

    def test_a_notice_that_has_not_seen_its_wallet_part_go(self):
        order = self.order_with_wallet()
        payment = order._pinbu_start_payment()
        self.let_lapse(order.seat_ids)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        # On its older snapshot the notice took it for the amount due, and counts it now.
        payment.state = "done"
        order.seat_ids._count_payment(payment.id)
        self.assertEqual(order.seat_ids.state, "released")
        self.settle()
        self.assertEqual((payment.pinbu_refunded, self.card.points), (9.9, 10.0))

    def test_a_late_payment_that_overtakes_settlement_gets_its_place_again(self):
        order = self.order_with_wallet()
        payment = order._pinbu_start_payment()
        self.let_lapse(order.seat_ids)
        self.run_scheduler("close")
        self.assertEqual(order.seat_ids.state, "released")
        payment._set_done()
        self.assertEqual(order.seat_ids.state, "paid")
        self.settle_paid(order)
        self.assertAlmostEqual(order.amount_paid, 19.9)
        self.assertEqual(self.moves(self.card), [("spend", -1000)])

    def test_a_notice_that_comes_twice(self):
        order = self.order_with_wallet()
        payment = order._pinbu_start_payment()
        payment._set_done()
        payment._set_done()
        self.settle_paid(order)
        self.assertAlmostEqual(order.amount_paid, 19.9)

    def test_a_refund_that_dies_before_its_answer(self):
        order = self.order_with_wallet()
        order._pinbu_cancel()
        self.run_scheduler("settle")
        [refund] = order.transaction_ids.filtered(lambda tx: tx.operation == "refund")
        # As a process leaves it that is killed while it sends.
        refund._set_pending()
        refund.write({"pinbu_attempts": 1, "pinbu_next_attempt_at": "2020-01-01"})
        self.run_scheduler("money")
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.moves(self.card), [("spend", -1000), ("refund", 1000)])

    def test_nobody_is_offered_the_wallet_elsewhere(self):
        self.order_with_wallet()
        providers = self.env["payment.provider"]
        wallet = providers._pinbu_of_wallet(self.company)
        self.assertFalse(wallet.is_published)
        self.assertNotIn(
            wallet, providers._get_compatible_providers(self.company.id, self.ann.id, 1.0)
        )
        with self.assertRaises(ValidationError):
            wallet.is_published = True
        # It moves no money of the outside world: a demo stays a demo.
        providers.search([("code", "!=", "wallet"), ("state", "=", "enabled")]).state = "disabled"
        self.assertFalse(providers._pinbu_real_provider_enabled())

    def test_only_fresh_money_is_promised_anything(self):
        orders = [
            self.order_with_wallet(),
            self.checkout(self.ben, means=WITH_WALLET),
            self.checkout(self.carl),
        ]
        promises = [order.pinbu_promise for order in orders]
        self.assertEqual([promise["reserved"] for promise in promises], [False, True, True])
        self.assertEqual(
            [promise["reason"] for promise in promises], ["not_fresh_money", None, None]
        )
