"""Provider `manual`: an accountant pays by hand, from a list and a bank file."""

import csv
import io

from odoo import api, fields, models
from odoo.exceptions import UserError

from .pinbu_withdrawal_payout import MANUAL

# A spreadsheet would run what begins with one of these.
_FORMULA = tuple("=+-@\t\r")


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    exported_at = fields.Datetime(
        string="In Bank File",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When it was last written into a bank file.",
    )

    # === ACTION METHODS === #

    def action_review(self):
        """Hold these back until somebody has looked at them."""
        self._check_reviewer()._to_review("manual")

    def action_approve(self):
        """They are to be paid."""
        self._check_reviewer()._to_requested()
        self.env.ref("pinbu_subsidy.ir_cron_payouts").sudo()._trigger()

    def action_start(self):
        """From now on these are being paid by hand: the shopper cannot cancel them any more."""
        self._check_payer()._start("withdrawal being paid")

    def action_export(self):
        """Write these into a file for the bank; those that wait are being paid from now on."""
        payable = self._check_payer()
        payable._start("withdrawal in bank file")
        chosen = payable.filtered(lambda one: one.provider == MANUAL and one.state == "sent")
        if not chosen:
            raise UserError(self.env._("None of these is to be paid by hand."))
        chosen.exported_at = fields.Datetime.now()
        return {
            "type": "ir.actions.act_url",
            "url": f"/pinbu/withdrawals/bank_file?ids={','.join(map(str, chosen.ids))}",
            "target": "download",
        }

    def action_mark_paid(self):
        """The accountant has paid these."""
        self._settle_by_hand("paid")

    def action_refuse(self):
        """After a look at them: the money goes back into the wallets."""
        self._check_reviewer()._to_failed("refused", ("requested", "review"))

    # === BUSINESS METHODS === #

    def _start(self, reason):
        """:raise UserError: when the balance is needed for tonight's refunds"""
        waiting = self.filtered(lambda one: one.provider == MANUAL and one.state == "requested")
        for company, withdrawals in waiting.grouped("company_id").items():
            if not company._pinbu_may_pay(sum(withdrawals.mapped("amount_minor"))):
                raise UserError(
                    self.env._(
                        "The balance is needed for tonight's refunds, which go first. Fill up the"
                        " account and say its new balance, or pay fewer of these."
                    )
                )
        return waiting._to_sent(reason)

    def _settle_by_hand(self, result, note=None, payment_reference=None):
        """Say what became of these: those that are paid by hand, or in trouble.

        :param str result: ``paid``, ``failed`` (the money goes back into the wallet), or
            ``settled`` (for what the provider contradicted: somebody has dealt with it)
        :param str note: what the log keeps
        :raise UserError: when one of these is not under way, or its provider decides
        """
        withdrawals = self._check_payer()
        if result == "settled":
            contradicted = withdrawals.filtered("is_contradicted")
            contradicted.write({"is_contradicted": False, "error": False, "attempts": 0})
            contradicted._log("withdrawal looked into", note)
            return
        theirs = withdrawals.filtered(lambda one: one.provider != MANUAL and not one.in_trouble)
        if theirs:
            raise UserError(
                self.env._(
                    "The provider decides about %s: wait for its answer.",
                    ", ".join(theirs.mapped("number")),
                )
            )
        under_way = ("sent", "confirm")
        if result == "paid":
            moved = withdrawals._to_done("withdrawal paid by hand", note, under_way)
        else:
            moved = withdrawals._to_failed("not_paid", under_way, note)
        if payment_reference:
            moved.provider_reference = payment_reference
        if rest := withdrawals - moved:
            raise UserError(
                self.env._(
                    "Start paying first, or look at the list again: %s is not being paid.",
                    ", ".join(rest.mapped("number")),
                )
            )

    def _bank_file(self):
        """What an accountant gives to the bank, or types from.

        :return: CSV with a byte order mark, which spreadsheets want for Chinese
        :rtype: bytes
        """
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(
            [
                self.env._("Number"),
                self.env._("Shopper"),
                self.env._("Bank Account"),
                self.env._("Bank"),
                self.env._("Amount"),
                self.env._("Currency"),
            ]
        )
        for withdrawal in self:
            currency = withdrawal.currency_id
            account = withdrawal.partner_id.bank_ids[:1]
            row = [
                withdrawal.number,
                account.acc_holder_name or withdrawal.partner_id.name,
                account.acc_number,
                account.bank_id.name,
                f"{withdrawal.amount:.{currency.decimal_places}f}",
                currency.name,
            ]
            rows.writerow([self._as_text(value) for value in row])
        return text.getvalue().encode("utf-8-sig")

    @api.model
    def _as_text(self, value):
        """:return: `value` so that no spreadsheet takes it for a formula"""
        value = value or ""
        return f"'{value}" if value.startswith(_FORMULA) else value

    @api.model
    def get_payout_forecast(self):
        """What the banner over the pay list shows, for each company that the user works in.

        :rtype: list[dict]
        """
        self._check_payer()
        return [self._show_forecast(company) for company in self.env.companies]

    @api.model
    def _show_forecast(self, company):
        forecast = company._pinbu_payout_forecast()

        def shown(minor):
            return company.currency_id.format(minor / 10**company.currency_id.decimal_places)

        labels = {
            "used": self.env._("Gone since"),
            "refunds_due": self.env._("Refunds due"),
            "refunds_tonight": self.env._("Refunds if no team fills up tonight"),
            "payouts": self.env._("Withdrawals to pay"),
        }
        return {
            "company_id": company.id,
            "company": company.name if len(self.env.companies) > 1 else "",
            "balance": None if forecast["balance"] is None else shown(forecast["balance"]),
            "parts": [
                {"name": name, "label": label, "amount": shown(forecast[name])}
                for name, label in labels.items()
            ],
            "left": None if forecast["left"] is None else shown(forecast["left"]),
            "is_short": forecast["left"] is not None and forecast["left"] < 0,
        }
