from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.models.mail_activity_mixin import MailActivityMixin
from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from ..models.payment_transaction_worker import PaymentTransaction as Worker
from .common import GroupBuyCase
from .test_concurrency import ConcurrentCase

SCHEDULER = "odoo.addons.pinbu_groupbuy.models.payment_transaction_scheduler"
WORKER = "odoo.addons.pinbu_groupbuy.models.payment_transaction_worker"


class Killed(BaseException):
    """What no `except Exception` catches: the process is gone."""


class RefundCase(GroupBuyCase):
    def lose(self, name="1", activity=None):
        """:return: a seat of a failed team, whose refund is written down and not sent yet"""
        seat = self.join(self.shopper(name), activity=activity)
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        return seat

    def refund_of(self, seat):
        return seat.order_id.transaction_ids.filtered(lambda tx: tx.operation == "refund")

    @contextmanager
    def answers(self, send=None, query=None):
        """A provider that answers a refund with `send(tx)` and a question with `query(tx)`.

        :return: the numbers that were sent and those that were asked for
        """
        sent, asked = [], []

        def send_request(tx):
            sent.append(tx.reference)
            if send:
                send(tx)

        def answer(tx):
            asked.append(tx.reference)
            return query(tx) if query else None

        with (
            patch.object(PaymentTransaction, "_send_refund_request", send_request),
            patch.object(Worker, "_pinbu_query", answer),
            mute_logger(WORKER),
        ):
            yield sent, asked

    def move_money(self, refunds):
        """Run the scheduler when the next attempt of these refunds is due."""
        self.let_time_pass(refunds)
        self.run_scheduler("money")

    def run_until_killed(self, send):
        with self.answers(send=send):
            try:
                self.run_scheduler("money")
            except Killed:
                # Odoo's `assertRaises` would take back what was committed before.
                self.env.invalidate_all()
            else:
                self.fail("The provider was not asked.")

    @staticmethod
    def done(tx):
        tx._set_done()
        return True

    @staticmethod
    def refuse(tx):
        raise ValidationError(tx.env._("Not enough balance"))

    @staticmethod
    def break_down(tx):
        raise ConnectionError("the network is down")


