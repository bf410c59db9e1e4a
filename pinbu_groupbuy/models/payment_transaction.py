import logging
import secrets
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..exceptions import PinbuError
from ..transactions import after_commit, wake

_logger = logging.getLogger(__name__)

MONEY_BATCH = 200
REPEAT_FAILED = timedelta(minutes=10)
# Some providers take their time to answer.
REPEAT_UNANSWERED = timedelta(hours=1)
MANUAL_REFUND = "manual"


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_refund_reason = fields.Char(
        string="Refund Reason", readonly=True, help="Why a group-buying payment goes back."
    )
    pinbu_refunded = fields.Monetary(
        string="Owed Back", readonly=True, help="How much of this payment went or goes back."
    )

    # Odoo itself would accept three full refunds of one payment.
    _pinbu_refunded_once = models.Constraint(
        "CHECK(pinbu_refunded IS NULL OR (pinbu_refunded >= 0"
        " AND (pinbu_refunded = 0 OR pinbu_refunded <= amount)))",
        "A payment cannot be refunded more than once in full.",
    )
    _pinbu_refund_unique = models.UniqueIndex(
        "(source_transaction_id, pinbu_refund_reason) WHERE pinbu_refund_reason IS NOT NULL"
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        for tx in txs.filtered(lambda tx: tx._is_group_buy() and tx.operation != "refund"):
            order = tx.sale_order_ids
            if len(order) > 1 or order.currency_id.compare_amounts(tx.amount, order.amount_total):
                raise ValidationError(
                    self.env._("A group-buying order is paid alone and in one sum.")
                )
        return txs

    # === BUSINESS METHODS: PAYMENTS === #

    def _is_group_buy(self):
        return bool(self.sudo().sale_order_ids.seat_ids)

    @api.model
    def _pinbu_create(self, order):
        """Open the payment of an order.

        :raise PinbuError: ``provider_error`` when the company has no provider to pay with
        """
        provider = self._pinbu_provider(order.company_id)
        method = provider.payment_method_ids[:1]
        if not method:
            raise PinbuError(
                "provider_error", self.env._("Payment is not possible just now. Try again later.")
            )
        return self.create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                # Odoo numbers references by counting, and rivals meet on its unique key.
                "reference": f"{order.name}-{secrets.token_hex(4)}",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )

    @api.model
    def _pinbu_provider(self, company):
        """The provider that shoppers of this company pay with: a real one before one for tests.

        :rtype: payment.provider
        """
        providers = self.env["payment.provider"].search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("enabled", "test")),
                ("is_published", "=", True),
                # Odoo's own wire transfer cannot be paid inside a mini-program.
                ("code", "!=", "custom"),
            ]
        )
        return providers.sorted(lambda provider: provider.state != "enabled")[:1]

    def _set_done(self, *, state_message=None, extra_allowed_states=()):
        """A payment that arrives after its order was cancelled is money all the same."""
        ours = self.filtered(lambda tx: tx._is_group_buy())
        done = super(PaymentTransaction, self - ours)._set_done(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )
        taken = super(PaymentTransaction, ours)._set_done(
            state_message=state_message,
            extra_allowed_states=(*extra_allowed_states, "cancel"),
        )
        for tx in taken:
            if tx.operation == "refund":
                tx._pinbu_refund_done()
            else:
                tx._pinbu_received()
        return done | taken

    def _pinbu_received(self):
        """The money is here: give the payer's seat its place, and let the team count it.

        What must follow is written down with the payment itself, so that it is settled even if
        this process ends at its commit; a moment later, to let the place be taken again first.
        """
        seat = self.sale_order_ids.seat_ids
        is_due = self._pinbu_is_amount_due()
        if is_due:
            seat._take(self)
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=seat.ids, delay=10)
        transaction_id = self.id if is_due else None
        after_commit(self.env, lambda: seat._count_payment(transaction_id))

    def _pinbu_is_amount_due(self):
        order = self.sale_order_ids
        return (
            not order.currency_id.compare_amounts(self.amount, order.amount_total)
            and order.seat_ids._is_ordered()
        )

    # === OVERRIDES OF SALE: NOTHING BEFORE THE TEAM DECIDES === #

    def _check_amount_and_confirm_order(self):
        ours = self.filtered(lambda tx: tx._is_group_buy())
        return super(PaymentTransaction, self - ours)._check_amount_and_confirm_order()

    def _invoice_sale_orders(self):
        waiting = self.filtered(
            lambda tx: any(seat.state != "won" for seat in tx.sudo().sale_order_ids.seat_ids)
        )
        return super(PaymentTransaction, self - waiting)._invoice_sale_orders()

    # === BUSINESS METHODS: REFUNDS === #

    def _pinbu_owe_refund(self, reason):
        """Write down, once, that this payment goes back in full; the scheduler sends it.

        The row is the intent, and its reference the number that the provider will see however
        often the request is repeated.

        :param str reason: what became of the seat: ``lost``, ``released``, ``paid`` or ``won``
                           (the last two: a second payment for the same place)
        """
        self.ensure_one()
        left = self.currency_id.round(self.amount - self.pinbu_refunded)
        if left > 0:
            self._pinbu_create_refund(left, reason)

    def _pinbu_create_refund(self, amount, reason):
        """:return: the refund's transaction, still to be sent"""
        # Two that owe the same payment at once meet on this row, and on its CHECK.
        self.pinbu_refunded += amount
        wake(self.env, self.env.cr, "pinbu_groupbuy.ir_cron_move_money")
        count = len(self.child_transaction_ids)
        return self._create_child_transaction(
            amount,
            is_refund=True,
            # Its number at the provider: each partial refund has its own.
            reference=f"R-{self.reference}-{count + 1}" if count else f"R-{self.reference}",
            sale_order_ids=[Command.set(self.sale_order_ids.ids)],
            pinbu_refund_reason=reason,
        )

    def _pinbu_amount_returned(self):
        """:return: how much of this payment went back for good"""
        return -sum(
            child.amount
            for child in self.child_transaction_ids
            if child.operation == "refund" and child.state == "done"
        )

    def _refund(self, amount_to_refund=None):
        """The back office's refund button: for group-buying orders it goes the same way."""
        if not self._is_group_buy():
            return super()._refund(amount_to_refund=amount_to_refund)
        seat = self.sudo().sale_order_ids.seat_ids
        if seat.state in ("held", "paid"):
            raise UserError(
                self.env._("This payment holds a place in a forming team: the team decides.")
            )
        count = len(self.child_transaction_ids)
        return self._pinbu_create_refund(
            amount_to_refund or self.amount, f"{MANUAL_REFUND} {count + 1}"
        )

    def _pinbu_refund_done(self):
        """The team may be settled now."""
        teams = self.sale_order_ids.seat_ids.team_id
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=teams.ids)
        self.env["pinbu.settlement"]._wake(self.env.cr)

    def _pinbu_may_be_sent(self):
        """A refund that overtook its payment's booking would corrupt the books and the order."""
        source = self.source_transaction_id
        seat = self.sale_order_ids.seat_ids
        if not source.is_post_processed:
            return False
        if self.pinbu_refund_reason.startswith(MANUAL_REFUND):
            return True
        if seat.transaction_id == source:
            return seat.state in ("lost", "released") and self.sale_order_ids.state == "cancel"
        return True

    def _pinbu_may_be_repeated(self):
        """Hook: whether to send this refund once more when its outcome is not known.

        Here only what cannot be paid twice: the whole of a payment, since a provider has no more
        of it to give. Providers that know a request by its number override this.
        """
        return not self.currency_id.compare_amounts(-self.amount, self.source_transaction_id.amount)

    # === SCHEDULER === #

    @api.model
    def _cron_move_money(self):
        """Book what came in, send what goes back: each transaction in one of its own."""
        received = (
            Domain("sale_order_ids.seat_ids", "!=", False)
            & Domain("state", "=", "done")
            & Domain("is_post_processed", "=", False)
        )
        owed = Domain("pinbu_refund_reason", "!=", False) & (
            Domain("state", "=", "draft")
            | Domain("state", "=", "error")
            & Domain("last_state_change", "<", fields.Datetime.now() - REPEAT_FAILED)
            | Domain("state", "=", "pending")
            & Domain("last_state_change", "<", fields.Datetime.now() - REPEAT_UNANSWERED)
        )
        txs = self.sudo()
        if not (
            txs._each_alone(received, "_pinbu_book")
            and txs._each_alone(owed, "_pinbu_send_refund")
            # A transaction of its own: an answer once received must outlive a failure to book it.
            and txs._each_alone(received, "_pinbu_book")
        ):
            self.env.ref("pinbu_groupbuy.ir_cron_move_money").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    def _each_alone(self, domain, step):
        """Call the method `step` on each transaction of the domain; one that fails is passed over.

        :return: whether the time was enough for all
        """
        last_id = 0
        while batch := self.search(
            domain & Domain("id", ">", last_id), order="id", limit=MONEY_BATCH
        ):
            if not all(tx._alone(getattr(tx, step)) for tx in batch):
                return False
            last_id = batch[-1].id
        return True

    def _alone(self, step):
        """Run `step` for this transaction, locked, and commit.

        :return: whether time is left for more
        """
        try:
            if self.try_lock_for_update():
                step()
            return bool(self.env["ir.cron"]._commit_progress(1))
        except OperationalError:
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Moving the money of transaction %s failed", self.id)
        return True

    def _pinbu_book(self):
        """Book a payment or a refund that is done."""
        if self.is_post_processed or self.state != "done":
            return
        self._post_process()
        if self.operation == "refund":
            self._pinbu_reconcile()

    def _pinbu_send_refund(self):
        """Do what the framework's `_refund` does after it has made the child.

        The number is the same each time: a provider that has done it already says so. The state
        is committed first, so that no lock is held while the provider is asked.
        """
        is_new = self.state == "draft"
        if self.state not in ("draft", "pending", "error") or not self._pinbu_may_be_sent():
            return
        if not is_new and not self._pinbu_may_be_repeated():
            return
        self._ensure_provider_is_not_disabled()
        self._update_state(("draft", "error"), "pending", False)
        self.last_state_change = fields.Datetime.now()
        self.env["ir.cron"]._commit_progress()
        self._log_sent_message()
        try:
            self._send_refund_request()
        except ValidationError as error:
            self._set_error(str(error))

    def _pinbu_reconcile(self):
        """Odoo leaves a payment's and its refund's receivable lines open; they cancel out."""
        payments = self.payment_id | self.source_transaction_id.payment_id
        lines = payments.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        if len(lines) > 1 and len(lines.account_id) == 1:
            lines.reconcile()
