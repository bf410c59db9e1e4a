import logging
import secrets

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ..exceptions import PinbuError
from ..transactions import after_commit

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_paid_at = fields.Datetime(
        string="Paid At",
        readonly=True,
        copy=False,
        help="When the shopper paid, by the provider's word. Empty: it did not say.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        for tx in txs.filtered(lambda tx: tx._is_group_buy() and tx.operation != "refund"):
            order = tx.sale_order_ids
            if (
                len(order) > 1
                or order.currency_id != tx.currency_id
                or not tx._pinbu_is_fitting(order._pinbu_amount_due())
            ):
                raise ValidationError(
                    self.env._("A group-buying order is paid alone and in one sum.")
                )
            if tx.provider_id.capture_manually:
                # Authorised is not paid: its place would wait for a person.
                raise ValidationError(
                    self.env._("A group-buying order needs a provider that captures at once.")
                )
        return txs

    # === BUSINESS METHODS: PAYMENTS === #

    def _is_group_buy(self):
        return bool(self.sudo().sale_order_ids.seat_ids)

    def _pinbu_is_leg(self):
        """Hook: whether this pays a part of an order at once, and its place is bought by the
        payment of the rest. What such a leg has paid goes back when the place is gone."""
        self.ensure_one()
        return False

    def _pinbu_is_fitting(self, due):
        """:param float due: what the order's legs leave to pay, this one included if it is one"""
        if self._pinbu_is_leg():
            return self.currency_id.compare_amounts(due, 0) >= 0
        return not self.currency_id.compare_amounts(self.amount, due)

    @api.model
    def _pinbu_create(self, order):
        """Open the payment of what an order's legs leave to pay.

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
                "amount": order._pinbu_amount_due(),
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
                # Authorised is not paid: a place would wait for somebody to capture it.
                ("capture_manually", "=", False),
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
        refunds = taken.filtered(lambda tx: tx.operation == "refund" and tx._pinbu_is_told())
        self.env["pinbu.notice"]._tell_refunded(refunds)
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
            not order.currency_id.compare_amounts(self.amount, order._pinbu_amount_due())
            and order.seat_ids._is_ordered()
        )

    def _pinbu_look_up(self):
        """Ask the provider about this payment, and go on if it does not answer.

        :return: as `_pinbu_query`; None also when there was no answer
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._pinbu_query()
        except OperationalError:
            raise
        except Exception:
            self.env.invalidate_all()
            _logger.warning("No answer about transaction %s", self.id, exc_info=True)
            return None

    # === OVERRIDES OF SALE: NOTHING BEFORE THE TEAM DECIDES === #

    def _check_amount_and_confirm_order(self):
        ours = self.filtered(lambda tx: tx._is_group_buy())
        return super(PaymentTransaction, self - ours)._check_amount_and_confirm_order()

    def _invoice_sale_orders(self):
        waiting = self.filtered(
            lambda tx: any(seat.state != "won" for seat in tx.sudo().sale_order_ids.seat_ids)
        )
        return super(PaymentTransaction, self - waiting)._invoice_sale_orders()