@tagged("post_install", "-at_install")
class TestRefundWorker(RefundCase):
    """What happened to a refund is asked, never guessed; and it is tried until it is done."""

    def test_an_unknown_outcome_is_asked_for_and_not_sent_again(self):
        seat = self.lose()
        refund = self.refund_of(seat)
        with self.answers(send=self.break_down, query=self.done) as (sent, asked):
            self.run_scheduler("money")
            self.assertEqual((refund.state, refund.pinbu_error), ("pending", "the network is down"))
            self.move_money(refund)
        self.assertEqual((sent, asked), ([refund.reference], [refund.reference]))
        self.assertEqual(refund.state, "done")

    def test_what_the_provider_does_not_know_is_sent_again_under_its_number(self):
        refund = self.refund_of(self.lose())
        number = refund.reference
        with self.answers(send=self.break_down, query=lambda tx: False):
            self.run_scheduler("money")
        with self.answers(send=self.done, query=lambda tx: False) as (sent, asked):
            self.move_money(refund)
        self.assertEqual((sent, asked), ([number], [number]))
        self.assertEqual(refund.state, "done")

    def test_a_refund_under_way_is_neither_sent_again_nor_a_failure(self):
        refund = self.refund_of(self.lose())
        with self.answers(query=lambda tx: True) as (sent, asked):
            self.run_scheduler("money")
            for _round in range(7):
                self.move_money(refund)
        self.assertEqual((len(sent), len(asked)), (1, 7))
        self.assertEqual((refund.state, refund.pinbu_attempts), ("pending", 1))
        self.assertGreater(
            refund.pinbu_next_attempt_at, fields.Datetime.now() + timedelta(minutes=50)
        )

    def test_a_refund_that_the_provider_failed_is_sent_again(self):
        refund = self.refund_of(self.lose())

        def failed(tx):
            tx._set_error("The card is closed")
            return True

        with self.answers(send=self.break_down):
            self.run_scheduler("money")
        with self.answers(send=self.done, query=failed) as (sent, _asked):
            self.move_money(refund)
        self.assertEqual((sent, refund.state), ([refund.reference], "done"))

    def test_a_refund_that_the_provider_cancelled_is_owed_still(self):
        refund = self.refund_of(self.lose())
        refund._set_canceled()
        self.assertTrue(refund.pinbu_in_trouble)
        with self.answers(send=self.done, query=lambda tx: False):
            self.move_money(refund)
        self.assertEqual(refund.state, "done")

    def test_a_provider_that_cannot_be_asked_gets_an_hour_to_answer(self):
        refund = self.refund_of(self.lose())
        with self.answers() as (sent, _asked):
            self.run_scheduler("money")
            refund.pinbu_next_attempt_at = "2020-01-01"
            self.run_scheduler("money")
            self.assertEqual(len(sent), 1)
            self.assertGreater(refund.pinbu_next_attempt_at, fields.Datetime.now())
            self.move_money(refund)
        self.assertEqual(len(sent), 2)

    def test_a_part_that_nobody_can_ask_for_waits_for_a_person(self):
        seat = self.form_team().seat_ids[0]
        seat.transaction_id.action_refund(amount_to_refund=1.0)
        refund = self.refund_of(seat)
        with self.answers(send=self.break_down) as (sent, _asked):
            self.run_scheduler("money")
            self.move_money(refund)
        self.assertEqual(len(sent), 1)
        self.assertIn("could pay it twice", refund.pinbu_error)
        self.assertTrue(refund.pinbu_in_trouble)

    def test_no_answer_to_the_question_leaves_it_open(self):
        refund = self.refund_of(self.lose())
        with self.answers(send=self.break_down, query=self.break_down) as (sent, asked):
            self.run_scheduler("money")
            self.move_money(refund)
        self.assertEqual((len(sent), len(asked)), (1, 1))
        self.assertEqual((refund.state, refund.pinbu_attempts), ("pending", 2))

    def test_attempts_get_rarer_and_never_end(self):
        refund = self.refund_of(self.lose())
        waits = []
        with self.answers(send=self.refuse):
            for _round in range(7):
                self.move_money(refund)
                wait = refund.pinbu_next_attempt_at - fields.Datetime.now()
                waits.append(round(wait.total_seconds() / 60))
        self.assertEqual(waits, [1, 5, 15, 60, 240, 240, 240])
        self.assertEqual((refund.pinbu_attempts, refund.pinbu_error), (7, "Not enough balance"))

    def test_it_is_not_tried_before_its_time(self):
        refund = self.refund_of(self.lose())
        with self.answers(send=self.refuse) as (sent, _asked):
            for _round in range(3):
                self.run_scheduler("money")
        self.assertEqual((len(sent), refund.pinbu_attempts), (1, 1))

    def test_killed_before_the_answer(self):
        """The provider paid, the answer met no living process: it is asked for."""
        refund = self.refund_of(self.lose())

        def die(tx):
            raise Killed

        self.run_until_killed(send=die)
        self.assertEqual((refund.state, refund.pinbu_attempts), ("pending", 1))
        with self.answers(query=self.done) as (sent, _asked):
            self.move_money(refund)
        self.assertEqual((sent, refund.state), ([], "done"))

    def test_killed_after_the_answer_was_read(self):
        """What was written of the answer is lost with the process, and comes back by asking."""
        refund = self.refund_of(self.lose())

        def answer_and_die(tx):
            tx._set_done()
            raise Killed

        self.run_until_killed(send=answer_and_die)
        self.assertEqual(refund.state, "pending")
        with self.answers(query=self.done) as (sent, _asked):
            self.move_money(refund)
        self.assertEqual((sent, refund.state), ([], "done"))

    def test_an_answer_that_could_not_be_written_down_is_had_again_soon(self):
        """Somebody else changed the row in that moment; the shopper does not wait for an hour."""
        seat = self.lose()
        refund = self.refund_of(seat)

        def answer_and_lose_it(tx):
            tx._set_done()
            raise SerializationFailure("somebody was faster")

        with self.answers(send=answer_and_lose_it):
            self.run_scheduler("money")
        self.assertEqual((refund.state, bool(refund.pinbu_error)), ("pending", True))
        refund.pinbu_next_attempt_at = "2020-01-01"
        with self.answers(send=self.done) as (sent, _asked):
            self.run_scheduler("money")
        self.assertEqual((refund.state, sent), ("done", [refund.reference]))

    def test_odoos_own_scheduler_leaves_what_is_under_way(self):
        """It would change the row that the answer is about to change."""
        refund = self.refund_of(self.lose())
        with self.answers():
            self.run_scheduler("money")
        refund._post_process()
        self.assertEqual((refund.state, refund.is_post_processed), ("pending", False))
        refund._set_done()
        refund._post_process()
        self.assertTrue(refund.is_post_processed)
        receivable = refund.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertTrue(all(receivable.mapped("reconciled")))

    def test_an_answer_twice_changes_nothing(self):
        seat = self.lose()
        self.run_schedulers()
        refund = self.refund_of(seat)
        booked = refund.payment_id
        refund._set_done()
        refund._set_error("too late")
        self.run_schedulers()
        self.assertEqual((refund.state, refund.payment_id), ("done", booked))
        self.assertEqual(seat.order_id.amount_paid, 0)
        self.assertEqual(seat.transaction_id.pinbu_refunded, 19.9)
        self.assertEqual(len(self.refund_of(seat)), 1)

    def test_one_broken_refund_does_not_hold_up_others(self):
        broken, fine = (self.refund_of(self.lose(name)) for name in ("1", "2"))

        def answer(tx):
            if tx.source_transaction_id == broken.source_transaction_id:
                tx.env.cr.execute("SELECT no_such_column FROM payment_transaction")
            tx._set_done()

        with self.answers(send=answer), mute_logger("odoo.sql_db"):
            self.run_scheduler("money")
        self.assertEqual((broken.state, fine.state), ("pending", "done"))
        self.assertIn("no_such_column", broken.pinbu_error)

    def test_a_disabled_provider_loses_nothing(self):
        refund = self.refund_of(self.lose())
        self.provider.state = "disabled"
        with self.answers(send=self.done) as (sent, _asked):
            self.run_scheduler("money")
            self.assertEqual((sent, refund.state), ([], "draft"))
            self.assertTrue(refund.pinbu_error)
            self.assertTrue(refund.pinbu_in_trouble)
            self.provider.state = "test"
            self.move_money(refund)
        self.assertEqual(refund.state, "done")


