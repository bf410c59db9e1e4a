"""How a payment goes back: written down once and in full, whoever asks for it how often."""

from odoo import Command, fields, models
from odoo.exceptions import UserError

from ..const import REFUND_STATE
from ..transactions import wake

MANUAL_REFUND = "manual"
# For goods that came back. Followed by the return's id and how many pieces have by then.
RETURN_REFUND = "return"


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

    # === BUSINESS METHODS: REFUNDS === #

    def _pinbu_owe_refund(self, reason):
        """Write down, once, that this payment goes back in full; the scheduler sends it.

        The row is the intent, and its reference the number that the provider will see however
        often the request is repeated.

        :param str reason: what became of the seat: ``lost``, ``released``, ``paid`` or ``won``
                           (the last two: a second payment for the same place), or of what it won
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

    def _pinbu_refund_state(self):
        """:return: how far the whole of these refunds is, as the shopper knows it: as far as its
        slowest part; False for none"""
        states = {REFUND_STATE[refund.state] for refund in self}
        return next((s for s in ("failed", "due", "sent", "done") if s in states), False)

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
        amount = amount_to_refund or self.amount
        if self in seat.order_id._pinbu_payments():
            seat.order_id._pinbu_check_goods_stay_paid(amount)
        count = len(self.child_transaction_ids)
        return self._pinbu_create_refund(amount, f"{MANUAL_REFUND} {count + 1}")

    def _pinbu_is_told(self):
        """Hook: whether its shopper should learn that this refund is done."""
        self.ensure_one()
        return True

    def _pinbu_refund_done(self):
        """The team may be settled now."""
        teams = self.sale_order_ids.seat_ids.team_id
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=teams.ids)
        self.env["pinbu.settlement"]._wake(self.env.cr)
