import base64
import csv
import io
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .books_common import BooksMixin
from .common import SubsidyMixin


class BooksCase(BooksMixin, SubsidyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.company._pinbu_set_up_books()
        cls.liability = cls.company.pinbu_wallet_account_id
        cls.expense = cls.company.pinbu_subsidy_expense_account_id
        cls.bank = cls.company._pinbu_withdrawal_account()
        cls.partner = cls.shoppers(1)
        cls.accountant = new_test_user(cls.env, "books", "account.group_account_invoice")
        cls.company.pinbu_accountant_id = cls.accountant

    def setUp(self):
        super().setUp()
        self.wallet = self.wallet_of(self.partner)


@tagged("post_install", "-at_install")
class TestBooksAccounts(BooksCase):
    def test_accounts_are_made_once(self):
        company = self.make_company("Fresh")
        self.assertTrue(company._pinbu_set_up_books())
        chosen = (
            company.pinbu_wallet_account_id,
            company.pinbu_subsidy_expense_account_id,
            company.pinbu_wallet_journal_id,
        )
        self.assertEqual(
            [account.account_type for account in chosen[:2]], ["liability_current", "expense"]
        )
        self.assertEqual(chosen[2].type, "general")
        self.assertTrue(company._pinbu_set_up_books())
        self.assertEqual(
            chosen,
            (
                company.pinbu_wallet_account_id,
                company.pinbu_subsidy_expense_account_id,
                company.pinbu_wallet_journal_id,
            ),
        )
        self.assertTrue(company._pinbu_withdrawal_account())

    def test_what_the_chart_has_is_used_unless_it_holds_something_else(self):
        company = self.make_company("Chart")
        account = self.env["account.account"].create(
            {
                "name": "Other Payables",
                "code": "2241",
                "account_type": "liability_current",
                "company_ids": [(6, 0, company.ids)],
            }
        )
        self.env["ir.model.data"].create(
            {
                "module": "account",
                "name": f"{company.id}_l10n_cn_common_account_2241",
                "model": "account.account",
                "res_id": account.id,
            }
        )
        self.assertEqual(company._pinbu_default_wallet_account(), account)
        self.env["account.move"].with_company(company).create(
            {
                "line_ids": [
                    (0, 0, {"account_id": account.id, "credit": 5.0}),
                    (0, 0, {"account_id": account.id, "debit": 5.0}),
                ]
            }
        )
        other = company._pinbu_default_wallet_account()
        self.assertNotEqual(other, account)
        self.assertEqual(other.with_company(company).code, "224101")


@tagged("post_install", "-at_install")
class TestBooks(BooksCase):
    # === ENTRIES === #

    def test_one_entry_for_each_day_and_kind(self):
        rows = self.post(self.wallet, "subsidy", 1000, 2) + self.post(
            self.wallet_of(self.shoppers(1)), "subsidy", 505, 2
        )
        later = self.post(self.wallet, "subsidy", 300, 1)
        taken = self.post(self.wallet, "take_back", -200, 1)
        today = self.post(self.wallet, "subsidy", 7, 0)
        self.book()
        move = rows.move_id
        self.assertEqual(len(move), 1)
        self.assertEqual((move.state, move.journal_id.code), ("posted", "WALET"))
        self.assertEqual(move.date, fields.Date.to_date(self.days_ago(2)))
        self.assertEqual(
            self.lines_of(move), [(self.expense, 15.05, 0.0), (self.liability, 0.0, 15.05)]
        )
        self.assertEqual(
            self.lines_of(later.move_id), [(self.expense, 3.0, 0.0), (self.liability, 0.0, 3.0)]
        )
        self.assertEqual(
            self.lines_of(taken.move_id), [(self.liability, 2.0, 0.0), (self.expense, 0.0, 2.0)]
        )
        self.assertEqual(len(move + later.move_id + taken.move_id), 3)
        # A day is booked when it is over.
        self.assertFalse(today.move_id)
        self.assertEqual(self.entries.search([("move_id", "=", False)]), today)
        self.assertEqual(self.entries.search([("move_id", "in", move.ids)]), rows)

    def test_a_second_run_changes_nothing(self):
        entry = self.post(self.wallet, "subsidy", 1000)
        self.book()
        moves = self.env["account.move"].search_count([])
        self.book()
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        with (
            self.assertRaises(psycopg2.IntegrityError),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.env["pinbu.wallet.booking"]._link(entry.move_id, entry.ids)

    def test_withdrawals_leave_through_the_bank(self):
        self.post(self.wallet, "subsidy", 1000)
        out = self.post(self.wallet, "withdrawal", -600)
        back = self.post(self.wallet, "withdrawal_return", 150)
        self.book()
        self.assertEqual(
            self.lines_of(out.move_id), [(self.liability, 6.0, 0.0), (self.bank, 0.0, 6.0)]
        )
        self.assertEqual(
            self.lines_of(back.move_id), [(self.bank, 1.5, 0.0), (self.liability, 0.0, 1.5)]
        )

    def test_what_odoo_changes_is_booked_both_ways(self):
        with self.on(self.days_ago(1)):
            self.wallet.points = 10.0
            self.wallet.points = 7.5
        self.book()
        self.assertEqual(
            self.lines_of(self.wallet.pinbu_entry_ids.move_id),
            [
                (self.liability, 2.5, 0.0),
                (self.expense, 0.0, 2.5),
                (self.expense, 10.0, 0.0),
                (self.liability, 0.0, 10.0),
            ],
        )
        income = self.env["account.account"].search(
            [("account_type", "=", "income"), ("company_ids", "in", self.company.ids)], limit=1
        )
        self.company.pinbu_wallet_native_account_id = income
        with self.on(self.days_ago(1)):
            self.wallet.points = 7.0
        self.book()
        self.assertEqual(
            self.lines_of(self.wallet.pinbu_entry_ids[0].move_id),
            [(self.liability, 0.5, 0.0), (income, 0.0, 0.5)],
        )

    def test_a_day_ends_at_the_companys_midnight(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        midnight = self.env["pinbu.wallet.booking"]._begin_of(
            self.company, fields.Date.to_date("2026-03-02")
        )
        self.assertEqual(str(midnight), "2026-03-01 16:00:00")
        before = self.post(self.wallet, "subsidy", 100, midnight - timedelta(seconds=1))
        after = self.post(self.wallet, "subsidy", 100, midnight)
        self.book()
        self.assertEqual(str(before.move_id.date), "2026-03-01")
        self.assertEqual(str(after.move_id.date), "2026-03-02")

    def test_late_rows_get_a_further_entry_and_posted_ones_stay(self):
        first = self.post(self.wallet, "subsidy", 1000)
        self.book()
        before = (first.move_id, self.lines_of(first.move_id), first.move_id.write_date)
        late = self.post(self.wallet, "subsidy", 50)
        self.book()
        self.assertNotEqual(late.move_id, first.move_id)
        self.assertEqual(late.move_id.date, first.move_id.date)
        self.assertEqual(
            before, (first.move_id, self.lines_of(first.move_id), first.move_id.write_date)
        )

    def test_a_locked_day_is_booked_today(self):
        early = self.post(self.wallet, "subsidy", 1000, 200)
        self.book()
        today = fields.Date.to_date(self.days_ago(0))
        self.company.fiscalyear_lock_date = today - timedelta(days=100)
        locked = self.post(self.wallet, "subsidy", 500, 150)
        open_day = self.post(self.wallet, "subsidy", 300, 5)
        self.book()
        self.assertEqual(early.move_id.date, today - timedelta(days=200))
        self.assertEqual(locked.move_id.date, today)
        self.assertEqual(open_day.move_id.date, today - timedelta(days=5))
        self.assertEqual(locked.move_id.state, "posted")
        self.assertTrue(self.check_books().is_ok)

    def test_a_deleted_draft_is_booked_again(self):
        entry = self.post(self.wallet, "subsidy", 1000)
        self.book()
        move = entry.move_id
        move.button_draft()
        self.book()
        self.assertEqual(entry.move_id, move)
        self.assertEqual(self.check_books().findings[0]["amount_minor"], -1000)
        move.with_context(force_delete=True).unlink()
        self.book()
        self.assertTrue(entry.move_id)
        self.assertTrue(self.check_books().is_ok)

    def test_a_broken_day_holds_up_no_other(self):
        broken = self.post(self.wallet, "subsidy", 1000, 3)
        fine = self.post(self.wallet, "subsidy", 500, 2)
        bookings = self.registry["pinbu.wallet.booking"]
        original, curse = bookings._date_of, "That day is cursed."

        def date_of(records, company, journal, day):
            if day == fields.Date.to_date(self.days_ago(3)):
                raise UserError(curse)
            return original(records, company, journal, day)

        logger = "odoo.addons.pinbu_subsidy.models.pinbu_wallet_booking"
        with (
            patch.object(bookings, "_date_of", date_of),
            mute_logger(logger),
        ):
            self.book()
            self.assertFalse(broken.move_id)
            self.assertTrue(fine.move_id)
            check = self.env["pinbu.books.check"]._last(self.company)
            self.assertIn(curse, check.result)
            self.book()
            self.assertEqual(check, self.env["pinbu.books.check"]._last(self.company))
        self.book()
        self.assertTrue(broken.move_id)

    def test_a_company_without_accounting_waits_and_says_so_once(self):
        bare = self.env["res.company"].create({"name": "Bare"})
        entry = self.post(self.wallet_of(self.partner, bare), "subsidy", 1000)
        with mute_logger("odoo.addons.pinbu_subsidy.models.pinbu_wallet_booking"):
            self.book()
            self.book()
            self.check_books()
        self.assertFalse(entry.move_id)
        checks = self.env["pinbu.books.check"].search([("company_id", "=", bare.id)])
        self.assertEqual(len(checks.activity_ids), 1)
        told = checks[0].with_context(lang=checks.activity_ids.user_id.lang)
        self.assertIn(told._finding_text({"code": "no_accounting"}), checks.activity_ids.note)
        currency = bare.currency_id
        self.env["account.chart.template"].try_loading("generic_coa", bare, install_demo=False)
        bare.currency_id = currency
        self.book()
        self.assertEqual(entry.move_id.state, "posted")
        self.assertTrue(self.check_books(bare).is_ok)
        self.assertFalse(checks.activity_ids)

    def test_withdrawals_wait_for_a_bank(self):
        company = self.make_company("No Bank", "CNY", "cn")
        wallet = self.wallet_of(self.partner, company)
        granted = self.post(wallet, "subsidy", 1000)
        out = self.post(wallet, "withdrawal", -400)
        self.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "bank")]
        ).active = False
        with mute_logger("odoo.addons.pinbu_subsidy.models.pinbu_wallet_booking"):
            self.book()
        self.assertTrue(granted.move_id)
        self.assertFalse(out.move_id)
        self.assertIn("no bank journal", self.env["pinbu.books.check"]._last(company).result)

    def test_a_currency_without_cents(self):
        company = self.make_company("Tokyo")
        wallet = self.wallet_of(self.partner, company)
        entry = self.post(wallet, "subsidy", 1999)
        self.post(self.wallet, "subsidy", 1999)
        self.book()
        self.assertEqual(entry.move_id.company_id, company)
        self.assertEqual(entry.move_id.amount_total, 1999.0)
        self.assertEqual(self.wallet.pinbu_entry_ids.move_id.amount_total, 19.99)
        check = self.check_books(company)
        self.assertTrue(check.is_ok, check.result)
        self.assertEqual((check.cards, check.booked, check.liability), (1999.0,) * 3)

    def test_shares_of_a_fen_do_not_add_up_to_one(self):
        for _number in range(30):
            self.post(self.wallet, "subsidy", 10)
        self.post(self.wallet, "take_back", -33)
        self.book()
        check = self.check_books()
        self.assertTrue(check.is_ok, check.result)
        self.assertEqual(check.liability, 2.67)

    # === COMPARISON === #

    def test_a_difference_of_one_fen_is_told_once(self):
        self.post(self.wallet, "subsidy", 1000)
        self.assertTrue(self.check_books().is_ok)
        wrong = self.env["account.move"].create(
            {
                "line_ids": [
                    (0, 0, {"account_id": self.liability.id, "debit": 0.01}),
                    (0, 0, {"account_id": self.expense.id, "credit": 0.01}),
                ]
            }
        )
        wrong._post()
        check = self.check_books()
        self.assertFalse(check.is_ok)
        self.assertEqual(check.findings, [{"code": "books", "amount_minor": -1}])
        [activity] = check.activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        self.assertIn("9.99", activity.note)
        self.assertIn("0.01", activity.note)
        again = self.check_books()
        self.assertNotEqual(again, check)
        self.assertFalse(again.activity_ids)
        # Another difference is told as well.
        wrong.copy({"date": wrong.date})._post()
        self.assertTrue(self.check_books().activity_ids)
        # And when all agrees again, nothing is left to do.
        moves = self.env["account.move"].search([("line_ids.account_id", "=", self.liability.id)])
        wrong_ones = moves.filtered(lambda move: not move.pinbu_booking_ids)
        wrong_ones._reverse_moves(cancel=True)
        self.assertTrue(self.check_books().is_ok)
        checks = self.env["pinbu.books.check"].search([("company_id", "=", self.company.id)])
        self.assertFalse(checks.activity_ids)

    def test_a_card_that_left_its_ledger_is_found(self):
        self.post(self.wallet, "subsidy", 1000)
        self.check_ledger()
        # What the database refuses at commit: here it is only looked at.
        self.cr.execute(
            "UPDATE loyalty_card SET points = points + 0.01 WHERE id = %s", [self.wallet.id]
        )
        check = self.env["pinbu.books.check"]._check(self.company)
        self.assertEqual(
            check.findings[0],
            {"code": "cards", "amount_minor": 1, "count": 1, "names": [self.wallet.code]},
        )
        self.assertIn("10.01", check.result)
        self.cr.execute("UPDATE loyalty_card SET points = 10 WHERE id = %s", [self.wallet.id])

    def test_rows_that_stay_out_of_the_books_are_found(self):
        self.post(self.wallet, "subsidy", 1000, 3)
        self.post(self.wallet, "spend", -400, 3)
        self.book()
        check = self.env["pinbu.books.check"]._check(self.company)
        self.assertEqual(check.findings, [{"code": "late", "count": 1, "amount_minor": -400}])

    def test_a_refunded_order_nets_to_zero_in_the_books(self):
        shoppers = self.shoppers(2)
        team = self.fail_team(shoppers)
        self.run_schedulers()
        orders = team.seat_ids.order_id
        self.assertEqual(len(orders.transaction_ids.payment_id), 4)
        self.cr.execute(
            "UPDATE payment_transaction SET last_state_change = last_state_change - interval '1 day'"
        )
        lines = orders.transaction_ids.payment_id.move_id.line_ids
        for _account, of_account in lines.grouped("account_id").items():
            self.assertEqual(sum(of_account.mapped("balance")), 0.0)
        checks = self.env["pinbu.books.check"]
        self.assertEqual(checks._wrong_orders(self.company), [])
        # Twin: the refund's entry is gone.
        refund = orders[0].transaction_ids.filtered(lambda tx: tx.operation == "refund")
        refund.payment_id.move_id.line_ids.remove_move_reconcile()
        refund.payment_id.move_id.button_draft()
        self.env.flush_all()
        self.assertEqual(checks._wrong_orders(self.company), [orders[0].name])

    # === REPORT, EXPORT, SCREENS === #

    def test_the_report_by_day(self):
        self.post(self.wallet, "subsidy", 1000, 3)
        self.post(self.wallet, "withdrawal", -250, 2)
        self.post(self.wallet, "subsidy", 7, 0)
        self.book()
        days = self.env["pinbu.books.day"].with_user(self.accountant).search([])
        self.assertEqual(
            days.mapped(
                lambda day: (day.subsidies, day.withdrawn, day.wallets, day.liability, day.unbooked)
            ),
            [(0.07, 0.0, 7.57, 7.5, 0.07), (0.0, 2.5, 7.5, 7.5, 0.0), (10.0, 0.0, 10.0, 10.0, 0.0)],
        )
        self.assertEqual(days.mapped("difference"), [0.0, 0.0, 0.0])
        self.assertEqual(
            self.entries.with_user(self.accountant).search(days[1].action_entries()["domain"]),
            self.wallet.pinbu_entry_ids[1],
        )
        lines = self.env["account.move.line"].search(days[1].action_lines()["domain"])
        self.assertEqual(lines.move_id, self.wallet.pinbu_entry_ids[1].move_id)

    def test_an_accountant_posts_what_is_there(self):
        entry = self.post(self.wallet, "subsidy", 1000, 0)
        days = self.env["pinbu.books.day"]
        reader = new_test_user(self.env, "reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            days.with_user(reader).action_book_now()
        days.with_user(self.accountant).action_book_now()
        self.assertEqual(entry.move_id.state, "posted")
        self.assertEqual(days.search([], limit=1).unbooked, 0.0)

    def test_an_entry_shows_its_rows(self):
        rows = self.post(self.wallet, "subsidy", 1000) + self.post(self.wallet, "subsidy", 500)
        self.book()
        move = rows.move_id.with_user(self.accountant)
        self.assertEqual(move.pinbu_entry_count, 2)
        shown = self.entries.with_user(self.accountant).search(
            move.action_pinbu_entries()["domain"]
        )
        self.assertEqual(shown, rows)
        with Form(move) as form:
            self.assertEqual(form.pinbu_entry_count, 2)

    def export(self, user, month, company=None):
        export = (
            self.env["pinbu.wallet.export"]
            .with_user(user)
            .create({"month": month, "company_id": (company or self.company).id})
        )
        self.assertIn(f"/{export.id}/file/", export.action_export()["url"])
        text = base64.b64decode(export.file).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[1:]

    def test_the_monthly_export(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        other = self.shoppers(1)
        other.name = "=HYPERLINK(1)"
        for kind, amount, at in (
            ("subsidy", 700, "2026-02-28 15:59:59"),
            ("subsidy", 1000, "2026-02-28 16:00:00"),
            ("take_back", -100, "2026-03-31 15:59:59"),
            ("withdrawal", -250, "2026-03-10 00:00:00"),
            ("withdrawal_return", 250, "2026-03-11 00:00:00"),
            ("subsidy", 900, "2026-03-31 16:00:00"),
        ):
            self.post(self.wallet, kind, amount, fields.Datetime.to_datetime(at))
        self.post(
            self.wallet_of(other), "subsidy", 5, fields.Datetime.to_datetime("2026-03-05 00:00:00")
        )
        currency = self.company.currency_id.name
        self.assertEqual(
            self.export(self.accountant, "2026-03-15"),
            [
                [
                    str(self.partner.id),
                    self.partner.name,
                    "2026-03",
                    currency,
                    "10.00",
                    "1.00",
                    "2.50",
                    "2.50",
                ],
                [
                    str(other.id),
                    "'=HYPERLINK(1)",
                    "2026-03",
                    currency,
                    "0.05",
                    "0.00",
                    "0.00",
                    "0.00",
                ],
            ],
        )

    def test_who_sees_the_books(self):
        entry = self.post(self.wallet, "subsidy", 1000)
        self.book()
        self.check_books()
        marketing = new_test_user(self.env, "marketing", "pinbu_groupbuy.group_manager")
        for model in ("pinbu.books.day", "pinbu.books.check", "pinbu.wallet.booking"):
            self.assertTrue(self.env[model].with_user(self.accountant).search([]))
            with self.assertRaises(AccessError):
                self.env[model].with_user(marketing).search([])
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.accountant).search([]).unlink()
        with self.assertRaises(AccessError):
            self.export(marketing, "2026-03-01")
        with self.assertRaises(AccessError):
            self.env["pinbu.books.check"].with_user(marketing).action_check_now()
        self.env["pinbu.books.check"].with_user(self.accountant).action_check_now()
        # Marketing reads the ledger, not where it is booked.
        self.assertEqual(entry.with_user(marketing).amount, 10.0)
        with self.assertRaises(AccessError):
            entry.with_user(marketing).read(["move_id"])

    def test_a_company_sees_only_its_own_books(self):
        company = self.make_company("Elsewhere")
        self.post(self.wallet, "subsidy", 1000)
        self.post(self.wallet_of(self.partner, company), "subsidy", 1000)
        self.check_books()
        user = new_test_user(
            self.env,
            "elsewhere",
            "account.group_account_invoice",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in ("pinbu.books.day", "pinbu.books.check", "pinbu.wallet.booking"):
            self.assertEqual(self.env[model].with_user(user).search([]).company_id, company)
        with self.assertRaises(AccessError):
            self.export(user, "2026-03-01", self.company)