@tagged("post_install", "-at_install")
class TestRefundAlert(RefundCase):
    def alerts(self, seat):
        return seat.order_id.activity_ids

    def fail_times(self, seat, times):
        with self.answers(send=self.refuse):
            for _round in range(times):
                self.move_money(self.refund_of(seat))

    def test_after_five_failures_somebody_is_told_once(self):
        seat = self.lose()
        self.fail_times(seat, 4)
        self.assertFalse(self.alerts(seat))
        self.fail_times(seat, 4)
        alert = self.alerts(seat)
        self.assertEqual(len(alert), 1)
        self.assertIn("Not enough balance", alert.note)
        self.assertTrue(alert.user_id.has_group("pinbu_groupbuy.group_manager"))
        # Put aside by a person: nobody is told again.
        alert.unlink()
        self.fail_times(seat, 2)
        self.assertFalse(self.alerts(seat))

    def test_who_made_the_activity_is_told_if_they_can_help(self):
        groups = "pinbu_groupbuy.group_user,account.group_account_invoice"
        self._fail_activity_of(olga := new_test_user(self.env, "olga", groups=groups))
        self.assertEqual(self.alerts(self.seat).user_id, olga)

    def test_nobody_is_told_who_may_not_touch_refunds(self):
        self._fail_activity_of(new_test_user(self.env, "olga", groups="pinbu_groupbuy.group_user"))
        told = self.alerts(self.seat).user_id
        self.assertTrue(told.has_group("pinbu_groupbuy.group_manager"), told.login)

    def _fail_activity_of(self, user):
        activity = self.make_activity()
        self.env.cr.execute(
            "UPDATE pinbu_activity SET create_uid = %s WHERE id = %s", [user.id, activity.id]
        )
        activity.invalidate_recordset()
        self.seat = self.lose(activity=activity)
        self.fail_times(self.seat, 5)

    def test_the_task_ends_with_the_refund(self):
        seat = self.lose()
        self.fail_times(seat, 5)
        with self.answers(send=self.done):
            self.move_money(self.refund_of(seat))
        self.assertFalse(self.alerts(seat))

    def test_a_task_that_cannot_be_given_keeps_no_refund_back(self):
        seat = self.lose()
        refuse = patch.object(MailActivityMixin, "activity_schedule", self.break_down)
        with refuse, mute_logger(SCHEDULER):
            self.fail_times(seat, 5)
        self.assertFalse(self.alerts(seat))
        self.fail_times(seat, 1)
        self.assertEqual(len(self.alerts(seat)), 1)


