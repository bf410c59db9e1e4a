"""The money of a group-buying order: what was paid for it, and what of that goes back."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..exceptions import PinbuError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_refund_in_trouble = fields.Boolean(
        string="Refund in Trouble",
        compute="_compute_pinbu_refund_in_trouble",
        search="_search_pinbu_refund_in_trouble",
        compute_sudo=True,
    )

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends("transaction_ids.pinbu_in_trouble")
    def _compute_pinbu_refund_in_trouble(self):
        for order in self:
            order.pinbu_refund_in_trouble = any(order.transaction_ids.mapped("pinbu_in_trouble"))

    def _search_pinbu_refund_in_trouble(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Salespeople see that there is trouble, not the transactions.
        refunds = self.env["payment.transaction"].sudo().search([("pinbu_in_trouble", "=", True)])
        domain = Domain("id", "in", refunds.sale_order_ids.ids)
        return domain if True in value else ~domain

    # === ACTION METHODS === #

    def action_pinbu_refunds(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("pinbu_groupbuy.pinbu_refund_action")
        return {
            **action,
            "domain": [("pinbu_refund_reason", "!=", False), ("sale_order_ids", "in", self.ids)],
            "context": {"create": False},
        }

    # === BUSINESS METHODS: MONEY === #

    def _pinbu_start_payment(self):
        """The payment that this order waits for, made when there is none yet.

        :return: a transaction in state draft or pending, of exactly the amount due; or one that is
                 done, where nothing is left to pay
        :rtype: payment.transaction
        :raise PinbuError: ``already_paid``, ``order_closed`` or ``provider_error``
        """
        self.ensure_one()
        order = self.sudo()
        if order.seat_ids.state in ("paid", "won", "lost"):
            raise PinbuError("already_paid", self.env._("This order is paid already."))
        if order._pinbu_state() != "unpaid":
            raise PinbuError("order_closed", self.env._("This order is closed."))
        # Of two requests at once the second fails to serialise, and finds the first one's payment
        # when Odoo repeats it.
        order.seat_ids._check_still_held()
        # A checkout that was killed half-way may have left the order behind its seat.
        order.seat_ids._order_what_is_held()
        pending = order._pinbu_open_payments()
        due = order._pinbu_amount_due()
        current = pending.filtered(
            lambda tx: not order.currency_id.compare_amounts(tx.amount, due)
        )[:1]
        (pending - current)._set_canceled()
        return current or order.env["payment.transaction"]._pinbu_create(order)

    def _pinbu_legs(self):
        """:return: the transactions that paid a part of these orders, see `_pinbu_is_leg`"""
        return self._pinbu_received_transactions().filtered(lambda tx: tx._pinbu_is_leg())

    def _pinbu_amount_due(self):
        """:return: what the order's legs leave to pay, in its currency"""
        self.ensure_one()
        paid = sum(leg.amount - leg.pinbu_refunded for leg in self._pinbu_legs())
        return self.currency_id.round(self.amount_total - paid)

    def _pinbu_close_payments(self):
        """Close open payments; should one of them still arrive, it is refunded."""
        self._pinbu_open_payments()._set_canceled()

    def _pinbu_open_payments(self):
        return self.transaction_ids.filtered(
            lambda tx: tx.operation != "refund" and tx.state in ("draft", "pending")
        )

    def _pinbu_refresh_payment(self):
        """Ask the provider what became of these orders' open payments, and apply what it says.

        Raises nothing for a provider that does not answer: then nothing is known.
        """
        for tx in self.sudo()._pinbu_open_payments():
            tx._pinbu_look_up()

    def _pinbu_received_transactions(self):
        return self.transaction_ids.filtered(
            lambda tx: tx.operation != "refund" and tx.state == "done"
        )

    def _pinbu_refund_transactions(self):
        return self.transaction_ids.filtered(lambda tx: tx.operation == "refund").sorted("id")

    def _pinbu_surplus_transactions(self):
        """Payments that bought nothing: all of a place that is gone; all but the one that bought
        a place that lives, and the legs beside it."""
        surplus = self.env["payment.transaction"]
        for order in self:
            surplus |= order._pinbu_received_transactions() - order._pinbu_kept_transactions()
        return surplus

    def _pinbu_kept_transactions(self):
        """:return: the payments of this order that stay with the merchant as it stands now"""
        self.ensure_one()
        seat = self.seat_ids
        if not seat._keeps_payment():
            return self.env["payment.transaction"]
        return seat.transaction_id | self._pinbu_legs()

    def _pinbu_refund_surplus(self):
        """Owe back, once and in full, what bought nothing. The money scheduler sends it."""
        for tx in self._pinbu_surplus_transactions():
            tx._pinbu_owe_refund(tx.sale_order_ids.seat_ids.state)

    def _pinbu_is_refunded(self):
        """Whether nothing is owed back any more."""
        self.ensure_one()
        return all(
            not tx.currency_id.compare_amounts(tx.amount, tx._pinbu_amount_returned())
            for tx in self._pinbu_surplus_transactions()
        )
