from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from ..exceptions import PinbuError
from ..transactions import short_transaction
from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestMoney(GroupBuyCase):
    """Every yuan ends as a deliverable order or as a full refund, once."""

    def refunds(self, order):
        return order.transaction_ids.filtered(lambda tx: tx.operation == "refund")

    def test_failed_team_is_refunded_in_full(self):
        seats = self.join(self.shopper("1"))
        team = seats.team_id
        seats |= self.join(self.shopper("2"), team)
        self.run_schedulers()
        self.assertEqual(set(seats.order_id.mapped("state")), {"sale"})
        self.pass_deadline(team)
        self.run_schedulers(3)
        self.assertEqual(team.state, "settled")
        self.assertEqual(team.failure, "deadline")
        for seat in seats:
            refund = self.refunds(seat.order_id)
            self.assertEqual((refund.state, refund.amount), ("done", -19.9))
            self.assertEqual(refund.source_transaction_id, seat.transaction_id)
            self.assertEqual((seat.state, seat.refund_state), ("lost", "done"))
            self.assertEqual(seat.order_id.state, "cancel")
            self.assertEqual(set(seat.order_id.picking_ids.mapped("state")), {"cancel"})
            self.assertEqual(seat.order_id.amount_paid, 0)

    def test_settling_again_refunds_once(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_schedulers()
        for _again in range(3):
            self.env["pinbu.settlement"]._enqueue(
                self.env.cr, seat_ids=seat.ids, team_ids=seat.team_id.ids
            )
            self.run_schedulers()
        self.assertEqual(len(self.refunds(seat.order_id)), 1)
        self.assertEqual(seat.transaction_id.pinbu_refunded, 19.9)
        self.assertFalse(self.env["pinbu.settlement"].search([("attempts", ">", 0)]))

    def test_second_payment_for_the_same_place_goes_back(self):
        order = self.checkout(self.shopper("1"))
        first = order._pinbu_start_payment()
        second = first.copy({"reference": "again", "sale_order_ids": [(6, 0, order.ids)]})
        first._set_done()
        second._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.transaction_id, first)
        self.assertEqual(order.seat_ids.state, "paid")
        self.assertEqual(self.refunds(order).source_transaction_id, second)
        self.assertEqual(self.refunds(order).state, "done")

    def test_notice_twice(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        tx._set_done()
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.team_id.seats_paid, 1)
        self.assertFalse(self.refunds(order))

    def test_payment_after_the_hold_takes_the_place_again(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("2"), team)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.run_schedulers()
        self.assertEqual((order.state, tx.state, team.seats_taken), ("cancel", "cancel", 1))
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "paid")
        self.assertEqual((team.seats_taken, team.seats_paid), (2, 2))
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.refunds(order))

    def test_payment_after_the_place_is_gone_goes_back(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.join(self.shopper("2"), team)
        self.join(self.shopper("3"), team)
        self.assertEqual(team.state, "formed")
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(self.refunds(order).state, "done")
        self.assertEqual((team.seats_taken, team.seats_paid, team.size), (3, 3, 3))

    def test_payment_owed_back_takes_no_place_any_more(self):
        """The place gets free again after the refund was written down: no goods for free."""
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        rivals = [self.checkout(self.shopper(name), team) for name in ("2", "3")]
        tx._set_done()
        self.run_scheduler("settle")
        self.assertEqual(self.refunds(order).state, "draft")
        rivals[0]._pinbu_cancel()
        order.seat_ids._count_payment(tx.id)
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(self.refunds(order).state, "done")
        self.assertEqual(team.seats_taken, 2)

    def test_refused_late_payment_keeps_no_quota(self):
        activity = self.make_activity(size=2, quota=5)
        team = self.join(self.shopper("1"), activity=activity).team_id
        order = self.checkout(self.shopper("late"), team)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.join(self.shopper("2"), team)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(activity.line_ids.quota_taken, 2)

    def test_late_payment_respects_the_limit(self):
        shopper = self.shopper("twice")
        order = self.checkout(shopper)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.join(shopper)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(self.refunds(order).state, "done")

    def test_payment_of_what_was_ordered_before_is_not_taken(self):
        """The seat asks for three, the payment was for one: it goes back."""
        activity = self.make_activity(max_quantity=3)
        shopper = self.shopper("1")
        order = self.checkout(shopper, activity=activity)
        tx = order._pinbu_start_payment()
        line = activity.line_ids
        # Killed between the claim of three pieces and the change of the order.
        with short_transaction(self.env) as cr:
            self.env["pinbu.seat"]._renew_hold(cr, order.seat_ids.id, line, 3)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "held")
        self.assertEqual(self.refunds(order).source_transaction_id, tx)
        # The shopper comes back and pays for three.
        self.assertEqual(order._pinbu_start_payment().amount, 59.7)

    def test_a_paid_hold_is_not_renewed(self):
        activity = self.make_activity(max_quantity=3)
        seat = self.join(self.shopper("1"), activity=activity)
        with short_transaction(self.env) as cr:
            renewed = self.env["pinbu.seat"]._renew_hold(cr, seat.id, activity.line_ids, 3)
        self.assertFalse(renewed)
        self.assertEqual(seat.quantity, 1)
        with self.assertRaises(PinbuError) as caught:
            seat._check_still_held()
        self.assertEqual(caught.exception.code, "already_paid")

    def test_cancelled_after_winning_stays_cancelled(self):
        seat = self.form_team().seat_ids[0]
        seat.order_id.action_cancel()
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=seat.ids)
        self.run_schedulers()
        self.assertEqual(seat.order_id.state, "cancel")
        self.assertEqual(set(seat.order_id.picking_ids.mapped("state")), {"cancel"})
        # The shopper gets nothing, and so pays nothing.
        self.assertEqual((seat.state, seat.refund_state, seat.refund_amount), ("won", "done", 19.9))

    def test_cancelled_after_shipping_keeps_the_money(self):
        """From then on returns and credit notes are Odoo's own."""
        seat = self.form_team().seat_ids[0]
        seat.order_id.picking_ids.button_validate()
        seat.order_id._action_cancel()
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=seat.ids)
        self.run_schedulers()
        self.assertFalse(seat.refund_state)

    def test_a_partial_refund_leaves_the_rest_owed(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        seat.transaction_id.action_refund(amount_to_refund=5.0)
        self.run_schedulers(3)
        self.assertEqual(sorted(self.refunds(seat.order_id).mapped("amount")), [-14.9, -5.0])
        self.assertEqual(seat.team_id.state, "settled")

    def test_a_partial_refund_is_never_repeated_blindly(self):
        seat = self.form_team().seat_ids[0]
        seat.transaction_id.action_refund(amount_to_refund=1.0)
        refund = self.refunds(seat.order_id)
        sent = []
        with patch.object(PaymentTransaction, "_send_refund_request", lambda tx: sent.append(tx)):
            for _round in range(3):
                self.run_scheduler("money")
                self.let_time_pass(refund)
        self.assertEqual(len(sent), 1)
        self.assertEqual(refund.state, "pending")

    def test_an_answer_outlives_a_failure_to_book_it(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        book = PaymentTransaction._post_process

        def fail_for_refunds(txs):
            if "refund" in txs.mapped("operation"):
                raise RuntimeError("locked period")
            book(txs)

        with (
            self.refunds_answered(),
            patch.object(PaymentTransaction, "_post_process", fail_for_refunds),
            mute_logger("odoo.addons.pinbu_groupbuy.models.payment_transaction_scheduler"),
        ):
            self.run_scheduler("money")
        refund = self.refunds(seat.order_id)
        self.assertEqual((refund.state, refund.is_post_processed), ("done", False))
        self.run_schedulers()
        self.assertTrue(refund.is_post_processed)

    def test_payment_after_the_deadline_goes_back(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team)
        tx = order._pinbu_start_payment()
        self.pass_deadline(team)
        tx._set_done()
        self.run_schedulers(3)
        self.assertEqual(team.state, "settled")
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(self.refunds(order).state, "done")

    def test_process_dies_after_the_payment(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        with patch(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction.after_commit",
            lambda env, function: None,
        ):
            tx._set_done()
        self.assertFalse(order.seat_ids.team_id)
        self.run_schedulers()
        self.assertEqual(order.seat_ids.team_id.seats_paid, 1)

    def test_duplicate_whose_process_dies_and_is_booked_by_odoo(self):
        order = self.checkout(self.shopper("1"))
        first = order._pinbu_start_payment()
        second = first.copy({"reference": "again", "sale_order_ids": [(6, 0, order.ids)]})
        first._set_done()
        with patch(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction.after_commit",
            lambda env, function: None,
        ):
            second._set_done()
        second._post_process()
        self.skip_delay()
        self.run_schedulers(3)
        self.assertEqual(self.refunds(order).source_transaction_id, second)
        self.assertEqual(self.refunds(order).state, "done")

    def test_late_payment_whose_process_dies(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.activity.action_stop()
        self.run_schedulers()
        with patch(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction.after_commit",
            lambda env, function: None,
        ):
            tx._set_done()
        self.skip_delay()
        self.run_schedulers(3)
        self.assertEqual(self.refunds(order).state, "done")

    def test_refund_that_fails_is_repeated_under_its_number(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)

        def refuse(tx):
            raise ValidationError(tx.env._("Not enough balance"))

        self.run_scheduler("close")
        self.run_scheduler("settle")
        with patch.object(PaymentTransaction, "_send_refund_request", refuse):
            self.run_scheduler("money")
        refund = self.refunds(seat.order_id)
        reference = refund.reference
        self.assertEqual((refund.state, seat.refund_state), ("error", "failed"))
        self.assertEqual(seat.team_id.state, "failed")
        refund.pinbu_next_attempt_at = "2020-01-01"
        self.run_schedulers()
        refund = self.refunds(seat.order_id)
        self.assertEqual((refund.state, refund.reference), ("done", reference))
        self.assertEqual(seat.team_id.state, "settled")

    def test_no_refund_before_its_payment_is_booked(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        refund = self.refunds(seat.order_id)
        self.assertFalse(seat.transaction_id.is_post_processed)
        refund._pinbu_send_refund()
        self.assertEqual(refund.state, "draft")

    def test_one_broken_refund_does_not_hold_up_the_others(self):
        seats = self.join(self.shopper("1")) | self.join(self.shopper("2"))
        for seat in seats:
            self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        self.run_scheduler("settle")

        def answer(tx):
            if tx.source_transaction_id == seats[0].transaction_id:
                raise RuntimeError("the network is down")
            tx._set_done()

        with (
            patch.object(PaymentTransaction, "_send_refund_request", answer),
            mute_logger("odoo.addons.pinbu_groupbuy.models.payment_transaction_worker"),
        ):
            self.run_scheduler("money")
        broken, fine = (self.refunds(seat.order_id) for seat in seats)
        self.assertEqual((broken.state, fine.state), ("pending", "done"))
        self.assertEqual(seats[0].refund_state, "sent")
        self.run_schedulers()
        self.assertEqual(broken.state, "pending")
        # Nobody knows what became of it: it is asked for again, under its number.
        self.let_time_pass(broken)
        self.run_schedulers()
        self.assertEqual(broken.state, "done")

    def test_other_sums_are_refused(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        with self.assertRaises(ValidationError):
            tx.copy({"reference": "one fen", "amount": 0.01, "sale_order_ids": [(6, 0, order.ids)]})

    def test_refund_button_keeps_off_a_forming_seat(self):
        seat = self.join(self.shopper("1"))
        with self.assertRaises(UserError):
            seat.transaction_id.action_refund()

    def test_refund_button_after_winning_cannot_exceed_the_payment(self):
        team = self.form_team()
        seat = team.seat_ids[0]
        seat.transaction_id.action_refund(amount_to_refund=5.0)
        self.run_schedulers()
        self.assertEqual(self.refunds(seat.order_id).amount, -5.0)
        seat.order_id.picking_ids.button_validate()
        with self.assertRaisesRegex(Exception, "pinbu_refunded"), self.cr.savepoint():
            seat.transaction_id.action_refund()
            self.env.flush_all()

    def test_refund_button_does_not_give_the_goods_away(self):
        order = self.form_team().order_ids[0]
        payment = order.seat_ids.transaction_id
        payment.action_refund(amount_to_refund=5.0)
        for amount in (None, 14.9):
            with self.refusing("cancel|取消"):
                payment.action_refund(amount_to_refund=amount)
        order.picking_ids.button_validate()
        payment.action_refund(amount_to_refund=14.9)
        self.assertEqual(sorted(self.refunds(order).mapped("amount")), [-14.9, -5.0])

    def test_what_a_member_ordered_stays(self):
        order = self.checkout(self.shopper("1"))
        seller = new_test_user(self.env, "seller", groups="pinbu_groupbuy.group_user")
        order = order.with_user(seller)
        for attempt in (
            lambda: order.order_line.write({"price_unit": 0.01}),
            lambda: order.order_line.unlink(),
            lambda: order.write({"order_line": [Command.create({"product_id": self.product.id})]}),
            lambda: order.write({"state": "sale"}),
            lambda: order.unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                attempt()

    def test_the_merchant_may_cancel_what_is_not_paid(self):
        order = self.checkout(self.shopper("1"))
        order.with_user(
            new_test_user(self.env, "seller", groups="pinbu_groupbuy.group_user")
        ).action_cancel()
        self.assertEqual((order.state, order.seat_ids.state), ("cancel", "released"))

    def test_two_payments_are_not_opened(self):
        order = self.checkout(self.shopper("1"))
        self.assertEqual(order._pinbu_start_payment(), order._pinbu_start_payment())

    def test_an_order_cannot_be_confirmed_or_cancelled_past_its_team(self):
        order = self.checkout(self.shopper("1"))
        with self.assertRaises(UserError):
            order.action_confirm()
        self.pay(order)
        self.run_schedulers()
        with self.assertRaises(UserError):
            order.action_cancel()
        with self.assertRaises(UserError):
            order._create_invoices()
