"""What people give back of a won order's money: all of it before shipment, or a part of it."""

from odoo import models
from odoo.exceptions import AccessError, UserError

from ..api.render import to_minor
from ..const import MONEY_GROUPS
from .payment_transaction_refund import MANUAL_REFUND
from .pinbu_transition import log_note


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === CRUD METHODS === #

    def write(self, vals):
        # Whatever door a cancellation comes through, it writes this.
        taken_off = self.browse()
        if vals.get("state") == "cancel" and not self.env.su:
            taken_off = self._pinbu_paid_back_if_cancelled()
            taken_off._pinbu_check_may_cancel()
        states = {order: order.state for order in taken_off}
        result = super().write(vals)
        for order, state in states.items():
            order._pinbu_log_cancelled(state)
        return result

    # === ACTION METHODS === #

    def action_pinbu_cancel_won(self):
        """Cancel a won order, for a reason where its money goes back before shipment."""
        self.ensure_one()
        if not self.sudo()._pinbu_may_be_taken_off():
            return self.action_cancel()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pinbu_groupbuy.pinbu_order_refund_action"
        )
        return {**action, "context": {"default_order_id": self.id, "default_kind": "whole"}}

    # === BUSINESS METHODS: WHAT IS LEFT === #

    def _pinbu_payments(self):
        """:return: the transactions that paid for what this order has won"""
        self.ensure_one()
        return self.seat_ids.transaction_id | self._pinbu_legs()

    def _pinbu_left_to_refund(self):
        """:return: how much of what was paid is not owed back yet, in the order's currency"""
        self.ensure_one()
        return self.currency_id.round(
            sum(tx.amount - tx.pinbu_refunded for tx in self._pinbu_payments())
        )

    def _pinbu_may_be_taken_off(self):
        """Whether this won order can be cancelled as a whole, and all of its money goes back."""
        self.ensure_one()
        seat = self.seat_ids
        return (
            seat.state == "won"
            and self.state != "cancel"
            and not seat._is_service()
            and not any(self.order_line.mapped("qty_delivered"))
        )

    def _pinbu_paid_back_if_cancelled(self):
        """:return: those of these orders that were won, and whose cancellation gives money back"""
        return self.filtered(
            lambda order: (
                order.sudo().seat_ids.state == "won"
                and order.state != "cancel"
                and not any(order.sudo().order_line.mapped("qty_delivered"))
                and order.currency_id.compare_amounts(order.sudo()._pinbu_left_to_refund(), 0) > 0
            )
        )

    # === BUSINESS METHODS: GIVING BACK === #

    def _pinbu_check_may_cancel(self):
        """:raise AccessError: for who may not refund these orders"""
        if self and not any(self.env.user.has_group(group) for group in MONEY_GROUPS):
            raise AccessError(
                self.env._(
                    "To cancel %(orders)s gives back what was paid: ask a group-buying manager or"
                    " an accountant.",
                    orders=", ".join(self.mapped("name")),
                )
            )

    def _pinbu_log_cancelled(self, state):
        """Write down that somebody has cancelled this won order without the refund's wizard.

        :param str state: that it was in before
        """
        seat = self.sudo().seat_ids
        seat.flush_recordset()
        log_note(self.env.cr, self.env.uid, "pinbu_seat", seat.id, "taken off by hand", None)

    def _pinbu_check_may_refund(self):
        """:return: this order, with the rights to change it
        :raise AccessError: for whom its money is none of their business
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not any(self.env.user.has_group(group) for group in MONEY_GROUPS):
            raise AccessError(
                self.env._("Only group-buying managers and accountants deal with refunds.")
            )
        return self.sudo()

    def _pinbu_take_off(self, reason):
        """Cancel a won order that has not left the house, so that all of its money goes back.

        :param str reason: why, in the words of whoever does it
        :raise AccessError: for whom it is none of their business
        :raise UserError: when it cannot be, or no reason is given
        """
        order = self._pinbu_check_may_refund()
        reason = order._pinbu_need_reason(reason)
        if not order._pinbu_may_be_taken_off():
            raise UserError(
                self.env._(
                    "Only what was won, and of which nothing was shipped, is cancelled and refunded"
                    " as a whole. Otherwise refund a part, or let the shopper send it back."
                )
            )
        if order.locked:
            order.action_unlock()
        order.action_cancel()
        order.seat_ids.flush_recordset()
        log_note(
            self.env.cr, self.env.uid, "pinbu_seat", order.seat_ids.id, "taken off by hand", reason
        )
        order.message_post(
            body=self.env._("Cancelled before shipment, to be refunded in full: %s", reason)
        )
        self.env["pinbu.settlement"]._wake(self.env.cr)

    def _pinbu_refund_part(self, amount, reason):
        """Owe a part of what was paid back, by the means that paid it; the order lives on.

        :param float amount: in the order's currency
        :param str reason: why, in the words of whoever does it
        :raise AccessError: for whom it is none of their business
        :raise UserError: for more than is left, of an order that is none of ours any more, or
                          without a reason
        """
        order = self._pinbu_check_may_refund()
        reason = order._pinbu_need_reason(reason)
        if order.seat_ids.state != "won" or order.state == "cancel":
            raise UserError(
                self.env._(
                    "Parts are refunded of what was won. Before that, and after a cancellation,"
                    " all of the money goes back by itself."
                )
            )
        left = order._pinbu_left_to_refund()
        if order.currency_id.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("Say how much goes back."))
        if order.currency_id.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._("At most %s is left of what was paid.", order.currency_id.format(left))
            )
        order._pinbu_check_goods_stay_paid(amount)
        count = len(order._pinbu_refund_transactions())
        order._pinbu_owe_part(
            to_minor(amount, order.currency_id), f"{MANUAL_REFUND} part {count + 1}"
        )
        order.seat_ids.flush_recordset()
        money = order.currency_id.format(amount)
        log_note(
            self.env.cr,
            self.env.uid,
            "pinbu_seat",
            order.seat_ids.id,
            "refunded in part",
            f"{money} · {reason}",
        )
        order.message_post(
            body=self.env._(
                "%(amount)s is refunded in part: %(reason)s", amount=money, reason=reason
            )
        )

    def _pinbu_check_goods_stay_paid(self, amount):
        """:param float amount: that is to go back of an order that lives on
        :raise UserError: when the goods would still be shipped, for nothing
        """
        left = self._pinbu_left_to_refund()
        if self.currency_id.compare_amounts(amount, left) >= 0 and self._pinbu_may_be_taken_off():
            raise UserError(
                self.env._("Nothing of this order was shipped: to give all of it back, cancel it.")
            )

    def _pinbu_need_reason(self, reason):
        """:return: the reason, trimmed
        :raise UserError: when there is none
        """
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: it stays in the log of the order."))
        return reason
