"""Whether the money at the provider covers what goes out tonight: refunds first, then payouts."""

import logging
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import from_minor, to_minor

_logger = logging.getLogger(__name__)

# A provider that tells its balance is asked this often.
BALANCE_AGE = timedelta(minutes=10)


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_payout_balance = fields.Monetary(
        string="Provider's Balance",
        readonly=True,
        help="What stood on the account that refunds and withdrawals are paid from.",
    )
    pinbu_payout_balance_at = fields.Datetime(
        string="Balance as of", readonly=True, help="Empty: nobody has said it yet."
    )
    pinbu_payout_alerted = fields.Boolean(
        readonly=True, help="Technical: somebody was told that the balance is short."
    )

    # === HOOK FOR PROVIDERS === #

    def _payout_balance(self):
        """Hook: ask the payouts' provider what stands on its account.

        :return: minor units, or None where an accountant fills it in
        :rtype: int | None
        :raise Exception: when it did not answer
        """
        self.ensure_one()
        return None

    # === BUSINESS METHODS === #

    def _pinbu_payout_user(self):
        """:return: who is told of trouble with payouts"""
        self.ensure_one()
        accountants = self.env.ref("account.group_account_invoice").sudo().all_user_ids
        able = accountants.filtered(lambda user: user.active and self in user.company_ids)
        return (
            self.sudo().pinbu_accountant_id
            or able.sorted("id")[:1]
            or self.env.ref("base.user_admin")
        )

    def _pinbu_set_payout_balance(self, balance_minor):
        """What the account holds now, as a person or the provider says."""
        self.ensure_one()
        self.flush_recordset()
        # To the microsecond, by the clock that payouts are sent by: none is counted twice.
        self.env.cr.execute(
            SQL(
                "UPDATE res_company SET pinbu_payout_balance = %s, pinbu_payout_balance_at = %s"
                " WHERE id = %s",
                from_minor(balance_minor, self.currency_id),
                SQL_NOW,
                self.id,
            )
        )
        self.invalidate_recordset(["pinbu_payout_balance", "pinbu_payout_balance_at"])

    def _pinbu_payout_forecast(self):
        """What the provider's account has to bear until the company's next midnight.

        Refunds that the shop pays into its own wallets need no money there.

        :return: minor units: ``balance`` (None: unknown) as it was said last, ``used`` (what went
            out since), ``refunds_due``, ``refunds_tonight`` (if no team whose deadline is today
            fills up), ``payouts`` (to be sent) and ``left`` (None: unknown), which is what remains
            of all that
        :rtype: dict
        """
        self.ensure_one()
        company = self.sudo()
        self.env.flush_all()
        # Odoo keeps the times of its transactions to the second.
        since = company.pinbu_payout_balance_at
        self.env.cr.execute(
            SQL(
                """
                SELECT (SELECT COALESCE(sum(amount_minor), 0) FROM pinbu_withdrawal
                         WHERE company_id = %(company)s AND state = 'requested'),
                       (SELECT COALESCE(sum(amount_minor), 0) FROM pinbu_withdrawal
                         WHERE company_id = %(company)s AND state != 'failed'
                           AND sent_at >= %(since)s),
                       (SELECT COALESCE(-sum(refund.amount), 0) FROM payment_transaction refund
                          JOIN payment_provider provider ON provider.id = refund.provider_id
                         WHERE refund.company_id = %(company)s
                           AND refund.pinbu_refund_reason IS NOT NULL
                           AND provider.code != 'wallet' AND refund.state = 'done'
                           AND refund.last_state_change >= date_trunc('second', %(since)s::timestamp)),
                       (SELECT COALESCE(-sum(refund.amount), 0) FROM payment_transaction refund
                          JOIN payment_provider provider ON provider.id = refund.provider_id
                         WHERE refund.company_id = %(company)s
                           AND refund.pinbu_refund_reason IS NOT NULL
                           AND provider.code != 'wallet' AND refund.state != 'done'),
                       (SELECT COALESCE(sum(payment.amount), 0) FROM pinbu_team team
                          JOIN pinbu_seat seat ON seat.team_id = team.id AND seat.state = 'paid'
                          JOIN payment_transaction payment ON payment.id = seat.transaction_id
                          JOIN payment_provider provider ON provider.id = payment.provider_id
                         WHERE team.company_id = %(company)s AND team.state = 'forming'
                           AND team.deadline < %(midnight)s
                           AND provider.code != 'wallet')
                """,
                company=self.id,
                since=since or None,
                midnight=self._pinbu_last_midnight() + timedelta(days=1),
            )
        )
        payouts, sent, refunded, due, tonight = self.env.cr.fetchone()
        refunded, due, tonight = (
            to_minor(amount, self.currency_id) for amount in (refunded, due, tonight)
        )
        forecast = {
            "balance": None,
            "used": sent + refunded,
            "refunds_due": due,
            "refunds_tonight": tonight,
            "payouts": payouts,
            "left": None,
        }
        if since:
            balance = to_minor(company.pinbu_payout_balance, self.currency_id)
            forecast["balance"] = balance
            forecast["left"] = balance - sum(
                forecast[name] for name in ("used", "refunds_due", "refunds_tonight", "payouts")
            )
        return forecast

    def _pinbu_may_pay(self, amount_minor):
        """Whether so much may go out now and leave enough for tonight's refunds, which come first.

        :param int amount_minor: of withdrawals that are requested still
        """
        forecast = self._pinbu_payout_forecast()
        if forecast["left"] is None:
            return True
        return forecast["left"] + forecast["payouts"] >= amount_minor

    def _pinbu_watch_payouts(self):
        """Ask the provider for its balance, if it tells; and say once that it is short."""
        self.ensure_one()
        company = self.sudo()
        age = company.pinbu_payout_balance_at
        if not age or age < fields.Datetime.now() - BALANCE_AGE:
            try:
                balance = self._payout_balance()  # pylint: disable=assignment-from-none
            except Exception:
                _logger.warning("The payouts' provider does not tell its balance", exc_info=True)
                balance = None
            if balance is not None:
                self._pinbu_set_payout_balance(balance)
        forecast = self._pinbu_payout_forecast()
        is_short = forecast["left"] is not None and forecast["left"] < 0
        if is_short != company.pinbu_payout_alerted:
            company.pinbu_payout_alerted = is_short
            self._pinbu_tell_short(forecast if is_short else None)

    def _pinbu_tell_short(self, forecast):
        """:param dict forecast: what is short; None: nothing is any more"""
        partner = self.sudo().partner_id
        if not forecast:
            partner.activity_feedback(["pinbu_subsidy.mail_activity_type_payout_balance"])
            return
        user = self._pinbu_payout_user()
        self = self.with_context(lang=user.lang)
        partner.activity_schedule(
            "pinbu_subsidy.mail_activity_type_payout_balance",
            user_id=user.id,
            note=self.env._(
                "The provider's balance does not cover tonight: %s is missing. Withdrawals wait"
                " until it is filled up; refunds go first.",
                self.currency_id.format(from_minor(-forecast["left"], self.currency_id)),
            ),
        )
