from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .withdrawal_common import WithdrawalMixin


class WithdrawalCase(WithdrawalMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.partner = cls.rich()


@tagged("post_install", "-at_install")
class TestWithdrawal(WithdrawalCase):
    def log_of(self, withdrawal):
        return [(row.from_state or "", row.to_state) for row in withdrawal.transition_ids[::-1]]

    def test_asking_takes_the_money_at_once(self):
        withdrawal = self.withdraw(self.partner)
        self.assertEqual((withdrawal.state, withdrawal.amount), ("requested", 10.0))
        self.assertEqual(self.points(self.partner), 4000)
        entry = withdrawal.debit_entry_id
        self.assertEqual(
            (entry.kind, entry.amount_minor, entry.reference),
            ("withdrawal", -1000, withdrawal.number),
        )
        self.assertRegex(withdrawal.number, r"^[0-9A-Za-z]{6,32}$")
        self.assertEqual(self.log_of(withdrawal), [("", "requested")])
        self.check_ledger()

    def test_what_it_refuses(self):
        def refusal(amount):
            return self.refusal_of(lambda: self.withdraw(self.partner, amount))

        self.assertEqual(refusal(99), "invalid_request")
        self.assertEqual(refusal(20001), "invalid_request")
        self.assertEqual(refusal(5001), "insufficient_balance")
        self.assertEqual(self.withdrawals.search_count([("partner_id", "=", self.partner.id)]), 0)
        self.assertEqual(
            self.refusal_of(lambda: self.withdraw(self.shopper("Poor"))), "insufficient_balance"
        )
        self.assertEqual(self.points(self.partner), 5000)

    def test_identity_is_required_from_an_amount(self):
        partner = self.shopper("Unknown")
        self.give(partner, 5000)
        self.assertEqual(self.refusal_of(lambda: self.withdraw(partner)), "identity_required")
        self.company.pinbu_identity_required_from = 10.0
        self.assertEqual(self.refusal_of(lambda: self.withdraw(partner)), "identity_required")
        self.withdraw(partner, 999)
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        marketing = new_test_user(self.env, "ads", "pinbu_groupbuy.group_user")
        with self.assertRaises(AccessError):
            partner.with_user(marketing).action_pinbu_identity_checked()
        with self.assertRaises(AccessError):
            partner.with_user(marketing).write({"pinbu_identity_checked_at": "2025-01-01"})
        self.assertFalse(partner.pinbu_identity_checked_at)
        partner.with_user(accountant).action_pinbu_identity_checked()
        self.withdraw(partner)
        self.env.flush_all()
        self.cr.precommit.run()
        tracked = partner.message_ids.sudo().tracking_value_ids
        self.assertIn("pinbu_identity_checked_at", tracked.field_id.mapped("name"))

    def test_limits_of_a_day(self):
        self.company.pinbu_withdrawal_day_amount = 15.0
        self.withdraw(self.partner)
        self.assertEqual(self.company._pinbu_withdrawals_left(self.partner), 500)
        self.assertEqual(self.refusal_of(lambda: self.withdraw(self.partner, 501)), "limit_reached")
        second = self.withdraw(self.partner, 500)
        self.assertEqual(self.company._pinbu_withdrawals_left(self.partner), 0)
        second._cancel()
        self.assertEqual(self.company._pinbu_withdrawals_left(self.partner), 500)
        self.company.write({"pinbu_withdrawal_day_amount": 500, "pinbu_withdrawal_day_count": 1})
        self.assertEqual(self.refusal_of(lambda: self.withdraw(self.partner, 100)), "limit_reached")

    def test_a_day_ends_at_the_companys_midnight(self):
        self.company.pinbu_withdrawal_day_count = 1
        withdrawal = self.withdraw(self.partner)
        self.company.partner_id.tz = "Asia/Shanghai"
        midnight = self.company._pinbu_last_midnight()
        self.assertEqual((midnight.hour, midnight.minute), (16, 0))
        self.assertLess(datetime.now() - midnight, timedelta(days=1, hours=12))
        for moment, left in ((midnight, 0), (midnight - timedelta(seconds=1), 50000)):
            self.env.cr.execute(
                "UPDATE pinbu_withdrawal SET create_date = %s WHERE id = %s",
                [moment, withdrawal.id],
            )
            self.env.invalidate_all()
            self.assertEqual(self.company._pinbu_withdrawals_left(self.partner), left)

    def test_large_amounts_are_reviewed(self):
        self.give(self.partner, 20000, "more")
        small, large = self.withdraw(self.partner, 10000), self.withdraw(self.partner, 10001)
        self.assertEqual((small.state, large.state), ("requested", "review"))
        self.assertEqual(large.review_reason, "amount")
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        marketing = new_test_user(self.env, "ads", "pinbu_groupbuy.group_user")
        for step in ("action_approve", "action_refuse", "action_review"):
            with self.assertRaises(AccessError), self.cr.savepoint():
                getattr(large.with_user(marketing), step)()
        large.with_user(accountant).action_approve()
        large.with_user(accountant).action_approve()
        self.assertEqual(large.state, "requested")
        self.assertEqual(
            self.log_of(large),
            [("", "requested"), ("requested", "review"), ("review", "requested")],
        )
        self.assertEqual(large.transition_ids[0].user_id, accountant)
        self.assertIn("approved", large.with_user(accountant).transition_ids[0].description)

    def test_risk_can_ask_for_a_review(self):
        with patch.object(
            self.registry["pinbu.withdrawal"], "_needs_review", lambda withdrawal: "manual"
        ):
            self.assertEqual(self.withdraw(self.partner).state, "review")

    def test_a_refused_one_is_credited_back_once(self):
        self.give(self.partner, 20000, "more")
        withdrawal = self.withdraw(self.partner, 20000)
        manager = new_test_user(self.env, "boss", "pinbu_groupbuy.group_manager")
        withdrawal.with_user(manager).action_refuse()
        withdrawal.with_user(manager).action_refuse()
        self.assertEqual((withdrawal.state, withdrawal.failure), ("failed", "refused"))
        self.assertEqual(self.points(self.partner), 25000)
        entry = withdrawal.return_entry_id
        self.assertEqual((entry.kind, entry.amount_minor), ("withdrawal_return", 20000))
        self.assertFalse(withdrawal._to_done("withdrawal paid"))
        self.check_ledger()

    def test_cancelling_while_it_waits(self):
        withdrawal = self.withdraw(self.partner)
        self.assertTrue(withdrawal._cancel())
        self.assertTrue(withdrawal._cancel())
        self.assertEqual((withdrawal.state, withdrawal.failure), ("failed", "cancelled"))
        self.assertEqual(self.points(self.partner), 5000)
        paid = self.withdraw(self.partner)
        paid.action_start()
        self.assertFalse(paid._cancel())
        self.assertEqual(self.points(self.partner), 4000)

    def test_the_money_goes_back_to_the_wallet_of_today(self):
        withdrawal = self.withdraw(self.partner, 5000)
        other = self.rich("Other", 100)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.partner + other).ids, other
        )
        self.assertEqual(withdrawal.partner_id, other)
        withdrawal._to_failed("refused", ("requested",))
        self.assertEqual(self.points(other), 5100)
        self.check_ledger()

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_states_apart(self):
        withdrawal = self.withdraw(self.partner)
        for values in ("state = 'done'", "state = 'failed'", "amount_minor = 0"):
            with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
                self.cr.execute(f"UPDATE pinbu_withdrawal SET {values} WHERE id = {withdrawal.id}")
        with self.assertRaises(UserError):
            withdrawal.unlink()

    def test_who_reads_what(self):
        mine = new_test_user(self.env, "mine", "base.group_portal")
        other = new_test_user(self.env, "other", "base.group_portal")
        self.trust(mine.partner_id)
        self.give(mine.partner_id, 5000)
        withdrawal = self.withdraw(mine.partner_id)
        foreign = self.withdraw(self.partner)
        seen = self.withdrawals.with_user(mine).search([])
        self.assertEqual(seen, withdrawal)
        self.assertEqual(seen.amount, 10.0)
        with self.assertRaises(AccessError):
            foreign.with_user(mine).read(["amount"])
        with self.assertRaises(AccessError):
            seen.with_user(mine).read(["error"])
        with self.assertRaises(AccessError):
            withdrawal.with_user(mine).action_mark_paid()
        self.assertFalse(self.withdrawals.with_user(other).search([]))
        clerk = new_test_user(self.env, "clerk", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.withdrawals.with_user(clerk).search([])
        for group in ("pinbu_groupbuy.group_user", "account.group_account_invoice"):
            user = new_test_user(self.env, f"reads {group}", group)
            self.assertEqual(withdrawal.with_user(user).amount, 10.0)
            with self.assertRaises(AccessError):
                withdrawal.with_user(user).write({"amount_minor": 1})

    def test_companies_apart(self):
        withdrawal = self.withdraw(self.partner)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "account.group_account_invoice,pinbu_groupbuy.group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.withdrawals.with_user(stranger).search([]))
        for step in ("action_approve", "action_start", "action_mark_paid", "action_retry"):
            with self.assertRaises(AccessError), self.cr.savepoint():
                getattr(withdrawal.with_user(stranger), step)()
        log = self.env["pinbu.transition"].with_user(stranger)
        self.assertFalse(log.search([("withdrawal_id", "!=", False)]))
        partner = self.partner.with_user(stranger).with_company(company)
        self.assertEqual((partner.pinbu_has_wallet, partner.pinbu_balance), (False, 0))
