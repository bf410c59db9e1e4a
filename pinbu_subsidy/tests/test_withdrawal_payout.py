from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user, tagged

from ..models.pinbu_withdrawal_trouble import ATTEMPTS_BEFORE_ALERT
from .test_withdrawal import WithdrawalCase


@tagged("post_install", "-at_install")
class TestPayouts(WithdrawalCase):
    """What happened at the provider is asked, never guessed."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(self.gateway())
        self.withdrawal = self.withdraw(self.partner)
        self.number = self.withdrawal.number

    def asked(self, what):
        return [number for call, number in self.gate.calls if call == what]

    def tell(self, **data):
        """The provider's notice, from its controller."""
        self.withdrawals._find_by_number(self.number)._process_payout_notice(data)
        self.env.flush_all()

    def assert_once(self, state, points):
        self.assertEqual((self.withdrawal.state, self.points(self.partner)), (state, points))
        self.assertEqual(len(set(self.asked("send"))), 1)
        self.check_ledger()

    def test_sent_confirmed_and_paid(self):
        self.run_payouts()
        self.assertEqual(self.withdrawal.state, "confirm")
        self.assertEqual(self.withdrawal.confirm_params["package"], "p")
        self.gate.bills[self.number]["state"] = "done"
        self.run_payouts(self.withdrawal)
        self.assertEqual(self.asked("send"), [self.number])
        self.assertEqual(self.withdrawal.provider_reference, "bill-1")
        self.assert_once("done", 4000)

    def test_failed_and_credited_back(self):
        self.run_payouts()
        self.gate.bills[self.number]["state"] = "failed"
        self.run_payouts(self.withdrawal)
        self.assert_once("failed", 5000)
        self.assertEqual(self.withdrawal.failure, "not_paid")

    def test_a_request_that_never_arrived_is_sent_again_under_its_number(self):
        self.gate.broken = ("send",)
        self.run_payouts()
        self.assertEqual(
            (self.withdrawal.state, self.withdrawal.error), ("sent", "the network is down")
        )
        self.assertTrue(self.withdrawal.in_trouble)
        self.gate.broken = ()
        self.run_payouts(self.withdrawal)
        self.assertEqual(self.asked("send"), [self.number] * 2)
        self.assertEqual(self.asked("query"), [self.number])
        self.assert_once("confirm", 4000)
        self.assertFalse(self.withdrawal.in_trouble)

    def test_an_unknown_outcome_is_asked_for(self):
        self.gate.deaf = ("send",)
        self.run_payouts()
        self.assertEqual(self.withdrawal.state, "sent")
        self.gate.bills[self.number]["state"] = "done"
        self.run_payouts(self.withdrawal)
        self.assertEqual((len(self.asked("send")), len(self.asked("query"))), (1, 1))
        self.assert_once("done", 4000)

    def test_killed_between_sending_and_the_answer(self):
        self.gate.kill_at = "send"
        self.run_until_killed()
        self.assertEqual((self.withdrawal.state, self.withdrawal.attempts), ("sent", 1))
        self.gate.kill_at = None
        self.run_payouts(self.withdrawal)
        self.assertEqual((len(self.asked("send")), len(self.asked("query"))), (1, 1))
        self.assert_once("confirm", 4000)

    def test_killed_while_it_asks(self):
        self.run_payouts()
        self.gate.bills[self.number]["state"] = "failed"
        self.gate.kill_at = "query"
        self.withdrawal.next_attempt_at = "2020-01-01"
        self.run_until_killed()
        self.assertEqual(self.points(self.partner), 4000)
        self.gate.kill_at = None
        self.run_payouts(self.withdrawal)
        self.assert_once("failed", 5000)

    def test_attempts_get_rarer_and_an_accountant_is_told_once(self):
        self.gate.broken = ("send", "query")
        waits = []
        for _round in range(7):
            self.run_payouts(self.withdrawal)
            wait = self.withdrawal.next_attempt_at - fields.Datetime.now()
            waits.append(round(wait.total_seconds() / 60))
            told = len(self.withdrawal.activity_ids)
            self.assertEqual(told, int(len(waits) >= ATTEMPTS_BEFORE_ALERT))
        self.assertEqual(waits, [1, 5, 15, 60, 240, 240, 240])
        self.assertEqual(self.withdrawal.activity_ids.user_id, self.company._pinbu_payout_user())
        self.assertIn("network", self.withdrawal.activity_ids.note)
        self.gate.broken = ()
        self.run_payouts(self.withdrawal)
        self.assertFalse(self.withdrawal.activity_ids)
        self.assert_once("confirm", 4000)

    def test_it_is_not_tried_before_its_time(self):
        self.gate.broken = ("send", "query")
        for _round in range(3):
            self.run_payouts()
        self.assertEqual(len(self.gate.calls), 1)

    def test_an_accountant_retries(self):
        self.gate.broken = ("send",)
        self.run_payouts()
        self.gate.broken = ()
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        self.withdrawal.with_user(accountant).action_retry()
        self.run_payouts()
        self.assert_once("confirm", 4000)

    def test_a_provider_that_cannot_be_asked_waits_for_a_person(self):
        self.gate.deaf = ("send",)
        self.run_payouts()
        with patch.object(self.registry["pinbu.withdrawal"], "_query_payout", lambda one: None):
            self.run_payouts(self.withdrawal)
        self.assertEqual(len(self.asked("send")), 1)
        self.assertIn("cannot be asked", self.withdrawal.error)
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        self.withdrawal.with_user(accountant)._settle_by_hand("paid", "seen at the provider")
        self.assert_once("done", 4000)

    def test_notices_late_twice_and_out_of_order(self):
        self.run_payouts()
        self.tell(state="sent")
        self.assertEqual(self.withdrawal.state, "sent")
        self.tell(state="confirm", confirm={"package": "again"})
        self.assertEqual(self.withdrawal.confirm_params, {"package": "again"})
        self.tell(state="done")
        self.tell(state="done")
        for state in ("confirm", "sent"):
            self.tell(state=state)
        self.assert_once("done", 4000)
        self.assertFalse(self.withdrawal.in_trouble)
        finished = [row for row in self.withdrawal.transition_ids if row.to_state == "done"]
        self.assertEqual(len(finished), 1)

    def test_a_notice_that_overtakes_the_answer(self):
        self.gate.deaf = ("send",)
        self.run_payouts()
        self.tell(state="failed")
        self.tell(state="failed")
        self.assert_once("failed", 5000)
        self.run_payouts(self.withdrawal)
        self.assertEqual(self.asked("query"), [])

    def test_paid_after_all_moves_no_money_and_tells_a_person(self):
        self.run_payouts()
        self.tell(state="failed")
        self.tell(state="done", note="paid at last")
        self.tell(state="done", note="paid at last")
        self.assert_once("failed", 5000)
        self.assertTrue(self.withdrawal.in_trouble)
        self.run_payouts()
        self.assertEqual(len(self.withdrawal.activity_ids), 1)
        self.assertIn("paid at last", self.withdrawal.activity_ids.note)
        self.withdrawal._settle_by_hand("settled", "taken out of the wallet")
        self.run_payouts()
        self.assertFalse(self.withdrawal.in_trouble or self.withdrawal.activity_ids)

    def test_failed_after_done_is_for_a_person(self):
        self.run_payouts()
        self.tell(state="done")
        self.tell(state="failed")
        self.assert_once("done", 4000)
        self.assertTrue(self.withdrawal.in_trouble)

    def test_another_amount_is_for_a_person(self):
        self.run_payouts()
        self.tell(state="done", amount_minor=999)
        self.assert_once("confirm", 4000)
        self.assertTrue(self.withdrawal.is_contradicted)

    def test_cancelling_at_the_provider(self):
        self.run_payouts()
        self.assertTrue(self.withdrawal._cancel())
        self.assertEqual((self.withdrawal.state, self.points(self.partner)), ("confirm", 4000))
        self.run_payouts()
        self.assertEqual(self.withdrawal.failure, "cancelled")
        self.assert_once("failed", 5000)
        self.tell(state="failed", failure="cancelled")
        self.assert_once("failed", 5000)

    def test_cancelled_too_late(self):
        self.run_payouts()
        self.withdrawal._cancel()
        self.gate.bills[self.number]["state"] = "done"
        self.run_payouts()
        self.assert_once("done", 4000)
        self.assertFalse(self.withdrawal._cancel())

    def test_one_broken_does_not_hold_up_others(self):
        second = self.withdraw(self.partner)
        send = self.gate.send

        def break_first(withdrawal):
            if withdrawal == self.withdrawal:
                withdrawal.env.cr.execute("SELECT 1 / 0")
            send(withdrawal)

        with patch.object(self.gate, "send", break_first), self.assertLogs("odoo.sql_db"):
            self.run_payouts()
        self.assertEqual((self.withdrawal.state, second.state), ("sent", "confirm"))
        self.assertIn("division by zero", self.withdrawal.error)

    def test_reviews_are_not_sent(self):
        self.withdrawal.action_review()
        self.run_payouts()
        self.assertEqual(self.gate.calls, [])
        self.withdrawal.action_approve()
        self.run_payouts()
        self.assertEqual(self.withdrawal.state, "confirm")


