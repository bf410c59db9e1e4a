from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import ORDER_MONEY_READERS, REFUND_STATE
from ..exceptions import PinbuError
from .payment_transaction_refund import MANUAL_REFUND
from .pinbu_seat import CANCELLED
from .pinbu_seat_means import FRESH_MONEY, Means

# What nobody but Pinbu itself changes on an order whose team decides about it.
PROTECTED_FIELDS = {
    "carrier_id",
    "company_id",
    "fiscal_position_id",
    "partner_id",
    "pricelist_id",
    "state",
}
PROTECTED_LINE_FIELDS = {
    "discount",
    "order_id",
    "price_unit",
    "product_id",
    "product_uom_id",
    "product_uom_qty",
    "tax_ids",
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    seat_ids = fields.One2many("pinbu.seat", "order_id", string="Seats", readonly=True)
    seat_id = fields.Many2one(
        "pinbu.seat", compute="_compute_seat_id", search="_search_seat_id", compute_sudo=True
    )
    pinbu_team_id = fields.Many2one(
        "pinbu.team", related="seat_ids.team_id", string="Group-buying Team"
    )
    is_group_buy = fields.Boolean(
        compute="_compute_seat_id", search="_search_is_group_buy", compute_sudo=True
    )
    pinbu_activity_id = fields.Many2one(
        "pinbu.activity", related="seat_ids.activity_id", string="Group-buying Activity"
    )
    pinbu_seat_state = fields.Selection(related="seat_ids.state", string="Seat State")
    pinbu_promise = fields.Json(
        copy=False,
        readonly=True,
        groups=ORDER_MONEY_READERS,
        help="What was promised for a failed team, as shown at checkout.",
    )
    pinbu_means = fields.Json(
        copy=False,
        readonly=True,
        groups=ORDER_MONEY_READERS,
        help="What the shopper wants to pay with beside fresh money, as said at checkout.",
    )
    pinbu_cancelled = fields.Boolean(
        string="Cancelled with its Place",
        copy=False,
        readonly=True,
        help="Technical: cancelled with its place; a payment that comes after all may revive it.",
    )
    pinbu_remark = fields.Text(string="Buyer's Remark", copy=False)

    # === COMPUTE METHODS === #

    @api.depends("seat_ids")
    def _compute_seat_id(self):
        for order in self:
            order.seat_id = order.seat_ids[:1]
            order.is_group_buy = bool(order.seat_ids)

    def _search_seat_id(self, operator, value):
        return Domain("seat_ids", operator, value)

    def _search_is_group_buy(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("seat_ids", "!=" if True in value else "=", False)

    # === CRUD METHODS === #

    def write(self, vals):
        # These follow the seat, whatever door the change comes through.
        if PROTECTED_FIELDS & vals.keys() and not self.env.su:
            self._check_team_does_not_decide()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_group_buy(self):
        if self.sudo().seat_ids:
            raise UserError(self.env._("A group-buying order is kept: money may come for it."))

    # === ACTION METHODS === #

    def action_draft(self):
        if self.sudo().seat_ids:
            raise UserError(
                self.env._("A cancelled group-buying order stays cancelled: its place is gone.")
            )
        return super().action_draft()

    def action_cancel(self):
        """A merchant may cancel an unpaid order or a won one; a forming one is the team's."""
        held = self.sudo().seat_ids.filtered(lambda seat: seat.state == "held")
        if held:
            self.check_access("write")
            # Released beside this transaction, whose snapshot still shows it as held.
            released = held._release_hold("cancelled by the merchant")
            if released != held:
                raise UserError(self.env._("A payment has just come in: the team decides now."))
            released.order_id._pinbu_cancel_with_place()
            others = self - released.order_id.sudo(self.env.su)
            return others.action_cancel() if others else True
        self._check_team_does_not_decide()
        # What was won and is not wanted any more claims no stock.
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=self.sudo().seat_ids.ids)
        return super().action_cancel()

    # === OVERRIDES OF SALE === #

    def _confirmation_error_message(self):
        seats = self.sudo().seat_ids
        if any(not seat._may_be_confirmed() for seat in seats):
            return self.env._(
                "A group-buying order is confirmed by its payment or its team, not by hand."
            )
        return super()._confirmation_error_message()

    def _has_to_be_signed(self):
        return not self.sudo().seat_ids and super()._has_to_be_signed()

    def _has_to_be_paid(self):
        # Paid through the mini-program only: the portal lets the payer choose the amount.
        return not self.sudo().seat_ids and super()._has_to_be_paid()

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        orders = self.filtered(
            lambda order: all(seat.state == "won" for seat in order.sudo().seat_ids)
        )
        if orders:
            super(SaleOrder, orders)._send_order_notification_mail(
                mail_template, allow_deferred_sending=allow_deferred_sending
            )

    def _send_payment_succeeded_for_order_mail(self):
        orders = self.filtered(lambda order: not order.sudo().seat_ids)
        super(SaleOrder, orders)._send_payment_succeeded_for_order_mail()

    def _create_invoices(self, grouped=False, final=False, date=None):
        if any(seat.state != "won" for seat in self.sudo().seat_ids):
            raise UserError(self.env._("There is nothing to invoice before the team is formed."))
        return super()._create_invoices(grouped=grouped, final=final, date=date)

    # === BUSINESS METHODS: CHECKS === #

    def _check_team_does_not_decide(self):
        if any(seat.state in ("held", "paid") for seat in self.sudo().seat_ids):
            raise UserError(
                self.env._("This order has a place in a forming team: the team decides about it.")
            )

    # === BUSINESS METHODS: WHAT THE SHOPPER MAY KNOW AND DO === #

    def _pinbu_state(self):
        """:return: ``unpaid``, ``forming``, ``won``, ``lost`` or ``closed``, by the clock"""
        self.ensure_one()
        seat = self.seat_ids
        if seat.state == "held":
            return "unpaid" if seat.hold_until > self.env.cr.now() else "closed"
        if seat.state == "paid":
            failed = seat.team_id and seat.team_id._effective_state() == "failed"
            return "lost" if failed else "forming"
        return {"won": "won", "lost": "lost"}.get(seat.state, "closed")

    def _pinbu_pay_before(self):
        """:return: when the unpaid order's place is given up (UTC), or False"""
        self.ensure_one()
        return self._pinbu_state() == "unpaid" and self.seat_ids.hold_until

    def _pinbu_actions(self):
        """:return: the names of the actions open to the shopper now"""
        self.ensure_one()
        if self._pinbu_state() == "unpaid":
            return ["pay", "cancel"]
        seat = self.seat_ids
        may = {
            "leave": seat._may_leave(),
            "receive": seat._may_receive(),
            "return": seat._pieces_to_return() > 0,
        }
        return [name for name, is_open in may.items() if is_open]

    def _pinbu_delivery_state(self):
        """:return: ``waiting``, ``ready``, ``shipped``, ``delivered`` or ``none``"""
        self.ensure_one()
        pickings = self.picking_ids._pinbu_outward()._pinbu_to_shopper()
        if self.seat_ids.state == "won" and self.state in ("draft", "sent"):
            return "waiting"
        if not pickings or self.seat_ids.state != "won":
            return "waiting" if self._pinbu_state() == "forming" else "none"
        if all(picking.state == "done" for picking in pickings):
            return "delivered" if self.seat_ids.received_at else "shipped"
        return "ready" if all(p.state in ("assigned", "done") for p in pickings) else "waiting"

    def _pinbu_refunds(self):
        """:return: the refunds of this order: ``state``, ``amount`` (company currency, positive),
        ``reason`` (a word: the state that the place had, ``return``, ``manual`` …), ``at`` (UTC)"""
        return [
            {
                "state": REFUND_STATE[refund.state],
                "amount": -refund.amount,
                # Without the number that tells refunds apart; what a provider reports that nobody
                # here asked for has no reason at all.
                "reason": (refund.pinbu_refund_reason or MANUAL_REFUND).partition(" ")[0],
                "at": refund.last_state_change,
            }
            for refund in self._pinbu_refund_transactions()
        ]

    def _pinbu_cancel(self):
        """The shopper gives up an unpaid order.

        :raise PinbuError: ``already_paid`` or ``order_closed``
        """
        self.ensure_one()
        seat = self.sudo().seat_ids
        if seat.state in ("paid", "won", "lost"):
            raise PinbuError("already_paid", self.env._("This order is paid already."))
        if self._pinbu_state() != "unpaid" or not seat._release_hold(CANCELLED):
            raise PinbuError("order_closed", self.env._("This order is closed."))

    def _pinbu_wanted_means(self):
        """:return: what the shopper wants to pay with beside fresh money
        :rtype: Means
        """
        self.ensure_one()
        if not self.pinbu_means:
            return FRESH_MONEY
        return Means(**{**self.pinbu_means, "coupon_ids": tuple(self.pinbu_means["coupon_ids"])})

    # === BUSINESS METHODS: STOCK === #

    def _pinbu_confirm(self):
        """Confirm paid orders: their deliveries come into being, behind the gate.

        A payment that came after all brings back the order that was cancelled with its place; one
        that the merchant cancelled after winning stays cancelled.
        """
        self.filtered("pinbu_cancelled").write({"state": "draft", "pinbu_cancelled": False})
        orders = self.filtered(lambda order: order.state in ("draft", "sent"))
        if orders:
            orders.with_context(
                send_email=False, pinbu_first_deliveries=not orders.picking_ids
            ).action_confirm()

    def _pinbu_cancel_with_place(self):
        """Cancel orders whose place was given up or lost; safe to call twice."""
        orders = self.filtered(lambda order: order.state != "cancel")
        orders._action_cancel()
        orders.pinbu_cancelled = True


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_team_does_not_decide()
        return lines

    def write(self, vals):
        if PROTECTED_LINE_FIELDS & vals.keys():
            self._check_team_does_not_decide()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_group_buy(self):
        self._check_team_does_not_decide()

    # === BUSINESS METHODS === #

    def _pinbu_is_goods(self):
        """Hook: whether this line is what was ordered, and not what was added to it."""
        self.ensure_one()
        return not self.is_delivery

    def _check_team_does_not_decide(self):
        """What a member ordered stays as it is until the team has decided. Pinbu itself, which
        acts with all rights, may change what is not paid yet."""
        seats = self.sudo().order_id.seat_ids.filtered(lambda s: s.state in ("held", "paid"))
        if seats and not self.env.su:
            raise UserError(
                self.env._("What a team's member ordered cannot be changed while it forms.")
            )
