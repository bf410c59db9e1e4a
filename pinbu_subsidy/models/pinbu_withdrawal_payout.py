"""How a withdrawal gets paid: sent under its number, asked about, tried again.

A provider plugs in as a payment provider does for refunds: it adds its code to `provider` and
overrides `_send_payout_request`, `_query_payout` and `_cancel_payout`, each beginning with
``if self.provider != code: return super()…``; its notices go to `_process_payout_notice`.

What happened to a request whose answer is missing is never guessed: the provider is asked by the
withdrawal's own number, which stays the same for ever.
"""

import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.models.payment_transaction_worker import BACKOFF
from odoo.addons.pinbu_groupbuy.models.pinbu_transition import log_note
from odoo.addons.pinbu_groupbuy.transactions import wake

from .pinbu_withdrawal import UNDER_WAY

_logger = logging.getLogger(__name__)

MANUAL = "manual"
BATCH = 200
# What the provider has taken is asked about this often.
ANSWER_TIME = timedelta(minutes=15)


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    provider_reference = fields.Char(
        string="Provider's Number",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="What the provider or the bank calls it.",
    )
    confirm_params = fields.Json(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="What the shopper's mini-program needs to confirm it; nobody else's business.",
    )
    attempts = fields.Integer(
        string="Failed Attempts",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="How often in a row the provider could not be reached or refused.",
    )
    next_attempt_at = fields.Datetime(
        string="Next Attempt", readonly=True, copy=False, groups="base.group_user"
    )
    error = fields.Text(string="Last Error", readonly=True, copy=False, groups="base.group_user")
    cancel_asked_at = fields.Datetime(
        string="Asked to Cancel", readonly=True, copy=False, groups="base.group_user"
    )

    _next_attempt = models.Index("(next_attempt_at) WHERE state IN ('sent', 'confirm')")

    # === HOOKS FOR PROVIDERS === #

    def _send_payout_request(self):
        """Hook: ask the provider to pay this withdrawal, under its `number`.

        Called outside of any lock, once the intent is committed, and again when `_query_payout`
        says that the provider does not know the number. An answer that tells something goes to
        `_process_payout_notice`.

        :raise Exception: when the provider refused or did not answer: it is asked later
        """
        self.ensure_one()

    def _query_payout(self):
        """Hook: ask the provider by this withdrawal's number, and pass what it says to
        `_process_payout_notice`. No lock is held.

        :return: whether the provider knows the number; None when it cannot be asked
        :rtype: bool | None
        :raise Exception: when it did not answer
        """
        self.ensure_one()
        return None

    def _cancel_payout(self):
        """Hook: ask the provider to cancel this withdrawal. What came of it is asked afterwards,
        by `_query_payout`; it may have been paid just before.

        :raise Exception: when the provider did not answer
        """
        self.ensure_one()

    def _can_cancel_payout(self):
        """Hook: whether the provider may still be asked to cancel it."""
        self.ensure_one()
        return False

    # === BUSINESS METHODS: NOTICES === #

    @api.model
    def _find_by_number(self, number):
        """:return: the withdrawal (sudo) of a provider's notice, or none"""
        return self.sudo().search([("number", "=", number)])

    def _process_payout_notice(self, data):
        """Apply what the provider says, in an answer or a notice: late, twice, in any order.

        The provider's edge has verified it and translated it into our words. What contradicts a
        final state moves no money: a person is told.

        :param dict data: ``state`` (``sent``, ``confirm``, ``done`` or ``failed``); if known
            ``amount_minor`` (what the provider pays), ``reference`` (its own number), ``confirm``
            (dict, for the shopper's mini-program), ``failure`` (a code of the field of that name)
            and ``note`` (the provider's words)
        """
        self.ensure_one()
        withdrawal = self.sudo()
        withdrawal._lock()
        note = data.get("note")
        if data.get("amount_minor", withdrawal.amount_minor) != withdrawal.amount_minor:
            withdrawal._contradict(f"{data['state']}: {data['amount_minor']}")
            return
        if data.get("reference"):
            withdrawal.provider_reference = data["reference"]
        match data["state"]:
            case "done":
                withdrawal._to_done("withdrawal paid", note)
            case "failed":
                failure = data.get("failure") or (
                    "cancelled" if withdrawal.cancel_asked_at else "not_paid"
                )
                withdrawal._to_failed(failure, UNDER_WAY, note)
            case "confirm":
                withdrawal._to_confirm()
                if withdrawal.state == "confirm":
                    withdrawal.confirm_params = data.get("confirm")
            case "sent":
                withdrawal._to_sent("withdrawal confirmed", ("confirm",))
        if data["state"] in ("done", "failed") and withdrawal.state != data["state"]:
            withdrawal._contradict(" ".join(filter(None, (data["state"], note))))

    def _lock(self):
        """Lock this row until the end of the transaction, and read it anew."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT 1 FROM pinbu_withdrawal WHERE id = %s FOR NO KEY UPDATE", self.id)
        )
        self.invalidate_recordset(flush=False)

    # === BUSINESS METHODS: THE SHOPPER === #

    def _ask_to_cancel(self):
        """Have the scheduler ask the provider to cancel what is under way there.

        :return: whether the provider can be asked
        """
        self.ensure_one()
        if self.state not in UNDER_WAY or not self._can_cancel_payout():
            return False
        if not self.cancel_asked_at:
            self.write(
                {"cancel_asked_at": fields.Datetime.now(), "next_attempt_at": fields.Datetime.now()}
            )
            self._log("withdrawal cancel asked")
        wake(self.env, self.env.cr, "pinbu_subsidy.ir_cron_payouts")
        return True

    def _refresh(self):
        """Ask the provider now, for a shopper who waits.

        :raise PinbuError: ``provider_error``
        """
        self.ensure_one()
        if self.state not in UNDER_WAY or self.provider == MANUAL:
            return
        try:
            self._query_payout()
            self.env.flush_all()
        except (OperationalError, PinbuError):
            raise
        except Exception as failure:
            _logger.warning("Withdrawal %s could not be asked about", self.id, exc_info=True)
            raise PinbuError(
                "provider_error",
                self.env._("The payment provider does not answer. Please try again later."),
            ) from failure

    # === SCHEDULER === #

    @api.model
    def _cron_payouts(self):
        """Ask about what is under way, send what is to be paid: each in a transaction of its own."""
        withdrawals = self.sudo()
        if not (
            withdrawals._each_alone(self._to_ask_domain(), "_ask")
            and withdrawals._watch_balances()
            and withdrawals._send_affordable()
            and withdrawals._each_alone(self._to_alert_domain(), "_alert")
            and withdrawals._each_alone(self._alerted_for_nothing_domain(), "_end_alert")
        ):
            self.env.ref("pinbu_subsidy.ir_cron_payouts").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _to_ask_domain(self):
        return (
            Domain("state", "in", UNDER_WAY)
            & Domain("provider", "!=", MANUAL)
            & Domain("next_attempt_at", "<=", fields.Datetime.now())
            # Nothing that is asked again would decide it: a person does.
            & Domain("is_contradicted", "=", False)
        )

    @api.model
    def _to_send_domain(self):
        return Domain("state", "=", "requested") & Domain("provider", "!=", MANUAL)

    def _watch_balances(self):
        """Look at the balance of each company with anything to pay, or that was short of it.

        :return: whether the time was enough for all
        """
        waiting = self._read_group([("state", "=", "requested")], ["company_id"])
        companies = self.env["res.company"].union(*(company for [company] in waiting))
        companies |= companies.search([("pinbu_payout_alerted", "=", True)])
        for company in companies:
            company._pinbu_watch_payouts()
            if not self.env["ir.cron"]._commit_progress():
                return False
        return True

    def _send_affordable(self):
        """Send the oldest first, as far as the provider's balance covers them after tonight's
        refunds: those come first.

        :return: whether the time was enough for all
        """
        domain = self._to_send_domain()
        for [company] in self._read_group(domain, ["company_id"]):
            of_company = domain & Domain("company_id", "=", company.id)
            for withdrawal in self.search(of_company, order="id", limit=BATCH):
                if not company._pinbu_may_pay(withdrawal.amount_minor):
                    break
                if not withdrawal._alone(of_company, "_send"):
                    return False
            else:
                if self.search_count(of_company, limit=1):
                    return False
        return True

    def _each_alone(self, domain, step):
        """Call the method `step` on each of the domain; one that fails is passed over.

        :return: whether the time was enough for all
        """
        last_id = 0
        while batch := self.search(domain & Domain("id", ">", last_id), order="id", limit=BATCH):
            if not all(withdrawal._alone(domain, step) for withdrawal in batch):
                return False
            last_id = batch[-1].id
        return True

    def _alone(self, domain, step):
        """Run `step` for this one, locked, and commit; not if it is none of the domain any more.

        :return: whether time is left for more
        """
        try:
            if self.try_lock_for_update().filtered_domain(domain):
                getattr(self, step)()
            return bool(self.env["ir.cron"]._commit_progress(1))
        except OperationalError:
            # A notice or a shopper was quicker: the next run sees what came of it.
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Paying withdrawal %s failed", self.id)
        return True

    def _send(self):
        """Commit that it is being paid, then have the provider do it."""
        if self._to_sent("withdrawal sent"):
            self._attempt("_send_payout_request")

    def _ask(self):
        """Find out what became of what was sent."""
        self._attempt("_find_out")

    def _attempt(self, step):
        """One exchange with the provider, that it is made committed first: no lock is held
        meanwhile, and of a process that is killed before the answer a row remains that is asked
        about a while later.
        """
        attempts = self.attempts + 1
        attempt = {
            "attempts": attempts,
            "next_attempt_at": fields.Datetime.now()
            + timedelta(minutes=BACKOFF[min(attempts, len(BACKOFF)) - 1]),
        }
        self.write({**attempt, "error": False})
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()
        try:
            getattr(self, step)()
            self.env.flush_all()
        except OperationalError:
            # Somebody else changed the row while we wrote the answer down: it is lost, and asked
            # for again.
            self.env.cr.rollback()
            return
        except Exception as failure:
            self.env.cr.rollback()
            _logger.warning("Withdrawal %s is left without an answer", self.id, exc_info=True)
            self.write({**attempt, "error": str(failure) or type(failure).__name__})
            return
        self.write({"attempts": 0, "next_attempt_at": fields.Datetime.now() + ANSWER_TIME})

    def _find_out(self):
        if self.cancel_asked_at:
            self._cancel_payout()
        match self._query_payout():
            case False:
                # It has never arrived there; under the same number it cannot be paid twice.
                self._send_payout_request()
            case None:
                raise PinbuError(
                    "provider_error",
                    self.env._(
                        "The provider cannot be asked what became of this withdrawal. Look it up"
                        " there and say here whether it was paid."
                    ),
                )

    def _log(self, reason, note=None):
        """Log what happened without a change of state."""
        self.flush_recordset()
        for withdrawal in self:
            log_note(self.env.cr, self.env.uid, self._table, withdrawal.id, reason, note)
        self.invalidate_recordset(["transition_ids"], flush=False)
