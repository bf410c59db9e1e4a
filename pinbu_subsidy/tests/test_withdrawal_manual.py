import csv
import io

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_withdrawal import WithdrawalCase
from .withdrawal_common import WithdrawalMixin


@tagged("post_install", "-at_install")
class TestPayingByHand(WithdrawalCase):
    """An accountant pays from a list; nobody else does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(cls.env, "books", "account.group_account_invoice")
        cls.both = cls.withdrawals.union(
            *(
                cls.withdrawals._request(partner, cls.company, 1000)
                for partner in (cls.partner, cls.rich("Second"))
            )
        )

    def mine(self):
        """:return: the pay list as the accountant has it"""
        return self.both.with_user(self.accountant)

    def states(self):
        return self.both.mapped("state")

    def fail_by_hand(self, withdrawals, note="the account is closed", **values):
        wizard = self.env["pinbu.withdrawal.result"].with_user(self.accountant)
        wizard.with_context(active_ids=withdrawals.ids).create(
            {"result": "failed", "note": note, **values}
        ).action_confirm()

    def test_paid_in_bulk(self):
        self.mine().action_start()
        self.assertEqual(self.states(), ["sent"] * 2)
        self.mine().action_mark_paid()
        self.assertEqual(self.states(), ["done"] * 2)
        self.assertEqual(self.points(self.partner), 4000)
        log = self.both[0].with_user(self.accountant).transition_ids
        self.assertEqual(log.mapped("to_state"), ["done", "sent", "requested"])
        self.assertEqual(log[:2].user_id, self.accountant)
        self.check_ledger()

    def test_marked_twice(self):
        self.mine().action_start()
        self.mine().action_mark_paid()
        with self.refusing("not being paid"):
            self.mine().action_mark_paid()
        self.assertEqual(self.states(), ["done"] * 2)

    def test_not_before_it_is_being_paid(self):
        """The shopper could cancel it in the meantime, and have the money twice."""
        with self.refusing("Start paying first"):
            self.mine().action_mark_paid()
        self.assertEqual(self.states(), ["requested"] * 2)

    def test_one_that_was_cancelled_stops_the_rest(self):
        self.both[0]._cancel()
        self.mine().action_start()
        self.assertEqual(self.states(), ["failed", "sent"])
        with self.assertRaises(UserError), self.cr.savepoint():
            self.mine().action_mark_paid()
        self.assertEqual(self.states(), ["failed", "sent"])

    def test_not_paid_goes_back_once(self):
        self.mine().action_start()
        self.fail_by_hand(self.both[0])
        self.assertEqual(self.states(), ["failed", "sent"])
        self.assertEqual((self.both[0].failure, self.points(self.partner)), ("not_paid", 5000))
        with self.assertRaises(UserError), self.cr.savepoint():
            self.fail_by_hand(self.both[0])
        self.assertEqual(self.points(self.partner), 5000)
        self.assertIn("account is closed", self.both[0].transition_ids[0].note)

    def test_with_the_number_of_the_transfer(self):
        self.mine().action_start()
        self.fail_by_hand(self.both[0], result="paid", payment_reference="TT-1")
        self.assertEqual((self.both[0].state, self.both[0].provider_reference), ("done", "TT-1"))

    def test_the_bank_file(self):
        self.env["res.partner.bank"].create(
            {"partner_id": self.partner.id, "acc_number": "6222 0001", "allow_out_payment": True}
        )
        action = self.mine().action_export()
        self.assertEqual(self.states(), ["sent"] * 2)
        self.assertTrue(all(self.both.mapped("exported_at")))
        self.assertEqual(self.mine().action_export(), action)
        text = self.mine()._bank_file().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), 2)
        self.assertEqual(
            rows[0],
            {
                "Number": self.both[0].number,
                "Shopper": "Rich",
                "Bank Account": "6222 0001",
                "Bank": "",
                "Amount": "10.00",
                "Currency": self.company.currency_id.name,
            },
        )

    def test_the_bank_file_is_no_program(self):
        self.both[0].partner_id.name = '=HYPERLINK("http://evil")'
        self.mine().action_start()
        text = self.mine()._bank_file().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(rows[0]["Shopper"], """'=HYPERLINK("http://evil")""")

    def test_what_is_in_review_is_not_paid(self):
        self.both[0].action_review()
        self.mine().action_start()
        self.assertEqual(self.states(), ["review", "sent"])

    def test_refunds_go_first(self):
        self.company._pinbu_set_payout_balance(1500)
        with self.refusing("go first"):
            self.mine().action_start()
        self.mine()[0].action_start()
        self.assertEqual(self.states(), ["sent", "requested"])

    def test_nobody_else_pays(self):
        marketing = new_test_user(self.env, "ads", "pinbu_groupbuy.group_manager")
        shopper = new_test_user(self.env, "shopper", "base.group_portal")
        for user in (marketing, shopper):
            for step in ("action_start", "action_export", "action_mark_paid", "action_retry"):
                with self.subTest(user=user.login, step=step):
                    with self.assertRaises(AccessError), self.cr.savepoint():
                        getattr(self.both.with_user(user), step)()
            for model in ("pinbu.withdrawal.result", "pinbu.payout.balance"):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    self.env[model].with_user(user).create({})
        self.assertEqual(self.states(), ["requested"] * 2)

    def test_the_provider_decides_about_its_own(self):
        with self.gateway():
            theirs = self.withdraw(self.partner)
            self.run_payouts()
            self.assertEqual(theirs.state, "confirm")
            with self.refusing("wait for its answer"):
                self.fail_by_hand(theirs)
            theirs.with_user(self.accountant).action_start()
            self.assertEqual(theirs.state, "confirm")

    def test_the_scheduler_leaves_them_alone(self):
        self.run_payouts()
        self.assertEqual(self.states(), ["requested"] * 2)


@tagged("post_install", "-at_install")
class TestBankFileDownload(WithdrawalMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.withdrawal = cls.withdrawals._request(cls.rich(), cls.company, 1000)
        for login, groups in (
            ("books", "account.group_account_invoice"),
            ("ads", "pinbu_groupbuy.group_manager"),
            ("shopper", "base.group_portal"),
        ):
            new_test_user(cls.env, login, groups)

    def download(self, login, ids=None):
        self.authenticate(login, login)
        return self.url_open(f"/pinbu/withdrawals/bank_file?ids={ids or self.withdrawal.id}")

    def test_an_accountant_gets_it(self):
        answer = self.download("books")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(self.withdrawal.number, answer.content.decode("utf-8-sig"))
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(self.download("books", "1,x").status_code, 404)

    def test_nobody_else(self):
        for login in ("ads", "shopper"):
            answer = self.download(login)
            self.assertEqual(answer.status_code, 403)
            self.assertNotIn(self.withdrawal.number, answer.text)
