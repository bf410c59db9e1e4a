from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

from odoo import SUPERUSER_ID, api, fields
from odoo.tools import SQL

LEDGER_CLOCK = "odoo.addons.pinbu_subsidy.models.pinbu_wallet_entry.SQL_NOW"


class BooksMixin:
    """Money that moves in wallets on other days than today, and the schedulers of the books."""

    @contextmanager
    def on(self, at):
        """Have the ledger's rows written at this moment."""
        with patch(LEDGER_CLOCK, SQL("%s::timestamp", fields.Datetime.to_string(at))):
            yield

    def days_ago(self, days, company=None):
        """:return: noon of that day in the company's time zone, in UTC"""
        company = company or self.company
        bookings = self.env["pinbu.wallet.booking"]
        day = bookings._today(company) - timedelta(days=days)
        return bookings._begin_of(company, day) + timedelta(hours=12)

    def wallet_of(self, partner, company=None):
        return (company or self.company)._pinbu_wallets(partner, create=True)[partner.id]

    def post(self, wallet, kind, amount_minor, at=None):
        """:param at: days ago, or a moment in UTC. :return: the ledger's row"""
        if not isinstance(at, datetime):
            at = self.days_ago(1 if at is None else at, wallet.company_id)
        with self.on(at):
            [entry_id] = wallet._pinbu_post(
                [
                    {
                        "card_id": wallet.id,
                        "kind": kind,
                        "amount_minor": amount_minor,
                        "reference": "T1",
                        "idempotency_key": uuid4().hex,
                    }
                ]
            )
        return self.env["pinbu.wallet.entry"].browse(entry_id)

    def run_cron(self, model, method):
        """Run a scheduled action's method in a transaction of its own, as far as a test has one."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            getattr(api.Environment(cr, SUPERUSER_ID, {})[model], method)()
        self.env.invalidate_all()

    def book(self):
        self.run_cron("pinbu.wallet.booking", "_cron_book")

    def check_books(self, company=None):
        """Run the nightly comparison. :return: what it found for the company"""
        self.run_cron("pinbu.books.check", "_cron_check")
        return self.env["pinbu.books.check"]._last(company or self.company)

    def lines_of(self, moves):
        """:return: (account, debit, credit) of each line, in order"""
        return [(line.account_id, line.debit, line.credit) for line in moves.line_ids.sorted("id")]

    def make_company(self, name, currency="JPY", country="jp"):
        """:return: a company with accounts and a bank of its own"""
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", currency)])
        )
        currency.active = True
        company = self.env["res.company"].create(
            {
                "name": name,
                "currency_id": currency.id,
                "country_id": self.env.ref(f"base.{country}").id,
            }
        )
        self.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        company.currency_id = currency
        return company