@tagged("post_install", "-at_install")
class TestPaymentsInFlight(RefundCase):
    """What the provider knows of a payment whose notice did not come."""

    def test_a_payment_whose_notice_is_lost_is_found(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        paid_at = fields.Datetime.now() - timedelta(minutes=3)

        def paid(tx):
            tx.pinbu_paid_at = paid_at
            return self.done(tx)

        with self.answers(query=paid) as (_sent, asked):
            order._pinbu_refresh_payment()
        self.assertEqual((asked, tx.state), ([tx.reference], "done"))
        self.assertEqual(order.seat_ids.state, "paid")
        self.assertEqual(order.seat_ids.transaction_id, tx)
        self.assertEqual(order.seat_ids.paid_at, paid_at)

    def test_only_open_payments_are_asked_for(self):
        order = self.join(self.shopper("1")).order_id
        with self.answers(query=self.done) as (_sent, asked):
            order._pinbu_refresh_payment()
        self.assertFalse(asked)

    def test_a_provider_that_is_down_leaves_the_payment_open(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()

        def break_down_half_way(tx):
            tx.provider_reference = "half"
            raise ConnectionError("down")

        with (
            self.answers(query=break_down_half_way),
            mute_logger("odoo.addons.pinbu_groupbuy.models.payment_transaction"),
        ):
            order._pinbu_refresh_payment()
        self.assertEqual((tx.state, tx.provider_reference), ("draft", False))
        self.assertEqual(order.seat_ids.state, "held")


@tagged("post_install", "-at_install")
class TestRefundLocks(ConcurrentCase):
    """Committed data and real cursors: what a savepoint cannot show."""

    def commit_refund(self):
        """:return: the id of a committed refund of a booked payment"""

        def make(env):
            provider = self.provider.with_env(env)
            payment = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids.id,
                    "reference": f"locks-{self.id()}",
                    "amount": 19.9,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.people[0].id,
                    "operation": "online_direct",
                    "state": "done",
                    "is_post_processed": True,
                }
            )
            return payment._pinbu_create_refund(19.9, "released").id

        refund_id = self.committed(make)
        self.addCleanup(self.remove, refund_id)
        return refund_id

    def remove(self, refund_id):
        def unlink(env):
            refund = env["payment.transaction"].browse(refund_id)
            (refund | refund.source_transaction_id).unlink()

        self.committed(unlink)

    def move_money(self, refund_id, send):
        """Run the scheduler's step for this refund with a provider that does `send(tx)`."""
        with (
            patch.object(PaymentTransaction, "_send_refund_request", send),
            self.registry.cursor() as cr,
        ):
            refund = api.Environment(cr, SUPERUSER_ID, {})["payment.transaction"].browse(refund_id)
            refund._alone(Domain.TRUE, refund._pinbu_send_refund)
        self.env.cr.rollback()
        self.env.invalidate_all()
        return self.env["payment.transaction"].browse(refund_id)

    def test_no_lock_is_held_while_the_provider_is_asked(self):
        refund_id = self.commit_refund()
        seen = []

        def send(tx):
            with self.registry.cursor() as cr:
                cr.execute(
                    """
                    SELECT state FROM payment_transaction
                     WHERE id = ANY(%s) FOR UPDATE NOWAIT
                    """,
                    [(tx | tx.source_transaction_id).ids],
                )
                seen.extend(cr.fetchall())

        self.move_money(refund_id, send)
        self.assertEqual(sorted(seen), [("done",), ("pending",)])

    def test_a_notice_that_overtakes_the_answer_wins(self):
        """The provider's notice is committed while its answer, an error, is on its way."""
        refund_id = self.commit_refund()

        def send(tx):
            self.committed(
                lambda env: env["payment.transaction"].browse(refund_id)._set_done() and None
            )
            raise ValidationError(tx.env._("Not enough balance"))

        with mute_logger("odoo.sql_db", "odoo.addons.payment.models.payment_transaction"):
            refund = self.move_money(refund_id, send)
        self.assertEqual(refund.state, "done")
