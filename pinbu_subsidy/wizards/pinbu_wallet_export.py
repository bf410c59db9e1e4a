import base64
import csv
import io
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..money import from_minor

# What a spreadsheet would take for a formula: names are the shoppers' own.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class PinbuWalletExport(models.TransientModel):
    """What each shopper of a company was given in a month, for the tax declaration."""

    _name = "pinbu.wallet.export"
    _description = "Monthly Export of Wallets"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    month = fields.Date(
        required=True,
        default=lambda self: (
            fields.Date.context_today(self).replace(day=1) - relativedelta(months=1)
        ),
        help="Any day of the month.",
    )
    file = fields.Binary(readonly=True, attachment=False)
    filename = fields.Char(compute="_compute_filename")

    # === COMPUTE METHODS === #

    @api.depends("company_id", "month")
    def _compute_filename(self):
        for export in self:
            month = export.month or date.today()
            export.filename = f"wallets-{export.company_id.id}-{month:%Y-%m}.csv"

    # === ACTION METHODS === #

    def action_export(self):
        """Make the file and have the browser save it."""
        self.ensure_one()
        self.check_access("write")
        if self.company_id not in self.env.user.company_ids:
            raise AccessError(self.env._("This is not one of your companies."))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(
            [
                self.env._("Shopper ID"),
                self.env._("Shopper"),
                self.env._("Month"),
                self.env._("Currency"),
                self.env._("Granted"),
                self.env._("Taken Back"),
                self.env._("Withdrawn"),
                self.env._("Withdrawals Returned"),
            ]
        )
        currency = self.company_id.currency_id
        for partner_id, name, *minors in self._rows():
            writer.writerow(
                [
                    partner_id,
                    self._as_text(name),
                    f"{self.month:%Y-%m}",
                    currency.name,
                    *(
                        f"{from_minor(minor, currency):.{currency.decimal_places}f}"
                        for minor in minors
                    ),
                ]
            )
        # Spreadsheets take a file without this mark for another encoding.
        self.file = base64.b64encode(text.getvalue().encode("utf-8-sig"))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.filename}?download=true",
            "target": "self",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _as_text(self, name):
        """:return: the name so that no spreadsheet computes it"""
        name = name or ""
        return f"'{name}" if name.startswith(FORMULA) else name

    def _rows(self):
        """:return: rows of shopper's id and name, granted, taken back, withdrawn and withdrawals
        returned, in minor units; only of those for whom one of them is not zero
        """
        self.ensure_one()
        bookings = self.env["pinbu.wallet.booking"]
        first = self.month.replace(day=1)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT card.partner_id, partner.name,
                       COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'subsidy'), 0)::bigint,
                       COALESCE(-SUM(amount_minor) FILTER (WHERE kind = 'take_back'), 0)::bigint,
                       COALESCE(-SUM(amount_minor) FILTER (WHERE kind = 'withdrawal'), 0)::bigint,
                       COALESCE(
                           SUM(amount_minor) FILTER (WHERE kind = 'withdrawal_return'), 0
                       )::bigint
                  FROM pinbu_wallet_entry entry
                  JOIN loyalty_card card ON card.id = entry.card_id
             LEFT JOIN res_partner partner ON partner.id = card.partner_id
                 WHERE entry.company_id = %(company)s
                   AND entry.kind IN ('subsidy', 'take_back', 'withdrawal', 'withdrawal_return')
                   AND entry.create_date >= %(begin)s AND entry.create_date < %(end)s
              GROUP BY card.partner_id, partner.name
              ORDER BY card.partner_id
                """,
                company=self.company_id.id,
                begin=bookings._begin_of(self.company_id, first),
                end=bookings._begin_of(self.company_id, first + relativedelta(months=1)),
            )
        )
        return self.env.cr.fetchall()