@tagged("post_install", "-at_install")
class TestForecast(WithdrawalCase):
    """Tonight's refunds come before payouts."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(self.gateway())

    def forecast(self):
        return self.company._pinbu_payout_forecast()

    def move_deadline(self, team, moment):
        self.env.flush_all()
        self.cr.execute(f"UPDATE pinbu_team SET deadline = {moment} WHERE id = {team.id}")
        self.env.invalidate_all()

    def alerts(self):
        return self.company.partner_id.activity_ids

    def test_what_it_adds_up(self):
        before = self.forecast()
        self.assertIsNone(before["left"])
        team = self.team_of(self.shoppers(2))
        self.move_deadline(team, "now() AT TIME ZONE 'UTC'")
        self.assertEqual(self.forecast()["refunds_tonight"] - before["refunds_tonight"], 3980)
        self.move_deadline(team, "now() AT TIME ZONE 'UTC' + interval '2 days'")
        self.assertEqual(self.forecast()["refunds_tonight"], before["refunds_tonight"])
        self.lose(team)
        self.assertEqual(self.forecast()["refunds_due"] - before["refunds_due"], 3980)
        self.withdraw(self.partner)
        self.assertEqual(self.forecast()["payouts"] - before["payouts"], 1000)
        self.company._pinbu_set_payout_balance(10000)
        forecast = self.forecast()
        self.assertEqual(forecast["left"], 10000 - 3980 - 1000)
        self.run_payouts()
        self.run_schedulers()
        sent = self.forecast()
        self.assertEqual((sent["used"], sent["refunds_due"], sent["payouts"]), (4980, 0, 0))
        self.assertEqual(sent["left"], forecast["left"])

    def test_payouts_wait_when_it_is_short_and_somebody_is_told_once(self):
        team = self.team_of(self.shoppers(2))
        self.lose(team)
        first, second = self.withdraw(self.partner, 1000), self.withdraw(self.partner, 1000)
        self.company._pinbu_set_payout_balance(3980 + 1500)
        for _round in range(3):
            self.run_payouts()
        self.assertEqual((first.state, second.state), ("confirm", "requested"))
        self.assertEqual(len(self.alerts()), 1)
        self.assertIn("5.00", self.alerts().note)
        # Refunds go out meanwhile.
        self.run_schedulers()
        self.assertEqual(team.state, "failed")
        self.assertEqual(self.forecast()["refunds_due"], 0)
        # What goes out in the second of a statement counts against it: these went out before.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = last_state_change"
            " - interval '1 minute' WHERE operation = 'refund'"
        )
        self.env.invalidate_all()
        self.company._pinbu_set_payout_balance(1000)
        self.run_payouts()
        self.assertEqual(second.state, "confirm")
        self.assertFalse(self.alerts())

    def test_the_provider_tells_its_balance(self):
        withdrawal = self.withdraw(self.partner)
        told = []

        def tell(company):
            told.append(company)
            return 500

        with patch.object(self.registry["res.company"], "_payout_balance", tell):
            self.run_payouts()
            self.run_payouts()
        self.assertEqual((withdrawal.state, len(told)), ("requested", 1))
        self.assertEqual(self.company.pinbu_payout_balance, 5.0)

    def test_who_sees_and_sets_it(self):
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        marketing = new_test_user(self.env, "ads", "pinbu_groupbuy.group_manager")
        with self.assertRaisesRegex(Exception, "accountants"):
            self.withdrawals.with_user(marketing).get_payout_forecast()
        self.env["pinbu.payout.balance"].with_user(accountant).create(
            {"balance": 12.34}
        ).action_confirm()
        [shown] = self.withdrawals.with_user(accountant).get_payout_forecast()
        self.assertIn("12.34", shown["balance"])
        self.assertFalse(shown["is_short"])
