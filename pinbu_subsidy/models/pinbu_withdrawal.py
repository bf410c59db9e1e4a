import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.models.pinbu_transition import log_start, move_state
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW, wake

from ..money import from_minor

# Money that left the wallet and is not settled yet.
OPEN = ("requested", "review", "sent", "confirm")
# At the provider, or with the accountant: what becomes of it is found out, never assumed.
UNDER_WAY = ("sent", "confirm")


class PinbuWithdrawal(models.Model):
    """Wallet money on its way to the shopper::

        requested <-> review
        requested -> sent <-> confirm (the shopper must confirm)
        sent, confirm -> done
        requested, review, sent, confirm -> failed (and back in the wallet)

    The wallet is debited with the request and credited back once if it fails. Each state has one
    method that names the states it may come from, is safe to call twice and writes the log.
    A cancelled withdrawal has failed, too: `failure` says so.
    """

    _name = "pinbu.withdrawal"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Withdrawal"
    _order = "id desc"
    _rec_name = "number"
    # Nobody writes a withdrawal, and accountants talk about them.
    _mail_post_access = "read"

    number = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        help="What the provider or the bank knows it by; the same for ever.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_minor = fields.Integer(
        string="Amount (minor units)", required=True, readonly=True, help="1990 is 19.90."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("review", "In Review"),
            ("sent", "Sent"),
            ("confirm", "To Confirm by the Shopper"),
            ("done", "Paid"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="requested",
        index=True,
    )
    provider = fields.Selection(
        [("manual", "By Hand")],
        required=True,
        readonly=True,
        help="How the money gets to the shopper.",
    )
    review_reason = fields.Selection(
        [("amount", "Large amount"), ("manual", "Held back by hand")],
        readonly=True,
        groups="base.group_user",
    )
    failure = fields.Selection(
        [
            ("cancelled", "Cancelled by the shopper"),
            ("refused", "Refused after a review"),
            ("not_confirmed", "Not confirmed in time"),
            ("not_paid", "Could not be paid"),
        ],
        string="Failed because",
        readonly=True,
    )
    debit_entry_id = fields.Many2one(
        "pinbu.wallet.entry", string="Debit", readonly=True, ondelete="restrict"
    )
    return_entry_id = fields.Many2one(
        "pinbu.wallet.entry", string="Credited Back", readonly=True, ondelete="restrict"
    )
    sent_at = fields.Datetime(string="Sent on", readonly=True)
    finished_at = fields.Datetime(string="Finished on", readonly=True)
    transition_ids = fields.One2many(
        "pinbu.transition", "withdrawal_id", string="Log", groups="base.group_user"
    )

    _number_unique = models.Constraint("UNIQUE(number)", "A withdrawal has a number of its own.")
    _amount_positive = models.Constraint("CHECK(amount_minor > 0)", "Nothing to withdraw.")
    _finished = models.Constraint(
        "CHECK((state IN ('done', 'failed')) = (finished_at IS NOT NULL))",
        "A finished withdrawal has a date.",
    )
    _failed = models.Constraint(
        "CHECK((state = 'failed') = (failure IS NOT NULL))",
        "A failed withdrawal says why.",
    )
    _returned = models.Constraint(
        "CHECK(return_entry_id IS NULL OR state = 'failed')",
        "Only what failed goes back into the wallet.",
    )
    _open = models.Index("(company_id, id) WHERE state NOT IN ('done', 'failed')")
    _of_day = models.Index("(partner_id, company_id, create_date)")

    # === COMPUTE METHODS === #

    @api.depends("amount_minor", "currency_id")
    def _compute_amount(self):
        for withdrawal in self:
            withdrawal.amount = from_minor(withdrawal.amount_minor, withdrawal.currency_id)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Withdrawals are kept: they tell where the money went."))

    # === BUSINESS METHODS: REQUESTING === #

    @api.model
    def _request(self, partner, company, amount_minor):
        """Take money out of the shopper's wallet and owe it to them.

        Two requests at once meet on the wallet's row: the second one fails to serialize, and
        finds the new balance and the day's count when Odoo repeats it.

        :param int amount_minor: in the company's currency's smallest unit
        :return: the new withdrawal (sudo)
        :raise PinbuError: as `res.company._pinbu_check_withdrawal` and `_check_may_withdraw`
        """
        company._pinbu_check_withdrawal(partner, amount_minor)
        held_for = self._check_may_withdraw(partner, company, amount_minor)
        wallet = company._pinbu_wallets(partner)[partner.id]
        # Nobody is written to: the log is the record.
        withdrawal = (
            self.sudo()
            .with_context(
                tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
            )
            .create(
                {
                    "number": self._new_number(),
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "amount_minor": amount_minor,
                    "provider": company.sudo().pinbu_payout_provider,
                }
            )
            .with_env(self.sudo().env)
        )
        [withdrawal.debit_entry_id] = self.env["pinbu.wallet.entry"].browse(
            wallet._pinbu_post([withdrawal._prepare_move("withdrawal", wallet, -amount_minor)])
        )
        withdrawal.flush_recordset()
        log_start(
            self.env.cr, self.env.uid, self._table, withdrawal.id, "requested", "withdrawal asked"
        )
        withdrawal.invalidate_recordset(["transition_ids"], flush=False)
        if reason := held_for or withdrawal._needs_review():
            withdrawal._to_review(reason)
        wake(self.env, self.env.cr, "pinbu_subsidy.ir_cron_payouts")
        return withdrawal

    @api.model
    def _check_may_withdraw(self, partner, company, amount_minor):
        """Hook: look at a request that the company's limits allow, before money moves. Nothing is
        written yet.

        :return: a code of `review_reason` where a person has to look at it first, or None
        :raise PinbuError: to refuse
        """
        return None

    @api.model
    def _receiving_account(self, partner):
        """Hook: where this shopper's withdrawals go, in the provider's words; it is compared and
        never shown.

        :rtype: str | None
        """
        return partner.sudo().bank_ids[:1].sanitized_acc_number or None

    @api.model
    def _new_number(self):
        """:return: at most 32 letters and digits, as every provider takes them"""
        return f"W{fields.Date.today():%Y%m%d}{secrets.token_hex(6).upper()}"

    def _prepare_move(self, kind, wallet, amount_minor):
        return {
            "card_id": wallet.id,
            "kind": kind,
            "amount_minor": amount_minor,
            "reference": self.number,
            "idempotency_key": f"{kind}:{self.id}",
        }

    def _needs_review(self):
        """Hook: whether a person has to look at this new withdrawal before it is paid.

        :return: one of the codes of `review_reason`, or None
        """
        self.ensure_one()
        if self.amount > self.company_id.pinbu_withdrawal_review_above:
            return "amount"
        return None

    # === BUSINESS METHODS: CANCELLING === #

    def _cancel(self):
        """The shopper gives it up. What is at the provider is cancelled there, by the scheduler:
        it is over when the provider says so, and may still be paid.

        :return: whether it is over, or being cancelled
        :rtype: bool
        """
        self.ensure_one()
        if self._to_failed("cancelled", ("requested", "review")) or self.failure == "cancelled":
            return True
        return self._ask_to_cancel()

    # === BUSINESS METHODS: STATES === #

    def _to_review(self, reason):
        """:param str reason: a code of `review_reason`"""
        return self._move(
            "review", ("requested",), "withdrawal held for review", review_reason=reason
        )

    def _to_requested(self, note=None):
        """A person has looked at it: it is to be paid."""
        return self._move("requested", ("review",), "withdrawal approved", note)

    def _to_sent(self, reason, sources=("requested",)):
        """:param sources: with ``confirm``, after the shopper has confirmed"""
        return self._move("sent", sources, reason, sent_at=SQL("COALESCE(sent_at, %s)", SQL_NOW))

    def _to_confirm(self):
        return self._move("confirm", ("sent",), "withdrawal to confirm")

    def _to_done(self, reason, note=None, sources=OPEN):
        """The money has arrived: true whatever was thought before."""
        done = self._move("done", sources, reason, note, finished_at=SQL_NOW)
        self.env["pinbu.webhook"]._emit("withdrawal.done", done)
        return done

    def _to_failed(self, failure, sources, note=None):
        """The money goes back into the wallet, once.

        :param str failure: a code of `failure`
        :param sources: the states in which whoever calls can know that nothing was or will be paid
        """
        failed = self._move(
            "failed",
            sources,
            f"withdrawal failed: {failure}",
            note,
            failure=failure,
            finished_at=SQL_NOW,
        )
        for withdrawal in failed.sorted("id"):
            partner = withdrawal.partner_id
            # The wallet of today: a merge of contacts may have archived the one of then.
            wallet = withdrawal.company_id._pinbu_wallets(partner, create=True)[partner.id]
            move = withdrawal._prepare_move("withdrawal_return", wallet, withdrawal.amount_minor)
            [withdrawal.return_entry_id] = self.env["pinbu.wallet.entry"].browse(
                wallet._pinbu_post([move])
            )
        return failed

    def _move(self, target, sources, reason, note=None, **values):
        """Take those of these in one of `sources` to `target`, and log it; safe to call twice.

        :param values: further columns to set, as values or as SQL
        :return: those that moved, with the rights of the caller
        """
        self.flush_recordset()
        values |= {"write_uid": self.env.uid, "write_date": SQL_NOW}
        moved = move_state(
            self.env.cr,
            self.env.uid,
            self._table,
            self.ids,
            sources,
            target,
            reason,
            [SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items()],
            note,
        )
        self.invalidate_recordset(flush=False)
        return self.browse(moved)
