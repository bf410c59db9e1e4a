"""How a refund that is owed gets done: sent under its number, asked about, tried again.

What happened to a request whose answer is missing is never guessed: the provider is asked by the
refund's own number, which stays the same for ever.
"""

import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import MONEY_GROUPS
from .payment_transaction_refund import MANUAL_REFUND, RETURN_REFUND

_logger = logging.getLogger(__name__)

# A refund that is owed still. An error or a cancellation by the provider ends no debt.
UNFINISHED = ("draft", "pending", "error", "cancel")
# Minutes from one attempt to the next; the last one for ever.
BACKOFF = (1, 5, 15, 60, 240)
# A provider that took the request without an error may need this long to tell what came of it.
ANSWER_TIME = timedelta(hours=1)
# What has to come first, the booking and the cancellation, takes seconds.
OVERDUE = timedelta(minutes=10)
# From then on it is a person's affair as well.
ATTEMPTS_BEFORE_ALERT = 5


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_attempts = fields.Integer(
        string="Attempts", readonly=True, copy=False, help="How often this refund was tried."
    )
    pinbu_next_attempt_at = fields.Datetime(string="Next Attempt", readonly=True, copy=False)
    pinbu_error = fields.Text(
        string="Last Error",
        readonly=True,
        copy=False,
        help="Why the last attempt at this refund did not succeed.",
    )
    pinbu_is_alerted = fields.Boolean(
        readonly=True, copy=False, help="Technical: somebody was told that this refund fails."
    )

    _pinbu_unfinished_idx = models.Index(
        "(id) WHERE pinbu_refund_reason IS NOT NULL AND state != 'done'"
    )

    # === HOOKS FOR PROVIDERS === #

    def _pinbu_query(self):
        """Hook: ask the provider by this transaction's own number (``reference``), and apply what
        it says, as its notice would. For payments and refunds; no lock is held.

        :return: whether the provider knows this number; None when it cannot be asked
        :rtype: bool | None
        :raise Exception: when it did not answer
        """
        self.ensure_one()
        return None

    def _pinbu_may_be_repeated(self):
        """Hook: whether to send this refund once more when its outcome cannot be asked for.

        Here only what cannot be paid twice: the whole of a payment, since a provider has no more
        of it to give. Providers that know a request by its number override this.
        """
        return not self.currency_id.compare_amounts(-self.amount, self.source_transaction_id.amount)

    # === BUSINESS METHODS: ATTEMPTS === #

    def _pinbu_to_send_domain(self):
        """:return: the refunds whose time has come"""
        return (
            Domain("pinbu_refund_reason", "!=", False)
            & Domain("state", "in", UNFINISHED)
            & (
                Domain("pinbu_next_attempt_at", "=", False)
                | Domain("pinbu_next_attempt_at", "<=", fields.Datetime.now())
            )
        )

    def _pinbu_may_be_sent(self):
        """A refund that overtook its payment's booking would corrupt the books and the order."""
        source = self.source_transaction_id
        seat = self.sale_order_ids.seat_ids
        if not source.is_post_processed:
            return False
        if self.pinbu_refund_reason.startswith((MANUAL_REFUND, RETURN_REFUND)):
            # The order lives on.
            return True
        if seat.transaction_id == source:
            return not seat._keeps_payment() and self.sale_order_ids.state == "cancel"
        return True

    def _pinbu_send_refund(self):
        """One attempt to bring this refund, whose row is locked, to its end.

        That it is being tried is committed first: so no lock is held while the provider is asked,
        and of a process that is killed before the answer a refund remains whose outcome is asked
        for, a while later.
        """
        if self.state not in UNFINISHED:
            return
        if not self._pinbu_may_be_sent():
            if self._pinbu_is_overdue():
                self.pinbu_error = self.env._(
                    "Its payment is not booked, or its order not cancelled: look at the payment's "
                    "journal and at the settlement queue."
                )
            return
        is_new, had_error = self.state == "draft", bool(self.pinbu_error)
        attempts = self.pinbu_attempts + 1
        minutes = BACKOFF[min(attempts, len(BACKOFF)) - 1]
        attempt = {
            "pinbu_attempts": attempts,
            "pinbu_next_attempt_at": fields.Datetime.now() + timedelta(minutes=minutes),
        }
        self.write({**attempt, "pinbu_error": False})
        try:
            self._ensure_provider_is_not_disabled()
        except UserError as refusal:
            self.pinbu_error = str(refusal)
            return
        try:
            if is_new or self._pinbu_is_to_be_repeated(had_error):
                self._pinbu_send()
            self.env.flush_all()
        except Exception as failure:
            # Also when somebody else changed the row while we wrote the answer down: it is lost,
            # and asked for again.
            self.env.cr.rollback()
            _logger.warning("Refund %s is left without an answer", self.id, exc_info=True)
            self.write({**attempt, "pinbu_error": str(failure) or type(failure).__name__})

    def _pinbu_is_overdue(self):
        """Whether this refund should have been sent long ago."""
        return self.create_date < fields.Datetime.now() - OVERDUE

    def _pinbu_send(self):
        """Do what the framework's `_refund` does after it has made the child, without a line in the
        order's chatter for each attempt: what came of it is told there."""
        self._pinbu_commit_pending()
        try:
            self._send_refund_request()
        except ValidationError as refusal:
            self._set_error(str(refusal))
            self.pinbu_error = str(refusal)

    def _pinbu_commit_pending(self):
        """Commit that the provider is being asked, and forget what was read before: its notice may
        come in at any time from now on."""
        if self.state != "pending":
            self._update_state(("draft", "error", "cancel"), "pending", False)
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()

    def _pinbu_is_to_be_repeated(self, had_error):
        """Find out what became of a refund that was sent before.

        :param bool had_error: whether the last attempt ended with one
        :return: whether it is to be sent once more, under its number
        """
        sent_at, was_pending = self.last_state_change, self.state == "pending"
        self._pinbu_commit_pending()
        match self._pinbu_query():
            case False:
                return True
            case True:
                if self.state == "pending":
                    # It is on its way: no failed attempt.
                    self._pinbu_wait_for_answer(fields.Datetime.now())
                return self.state in ("error", "cancel")
        if was_pending and not had_error and sent_at > fields.Datetime.now() - ANSWER_TIME:
            self._pinbu_wait_for_answer(sent_at)
            return False
        if not self._pinbu_may_be_repeated():
            self.pinbu_error = self.env._(
                "The provider cannot be asked what became of this refund, and sending it again"
                " could pay it twice. Look it up at the provider."
            )
            return False
        return True

    def _pinbu_wait_for_answer(self, since):
        self.pinbu_attempts -= 1
        self.pinbu_next_attempt_at = since + ANSWER_TIME

    # === BUSINESS METHODS: ALERTS === #

    def _pinbu_alerted_for_nothing_domain(self):
        """:return: the refunds that somebody was told of, and that are done now"""
        return Domain("pinbu_is_alerted", "=", True) & Domain("state", "=", "done")

    def _pinbu_to_alert_domain(self):
        """:return: the refunds that somebody should look at, and nobody was told of"""
        return (
            Domain("pinbu_refund_reason", "!=", False)
            & Domain("state", "in", UNFINISHED)
            & (
                Domain("pinbu_attempts", ">=", ATTEMPTS_BEFORE_ALERT)
                # One that could not be tried even once.
                | Domain("pinbu_attempts", "=", 0)
                & Domain("create_date", "<", fields.Datetime.now() - ANSWER_TIME)
            )
            & Domain("pinbu_is_alerted", "=", False)
        )

    def _pinbu_alert(self):
        """Give somebody who can do so the task to look at this refund, once. It keeps being
        tried."""
        user = self.sale_order_ids.seat_ids.activity_id._responsible_user(MONEY_GROUPS)
        refund = self.with_context(lang=user.lang)
        refund.sale_order_ids.activity_schedule(
            "pinbu_groupbuy.mail_activity_type_refund",
            user_id=user.id,
            note=refund.env._(
                "%(amount)s could not be refunded after %(attempts)s attempts: %(error)s",
                amount=refund.currency_id.format(-refund.amount),
                attempts=refund.pinbu_attempts,
                error=refund.pinbu_error or refund.env._("no answer from the provider"),
            ),
        )
        self.pinbu_is_alerted = True

    def _pinbu_end_alert(self):
        """The refund got through after all: the task is done, unless another one needs it."""
        self.pinbu_is_alerted = False
        orders = self.sale_order_ids
        if not any(orders.transaction_ids.mapped("pinbu_is_alerted")):
            orders.activity_feedback(["pinbu_groupbuy.mail_activity_type_refund"])
