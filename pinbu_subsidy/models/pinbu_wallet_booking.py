import logging
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg2.errors

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..money import from_minor

_logger = logging.getLogger(__name__)

# Who may see where the ledger stands in the books.
ACCOUNTANTS = "account.group_account_readonly,account.group_account_invoice"
# The kinds of ledger rows that have a daily entry. What an order takes from a wallet and gives back
# is booked with the payment itself, as any provider's.
DAILY_KINDS = ("subsidy", "take_back", "withdrawal", "withdrawal_return", "native")
# Another transaction books the same rows, or moved what they hang on: the next run looks again.
_BUSY = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,
)


class CannotBook(UserError):
    """What keeps rows out of the books until somebody acts.

    :param str code: one of the findings of `pinbu.books.check`
    """

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class PinbuWalletBooking(models.Model):
    """Which journal entry holds which ledger row.

    The ledger is append-only, so the link stands here, one per row: a row is in the books once. It
    goes with its entry when an accountant deletes that one as a draft, and the row is booked anew.
    """

    _name = "pinbu.wallet.booking"
    _description = "Wallet Ledger Entry in the Books"
    _log_access = False
    _rec_name = "move_id"

    entry_id = fields.Many2one(
        "pinbu.wallet.entry", required=True, readonly=True, ondelete="restrict"
    )
    move_id = fields.Many2one(
        "account.move", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)

    _entry_unique = models.Constraint(
        "UNIQUE(entry_id)", "This ledger entry is in the books already."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _cron_book(self):
        """Post the days that are over, one entry per transaction, until the time is up."""
        for company in self._companies():
            findings, is_done = self._book_company(company)
            self.env["pinbu.books.check"]._tell_of_trouble(company, findings)
            if not self.env["ir.cron"]._commit_progress() or not is_done:
                self.env.ref("pinbu_subsidy.ir_cron_book")._trigger()
                self.env["ir.cron"]._commit_progress()
                return

    @api.model
    def _companies(self):
        """:return: the companies whose shoppers have wallets"""
        programs = self.env["loyalty.program"].sudo().with_context(active_test=False)
        companies = programs.search([("pinbu_is_wallet", "=", True)]).company_id.sorted("id")
        return companies.with_env(self.env)

    @api.model
    def _book_company(self, company):
        """Book what is to be booked of this company, committing entry by entry. What cannot be
        booked holds up nothing else.

        :return: what stands in the way, as findings of `pinbu.books.check`, and whether there was
            time for all of it
        :rtype: tuple[list[dict], bool]
        """
        findings = []
        try:
            self._link_payments(company)
            steps = self._unbooked(company)
            self.env["ir.cron"]._commit_progress(remaining=len(steps))
        except _BUSY:
            self.env.cr.rollback()
            return [], True
        for day, kind in steps:
            try:
                self._book(company, day, kind)
            except _BUSY:
                self.env.cr.rollback()
                _logger.info("The wallets' %s of %s are busy: the next run books them", kind, day)
            except Exception as error:
                self.env.cr.rollback()
                finding = self._finding(error)
                if finding not in findings:
                    findings.append(finding)
                    _logger.warning("Could not book the %s of %s", kind, day, exc_info=True)
            if not self.env["ir.cron"]._commit_progress(1):
                return findings, False
        return findings, True

    def _finding(self, error):
        if isinstance(error, CannotBook):
            return {"code": error.code}
        text = str(error) if isinstance(error, UserError) else type(error).__name__
        return {"code": "refused", "text": text}

    @api.model
    def _link_payments(self, company):
        """Link what orders took from wallets, and gave back, to the entries of their payments."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_wallet_booking (entry_id, move_id, company_id)
                SELECT entry.id, payment.move_id, entry.company_id
                  FROM payment_transaction tx
                  JOIN pinbu_wallet_entry entry ON entry.id = tx.pinbu_wallet_entry_id
                  JOIN account_payment payment ON payment.id = tx.payment_id
                  JOIN account_move move ON move.id = payment.move_id
             LEFT JOIN pinbu_wallet_booking booking ON booking.entry_id = entry.id
                 WHERE booking.id IS NULL
                   AND entry.company_id = %s
                   AND move.state = 'posted'
                """,
                company.id,
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _today(self, company):
        """:return: the company's today, by the database's clock"""
        self.env.cr.execute(
            SQL("SELECT (clock_timestamp() AT TIME ZONE %s)::date", company._pinbu_timezone())
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _begin_of(self, company, day):
        """:return: when this day begins for the company, in UTC as Odoo stores times"""
        zone = ZoneInfo(company._pinbu_timezone())
        return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)

    @api.model
    def _unbooked(self, company, before=None):
        """:param before: rows of this day and later ones wait; the company's today by default
        :return: ``(day, kind)`` of the rows that have no entry yet, in this order
        """
        before = before or self._today(company)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT
                       (entry.create_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day,
                       entry.kind
                  FROM pinbu_wallet_entry entry
             LEFT JOIN pinbu_wallet_booking booking ON booking.entry_id = entry.id
                 WHERE booking.id IS NULL
                   AND entry.company_id = %(company)s
                   AND entry.kind IN %(kinds)s
                   AND entry.create_date < %(before)s
              ORDER BY day, kind
                """,
                zone=company._pinbu_timezone(),
                company=company.id,
                kinds=DAILY_KINDS,
                before=self._begin_of(company, before),
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _book(self, company, day, kind):
        """Post one entry for what is not in the books yet of this company's day and kind.

        What came late, after the day's entry was posted, gets a further one; into a locked period
        nothing goes: its entry is of today.

        :return: the posted entry, empty when there is nothing to book
        :rtype: account.move (sudo)
        :raise CannotBook: when the company's accounting is not ready for it
        """
        moves = self.env["account.move"].sudo().with_company(company)
        self.env.cr.execute(
            SQL(
                """
                SELECT array_agg(entry.id),
                       COALESCE(SUM(entry.amount_minor) FILTER (WHERE amount_minor > 0), 0),
                       COALESCE(SUM(entry.amount_minor) FILTER (WHERE amount_minor < 0), 0),
                       bool_and(program.currency_id = company.currency_id)
                  FROM pinbu_wallet_entry entry
                  JOIN loyalty_card card ON card.id = entry.card_id
                  JOIN loyalty_program program ON program.id = card.program_id
                  JOIN res_company company ON company.id = entry.company_id
             LEFT JOIN pinbu_wallet_booking booking ON booking.entry_id = entry.id
                 WHERE booking.id IS NULL
                   AND entry.company_id = %(company)s
                   AND entry.kind = %(kind)s
                   AND entry.create_date >= %(begin)s AND entry.create_date < %(end)s
                """,
                company=company.id,
                kind=kind,
                begin=self._begin_of(company, day),
                end=self._begin_of(company, day + timedelta(days=1)),
            )
        )
        entry_ids, credit, debit, is_own_currency = self.env.cr.fetchone()
        if not entry_ids:
            return moves
        if not company._pinbu_set_up_books():
            raise CannotBook("no_accounting")
        if not is_own_currency:
            raise CannotBook("currency")
        move = moves.create(self._prepare_move(company.sudo(), day, kind, credit, -debit))
        move._post(soft=False)
        self._link(move, entry_ids)
        return move

    def _prepare_move(self, company, day, kind, credit, debit):
        """:param int credit: what came into the wallets, in minor units
        :param int debit: what left them, in minor units
        :return: values of the entry
        """
        company = company.with_context(lang=company.partner_id.lang or self.env.user.lang)
        kinds = dict(
            self.env["pinbu.wallet.entry"]
            .with_env(company.env)
            ._fields["kind"]
            ._description_selection(company.env)
        )
        other = self._other_account(company, kind)
        journal = company.pinbu_wallet_journal_id
        # Both ways of a day stand in the books, not only what they come to.
        sides = [
            (company.pinbu_wallet_account_id, other, debit),
            (other, company.pinbu_wallet_account_id, credit),
        ]
        lines = []
        for debited, credited, minor in sides:
            if amount := from_minor(minor, company.currency_id):
                lines += [
                    {"account_id": debited.id, "debit": amount, "credit": 0.0},
                    {"account_id": credited.id, "debit": 0.0, "credit": amount},
                ]
        name = company.env._(
            "Wallets, %(day)s: %(kind)s", day=format_date(company.env, day), kind=kinds[kind]
        )
        return {
            "move_type": "entry",
            "journal_id": journal.id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "date": self._date_of(company, journal, day),
            "ref": name,
            "line_ids": [Command.create({**line, "name": name}) for line in lines],
        }

    def _other_account(self, company, kind):
        """:return: what stands against the wallets' liability in the entries of this kind"""
        if kind in ("withdrawal", "withdrawal_return"):
            account = company._pinbu_withdrawal_account()
            if not account:
                raise CannotBook("no_bank")
            return account
        expense = company.pinbu_subsidy_expense_account_id
        if kind == "native":
            return company.pinbu_wallet_native_account_id or expense
        return expense

    def _date_of(self, company, journal, day):
        """:return: the day itself if its period is open, else today, else the first open day"""
        for date in (day, self._today(company)):
            locks = company._get_violated_lock_dates(date, False, journal)
            if not locks:
                return date
        return max(lock for lock, _field in locks) + timedelta(days=1)

    def _link(self, move, entry_ids):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_wallet_booking (entry_id, move_id, company_id)"
                " SELECT unnest(%s), %s, %s",
                entry_ids,
                move.id,
                move.company_id.id,
            )
        )
        self.invalidate_model(flush=False)
        move.invalidate_recordset(["pinbu_booking_ids"], flush=False)
