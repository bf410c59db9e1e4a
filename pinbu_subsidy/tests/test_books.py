from odoo.tests import tagged

from .common import SubsidyCase


@tagged("post_install", "-at_install")
class TestBooksAccounts(SubsidyCase):
    def test_accounts_are_made_once(self):
        self.assertTrue(self.company._pinbu_set_up_books())
        chosen = (
            self.company.pinbu_wallet_account_id,
            self.company.pinbu_subsidy_expense_account_id,
            self.company.pinbu_wallet_journal_id,
        )
        self.assertEqual(
            [account.account_type for account in chosen[:2]], ["liability_current", "expense"]
        )
        self.assertEqual(chosen[2].type, "general")
        self.assertTrue(self.company._pinbu_set_up_books())
        self.assertEqual(chosen[0], self.company.pinbu_wallet_account_id)
        self.assertTrue(self.company._pinbu_withdrawal_account())

    def test_a_company_without_accounting_has_to_wait(self):
        bare = self.env["res.company"].create({"name": "Bare"})
        self.assertFalse(bare._pinbu_set_up_books())
        self.assertFalse(bare.pinbu_wallet_account_id)
