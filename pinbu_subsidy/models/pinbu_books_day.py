from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .pinbu_wallet_booking import CannotBook


class PinbuBooksDay(models.Model):
    """What the books owe to the wallets, beside what the wallets hold, at the end of each day.

    Days are the company's own; in the books the day is the entry's accounting date.
    """

    _name = "pinbu.books.day"
    _description = "Wallets and Books by Day"
    _auto = False
    _order = "day desc, company_id"
    _rec_name = "day"
    _depends = {
        "account.move": ["date"],
        "account.move.line": ["account_id", "balance", "company_id", "date", "parent_state"],
        "pinbu.wallet.booking": ["entry_id", "move_id"],
        "res.company": ["currency_id", "partner_id", "pinbu_wallet_account_id"],
        "res.partner": ["country_id", "tz"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    day = fields.Date(readonly=True)
    subsidies = fields.Monetary(readonly=True)
    taken_back = fields.Monetary(readonly=True)
    spent = fields.Monetary(readonly=True, help="In group-buys.")
    refunded = fields.Monetary(readonly=True, help="What orders gave back to the wallets.")
    withdrawn = fields.Monetary(readonly=True)
    withdrawals_returned = fields.Monetary(readonly=True)
    native = fields.Monetary(string="Changes in Odoo", readonly=True)
    wallets = fields.Monetary(
        readonly=True, aggregator=None, help="What the wallets held at the end of the day."
    )
    liability = fields.Monetary(
        string="Liability in the Books",
        readonly=True,
        aggregator=None,
        help="The balance of the account of the wallets at the end of the day.",
    )
    unbooked = fields.Monetary(
        string="Booked Later",
        readonly=True,
        aggregator=None,
        help="What the wallets held already, and entries of a later date, or none yet, hold.",
    )
    difference = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="The liability and what was booked later, less what the wallets held: nothing, if "
        "all is well.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH company AS (
                SELECT company.id, company.currency_id, company.pinbu_wallet_account_id,
                       10 ^ currency.decimal_places AS factor,
                       -- As in `_pinbu_timezone`.
                       COALESCE(
                           partner.tz,
                           CASE WHEN country.code = 'CN' THEN 'Asia/Shanghai' ELSE 'UTC' END
                       ) AS zone
                  FROM res_company company
                  JOIN res_currency currency ON currency.id = company.currency_id
                  JOIN res_partner partner ON partner.id = company.partner_id
             LEFT JOIN res_country country ON country.id = partner.country_id
            ),
            change AS (
                SELECT company.id AS company_id,
                       (entry.create_date AT TIME ZONE 'UTC' AT TIME ZONE company.zone)::date AS day,
                       entry.kind, entry.amount_minor / company.factor::numeric AS wallet,
                       0::numeric AS booked, 0::numeric AS liability
                  FROM pinbu_wallet_entry entry
                  JOIN company ON company.id = entry.company_id
             UNION ALL
                SELECT company.id, move.date, NULL, 0,
                       entry.amount_minor / company.factor::numeric, 0
                  FROM pinbu_wallet_booking booking
                  JOIN pinbu_wallet_entry entry ON entry.id = booking.entry_id
                  JOIN account_move move ON move.id = booking.move_id
                  JOIN company ON company.id = entry.company_id
             UNION ALL
                SELECT company.id, line.date, NULL, 0, 0, -line.balance
                  FROM account_move_line line
                  JOIN company ON company.id = line.company_id
                              AND company.pinbu_wallet_account_id = line.account_id
                 WHERE line.parent_state = 'posted'
            ),
            daily AS (
                SELECT company_id, day,
                       COALESCE(SUM(wallet) FILTER (WHERE kind = 'subsidy'), 0) AS subsidies,
                       COALESCE(-SUM(wallet) FILTER (WHERE kind = 'take_back'), 0) AS taken_back,
                       COALESCE(-SUM(wallet) FILTER (WHERE kind = 'spend'), 0) AS spent,
                       COALESCE(SUM(wallet) FILTER (WHERE kind = 'refund'), 0) AS refunded,
                       COALESCE(-SUM(wallet) FILTER (WHERE kind = 'withdrawal'), 0) AS withdrawn,
                       COALESCE(SUM(wallet) FILTER (WHERE kind = 'withdrawal_return'), 0)
                           AS withdrawals_returned,
                       COALESCE(SUM(wallet) FILTER (WHERE kind = 'native'), 0) AS native,
                       SUM(SUM(wallet)) OVER until_then AS wallets,
                       SUM(SUM(booked)) OVER until_then AS booked,
                       SUM(SUM(liability)) OVER until_then AS liability
                  FROM change
              GROUP BY company_id, day
                WINDOW until_then AS (PARTITION BY company_id ORDER BY day)
            )
            -- One number for company and day, the same in every query.
            SELECT daily.company_id * 100000 + (daily.day - DATE '2000-01-01') AS id,
                   company.currency_id, daily.*,
                   daily.wallets - daily.booked AS unbooked,
                   daily.liability - daily.booked AS difference
              FROM daily
              JOIN company ON company.id = daily.company_id
            """
        )

    # === ACTION METHODS === #

    def action_entries(self):
        """Show the ledger's rows of this day."""
        self.ensure_one()
        bookings = self.env["pinbu.wallet.booking"]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pinbu_subsidy.pinbu_wallet_entry_action"
        )
        begin = bookings._begin_of(self.company_id, self.day)
        end = bookings._begin_of(self.company_id, self.day + timedelta(days=1))
        return {
            **action,
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("create_date", ">=", fields.Datetime.to_string(begin)),
                ("create_date", "<", fields.Datetime.to_string(end)),
            ],
        }

    def action_lines(self):
        """Show the journal items of this day on the account of the wallets."""
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("account_id", "=", self.company_id.sudo().pinbu_wallet_account_id.id),
            ("parent_state", "=", "posted"),
            ("date", "=", fields.Date.to_string(self.day)),
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "domain": domain,
        }

    def action_book_now(self):
        """Post what the wallets have until this moment, for the companies that the user works in.

        What still comes today gets a further entry tomorrow.
        """
        self.env["account.move"].check_access("create")
        bookings = self.env["pinbu.wallet.booking"].sudo()
        for company in bookings._companies() & self.env.companies:
            bookings._link_payments(company)
            tomorrow = bookings._today(company) + timedelta(days=1)
            for day, kind in bookings._unbooked(company, before=tomorrow):
                try:
                    bookings._book(company, day, kind)
                except CannotBook as error:
                    check = self.env["pinbu.books.check"].sudo().new({"company_id": company.id})
                    raise UserError(check._finding_text({"code": error.code})) from error
        return {"type": "ir.actions.client", "tag": "soft_reload"}
