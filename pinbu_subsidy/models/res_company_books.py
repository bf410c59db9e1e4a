from odoo import Command, api, fields, models
from odoo.tools import SQL

# Where the Chinese charts have their accounts, the small enterprises' one first.
WALLET_ACCOUNTS = ("l10n_cn_common_account_2241",)
EXPENSE_ACCOUNTS = ("l10n_cn_account_5601", "l10n_cn_large_bis_account_6601")


class ResCompany(models.Model):
    """Where the books keep what shoppers hold in their wallets, and what it cost."""

    _inherit = "res.company"

    pinbu_wallet_account_id = fields.Many2one(
        "account.account",
        string="Wallet Liability",
        check_company=True,
        domain=[("account_type", "in", ("liability_current", "liability_non_current"))],
        help="What the company owes to its shoppers: every night it is compared with their "
        "wallets, so nothing else may be booked here. After a change, move the balance by an "
        "entry.",
    )
    pinbu_subsidy_expense_account_id = fields.Many2one(
        "account.account",
        string="Subsidy Expense",
        check_company=True,
        domain=[("account_type", "in", ("expense", "expense_direct_cost", "expense_other"))],
        help="What subsidies cost, as marketing.",
    )
    pinbu_wallet_native_account_id = fields.Many2one(
        "account.account",
        string="Changes in Odoo",
        check_company=True,
        domain=[("account_type", "not in", ("asset_cash", "off_balance"))],
        help="The other side of what Odoo's own screens do to a wallet: an ordinary order that is "
        "paid with it, a correction by hand. Empty: the subsidy expense, since the discount line "
        "of such an order lowers the income already, so that the cost stands in the books once. "
        "To keep the income whole, choose the income account of that line's product.",
    )
    pinbu_wallet_journal_id = fields.Many2one(
        "account.journal",
        string="Wallet Journal",
        check_company=True,
        domain=[("type", "=", "general")],
        help="Where the daily entries of the wallets are posted.",
    )
    pinbu_withdrawal_journal_id = fields.Many2one(
        "account.journal",
        string="Withdrawals are paid from",
        check_company=True,
        domain=[("type", "in", ("bank", "cash", "credit"))],
        help="The bank journal to whose outstanding payments withdrawals are booked, until they "
        "are on a statement. Empty: the company's first bank journal.",
    )

    pinbu_accountant_id = fields.Many2one(
        "res.users",
        string="Accountant",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        help="Who is told when wallets and books differ. Empty: an accounting administrator.",
    )

    # === BUSINESS METHODS: BOOKS === #

    def _pinbu_set_up_books(self):
        """Choose the accounts and the journal that are not chosen yet, as soon as the company has
        accounting: from the Chinese charts, or else new ones.

        :return: whether the company has all that its daily entries need
        :rtype: bool
        """
        self.ensure_one()
        company = self.sudo()
        if not company._pinbu_has_accounting():
            return False
        defaults = {
            "pinbu_wallet_account_id": company._pinbu_default_wallet_account,
            "pinbu_subsidy_expense_account_id": company._pinbu_default_expense_account,
            "pinbu_wallet_journal_id": company._pinbu_default_wallet_journal,
        }
        if all(company[name] for name in defaults):
            return True
        # Two at once would make two of each: the second one waits here.
        self.env.cr.execute(
            SQL("UPDATE res_company SET write_date = write_date WHERE id = %s", self.id)
        )
        for name, default in defaults.items():
            if not company[name]:
                company[name] = default()
        return True

    def _pinbu_has_accounting(self):
        return bool(
            self.env["account.account"].search_count(
                self.env["account.account"]._check_company_domain(self), limit=1
            )
        )

    def _pinbu_default_wallet_account(self):
        account = self._pinbu_chart_account(WALLET_ACCOUNTS)
        # What is compared with the wallets to the fen must hold nothing else.
        if account and not self.env["account.move.line"].search_count(
            [("account_id", "=", account.id), ("company_id", "=", self.id)], limit=1
        ):
            return account
        return self._pinbu_create_account(
            "liability_current", lambda env: env._("Shopper Wallets"), account.code
        )

    def _pinbu_default_expense_account(self):
        return self._pinbu_chart_account(EXPENSE_ACCOUNTS) or self._pinbu_create_account(
            "expense", lambda env: env._("Group-buying Subsidies")
        )

    def _pinbu_chart_account(self, xmlids):
        """:return: the first of these accounts that the company's chart has, or none"""
        root = self.root_id
        chart = self.with_company(root).env["account.chart.template"]
        chart = chart.with_context(allowed_company_ids=root.ids)
        for xmlid in xmlids:
            if account := chart.ref(xmlid, raise_if_not_found=False):
                return account.with_env(self.env).with_company(self)
        return self.env["account.account"].with_company(self)

    def _pinbu_create_account(self, account_type, title, code=None):
        """:param str code: the new account's code is the next free one after it; without it, after
        those of its type"""
        root = self.root_id
        accounts = self.env["account.account"].with_company(root)
        if not code:
            alike = accounts.search(
                [
                    *accounts._check_company_domain(root),
                    ("account_type", "=", account_type),
                    ("code", "!=", False),
                ]
            )
            code = alike[-1:].code or ("201000" if account_type.startswith("lia") else "601000")
        elif len(code) < 6:
            code = f"{code}00"
        account = accounts.create(
            {
                "name": title(self.env),
                "code": accounts._search_new_account_code(code),
                "account_type": account_type,
                "company_ids": [Command.set(root.ids)],
            }
        )
        self._pinbu_name(account, title)
        return account

    def _pinbu_default_wallet_journal(self):
        def title(env):
            return env._("Shopper Wallets")

        journals = self.env["account.journal"].with_company(self)
        taken = set(
            journals.with_context(active_test=False)
            .search(journals._check_company_domain(self))
            .mapped("code")
        )
        code = next(
            code
            for code in ("WALET", *(f"WAL{number}" for number in range(1, 100)))
            if code not in taken
        )
        journal = journals.create(
            {
                "name": title(self.env),
                "type": "general",
                "code": code,
                "company_id": self.id,
                "show_on_dashboard": False,
            }
        )
        self._pinbu_name(journal, title)
        return journal

    @api.model
    def _pinbu_name(self, record, title):
        """Name a record that the add-on made in every installed language.

        :param title: a function from an environment to the name in its language
        """
        for code, _language in self.env["res.lang"].get_installed():
            spoken = record.with_context(lang=code)
            spoken.name = title(spoken.env)

    def _pinbu_withdrawal_account(self):
        """:return: the account of payments that have left, until the bank's statement shows them;
        empty without a bank journal
        :rtype: account.account (sudo)
        """
        self.ensure_one()
        company = self.sudo().with_company(self)
        journals = company.env["account.journal"]
        journal = company.pinbu_withdrawal_journal_id or journals.search(
            [*journals._check_company_domain(self), ("type", "=", "bank")], limit=1
        )
        if not journal:
            return self.env["account.account"].sudo()
        chart = company.env["account.chart.template"].with_context(
            allowed_company_ids=self.root_id.ids
        )
        return (
            journal.outbound_payment_method_line_ids.payment_account_id[:1]
            or chart.ref("account_journal_payment_credit_account_id", raise_if_not_found=False)
            or company.transfer_account_id
            or journal.default_account_id
        )

    def _pinbu_accountant(self):
        """:return: who is told when something is wrong with wallets and books: the one chosen, or
        else an accounting administrator of the company
        :rtype: res.users
        """
        self.ensure_one()
        managers = self.env.ref("account.group_account_manager").sudo().all_user_ids
        for users in (self.sudo().pinbu_accountant_id, managers):
            able = users.filtered(
                lambda user: (
                    user.active
                    and self in user.company_ids
                    and (
                        user.has_group("account.group_account_invoice")
                        or user.has_group("account.group_account_readonly")
                    )
                )
            )
            if able:
                return able[0]
        return self.env.ref("base.user_admin")
