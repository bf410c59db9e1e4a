from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import from_minor

# So many names stand in a finding; its number says how many there are.
NAMED = 10


class PinbuBooksCheck(models.Model):
    """One comparison of a company's wallets, their ledger and the books, to the smallest unit.

    What is found is a list of dicts with a ``code`` and the figures that go with it. An accountant
    is told when it is not what was found the last time.
    """

    _name = "pinbu.books.check"
    _description = "Comparison of Wallets and Books"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    checked_at = fields.Datetime(required=True, readonly=True)
    cards = fields.Monetary(
        string="Wallets", readonly=True, help="What all wallets of the company's shoppers hold."
    )
    ledger = fields.Monetary(readonly=True, help="The sum of the wallets' ledger.")
    unbooked = fields.Monetary(
        string="Not Booked Yet",
        readonly=True,
        help="What the ledger has and the books will have when the day is over.",
    )
    booked = fields.Monetary(
        string="Should Be in the Books", readonly=True, help="The ledger's rows that are booked."
    )
    liability = fields.Monetary(
        string="Liability in the Books",
        readonly=True,
        help="The balance of the account of the wallets.",
    )
    findings = fields.Json(readonly=True)
    is_ok = fields.Boolean(string="Agrees", readonly=True)
    result = fields.Text(compute="_compute_result")

    # === COMPUTE METHODS === #

    @api.depends("company_id", "checked_at")
    def _compute_display_name(self):
        for check in self:
            at = fields.Datetime.context_timestamp(check, check.checked_at)
            check.display_name = f"{check.company_id.name}, {at:%Y-%m-%d %H:%M}"

    @api.depends("findings")
    @api.depends_context("lang")
    def _compute_result(self):
        for check in self:
            texts = [check._finding_text(finding) for finding in check.findings or []]
            check.result = "\n".join(texts) or self.env._("Wallets, ledger and books agree.")

    # === ACTION METHODS === #

    def action_check_now(self):
        """Have all companies compared in a moment, as every night."""
        self.env["pinbu.books.check"].check_access("read")
        self.env.ref("pinbu_subsidy.ir_cron_check_books").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("Wallets and books are being compared. Reload in a moment."),
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _cron_check(self):
        """Book what is to be booked, then compare, company by company."""
        bookings = self.env["pinbu.wallet.booking"]
        for company in bookings._companies():
            findings, _is_done = bookings._book_company(company)
            self._check(company, findings)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _tell_of_trouble(self, company, findings):
        """What could not be booked is not left until the night, and not said twice.

        :param list[dict] findings: what stands in the way; empty when nothing does
        """
        if findings and any(
            finding not in (self._last(company).findings or []) for finding in findings
        ):
            self._check(company, findings)

    @api.model
    def _last(self, company):
        return self.search([("company_id", "=", company.id)], limit=1)

    @api.model
    def _check(self, company, findings=()):
        """Compare this company's wallets, ledger and books, and tell an accountant what is new.

        :param list[dict] findings: what is known already
        :rtype: pinbu.books.check
        """
        last = self._last(company)
        currency = company.currency_id
        self.env.flush_all()
        figures = self._figures(company)
        findings = [*findings, *self._compare(company, figures)]
        check = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True).create(
            {
                "company_id": company.id,
                "checked_at": fields.Datetime.now(),
                "findings": findings,
                "is_ok": not findings,
                **{name: from_minor(minor, currency) for name, minor in figures.items()},
            }
        )
        if not findings:
            alerted = self.search([("company_id", "=", company.id), ("activity_ids", "!=", False)])
            alerted.activity_feedback(["mail.mail_activity_data_warning"])
        elif self._signature(findings) != self._signature(last.findings or []):
            check._alert()
        return check

    @api.model
    def _signature(self, findings):
        """:return: what makes two nights' findings the same difference: what still waits grows"""
        return sorted(
            str({"code": "late"} if finding["code"] == "late" else finding) for finding in findings
        )

    def _alert(self):
        self.ensure_one()
        user = self.company_id._pinbu_accountant()
        told = self.with_context(lang=user.lang)
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=told.env._("Wallets and books differ: %s", self.company_id.name),
            note=told.result,
            user_id=user.id,
        )

    @api.model
    def _figures(self, company):
        """:return: what is compared, in minor units: all of it of one moment"""
        self.env.cr.execute(
            SQL(
                """
                SELECT COALESCE((
                           SELECT SUM(round(COALESCE(card.points, 0) * %(factor)s))
                             FROM loyalty_card card
                             JOIN loyalty_program program ON program.id = card.program_id
                            WHERE card.pinbu_is_wallet AND program.company_id = %(company)s
                       ), 0)::bigint,
                       COALESCE(SUM(entry.amount_minor), 0)::bigint,
                       COALESCE(SUM(entry.amount_minor) FILTER (WHERE booking.id IS NULL), 0)::bigint,
                       COALESCE(SUM(entry.amount_minor) FILTER (WHERE booking.id IS NOT NULL), 0)::bigint,
                       COALESCE((
                           SELECT round(-SUM(line.balance) * %(factor)s)
                             FROM account_move_line line
                            WHERE line.account_id = %(account)s
                              AND line.company_id = %(company)s
                              AND line.parent_state = 'posted'
                       ), 0)::bigint
                  FROM pinbu_wallet_entry entry
             LEFT JOIN pinbu_wallet_booking booking ON booking.entry_id = entry.id
                 WHERE entry.company_id = %(company)s
                """,
                factor=10**company.currency_id.decimal_places,
                company=company.id,
                account=company.sudo().pinbu_wallet_account_id.id or None,
            )
        )
        names = ("cards", "ledger", "unbooked", "booked", "liability")
        return dict(zip(names, self.env.cr.fetchone(), strict=True))

    @api.model
    def _compare(self, company, figures):
        """:return: what does not agree, as findings"""
        findings = []
        if wrong := self._wrong_cards(company):
            findings.append(
                {
                    "code": "cards",
                    "amount_minor": figures["cards"] - figures["ledger"],
                    "count": len(wrong),
                    "names": wrong[:NAMED],
                }
            )
        if difference := figures["liability"] - figures["booked"]:
            findings.append({"code": "books", "amount_minor": difference})
        count, amount = self._late(company)
        if count:
            findings.append({"code": "late", "count": count, "amount_minor": amount})
        if wrong := self._wrong_orders(company):
            findings.append({"code": "orders", "count": len(wrong), "names": wrong[:NAMED]})
        return findings

    @api.model
    def _wrong_cards(self, company):
        """:return: the codes of the wallets that hold something else than their ledger's sum"""
        self.env.cr.execute(
            SQL(
                """
                SELECT card.code
                  FROM loyalty_card card
                  JOIN loyalty_program program ON program.id = card.program_id
             LEFT JOIN (
                       SELECT card_id, SUM(amount_minor) AS balance FROM pinbu_wallet_entry
                        WHERE company_id = %(company)s GROUP BY card_id
                       ) ledger ON ledger.card_id = card.id
                 WHERE card.pinbu_is_wallet AND program.company_id = %(company)s
                   AND abs(COALESCE(card.points, 0) * %(factor)s - COALESCE(ledger.balance, 0)) > 1e-6
              ORDER BY card.id
                """,
                company=company.id,
                factor=10**company.currency_id.decimal_places,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _late(self, company):
        """:return: number and sum, in minor units, of the rows that should be in the books"""
        bookings = self.env["pinbu.wallet.booking"]
        yesterday = bookings._today(company) - timedelta(days=1)
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*), COALESCE(SUM(entry.amount_minor), 0)::bigint
                  FROM pinbu_wallet_entry entry
             LEFT JOIN pinbu_wallet_booking booking ON booking.entry_id = entry.id
                 WHERE booking.id IS NULL
                   AND entry.company_id = %s AND entry.create_date < %s
                """,
                company.id,
                bookings._begin_of(company, yesterday),
            )
        )
        return self.env.cr.fetchone()

    @api.model
    def _wrong_orders(self, company):
        """Orders whose payments all went back, for which something stays in the books.

        :return: their names
        """
        self.env.cr.execute(
            SQL(
                """
                WITH returned AS (
                    SELECT rel.sale_order_id AS id
                      FROM sale_order_transaction_rel rel
                      JOIN payment_transaction tx ON tx.id = rel.transaction_id
                     WHERE tx.company_id = %(company)s AND tx.state = 'done'
                  GROUP BY rel.sale_order_id
                    HAVING SUM(tx.amount) = 0
                       AND MAX(tx.last_state_change) < %(now)s - interval '1 hour'
                )
                SELECT DISTINCT sale_order.name
                  FROM returned
                  JOIN sale_order ON sale_order.id = returned.id
                  JOIN sale_order_transaction_rel rel ON rel.sale_order_id = returned.id
                  JOIN payment_transaction tx ON tx.id = rel.transaction_id
                  JOIN account_payment payment ON payment.id = tx.payment_id
                  JOIN account_move_line line ON line.move_id = payment.move_id
                 WHERE line.parent_state = 'posted'
                   AND EXISTS (SELECT FROM pinbu_seat WHERE order_id = returned.id)
              GROUP BY sale_order.name, line.account_id
                HAVING SUM(line.balance) != 0
              ORDER BY sale_order.name
                """,
                company=company.id,
                now=SQL_NOW,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _finding_text(self, finding):
        """:return: one finding as a sentence with its figures"""
        self.ensure_one()
        currency = self.currency_id
        amount = currency.format(from_minor(finding.get("amount_minor", 0), currency))
        names = ", ".join(finding.get("names", []))
        count = finding.get("count", 0)
        match finding["code"]:
            case "cards":
                return self.env._(
                    "%(count)s wallets do not hold what their ledger says (%(names)s); all wallets"
                    " together hold %(cards)s, the ledger says %(ledger)s: %(amount)s apart.",
                    count=count,
                    names=names,
                    cards=currency.format(self.cards),
                    ledger=currency.format(self.ledger),
                    amount=amount,
                )
            case "books":
                return self.env._(
                    "The books owe %(liability)s to the wallets, and should owe %(booked)s:"
                    " %(amount)s apart. Look for entries on the account of the wallets that are"
                    " not of the wallets, and for entries of the wallets that were changed.",
                    liability=currency.format(self.liability),
                    booked=currency.format(self.booked),
                    amount=amount,
                )
            case "late":
                return self.env._(
                    "%(count)s changes of wallets, %(amount)s together, should be in the books and"
                    " are not.",
                    count=count,
                    amount=amount,
                )
            case "orders":
                return self.env._(
                    "%(count)s orders were paid and refunded in full, but something of them stays"
                    " in the books: %(names)s",
                    count=count,
                    names=names,
                )
            case "no_accounting":
                return self.env._(
                    "The company has no chart of accounts, so its wallets cannot be booked. Choose"
                    " one in the accounting settings; nothing is lost, it is booked then."
                )
            case "no_bank":
                return self.env._(
                    "Withdrawals cannot be booked: the company has no bank journal. Choose one in"
                    " the group-buying settings; nothing is lost, it is booked then."
                )
            case "currency":
                return self.env._(
                    "The company's currency is not that of its wallets: they cannot be booked."
                )
        return self.env._("Could not be booked: %s", finding.get("text"))
