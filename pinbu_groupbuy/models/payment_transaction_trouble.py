"""Refunds that a person should look at, and what they can do about them."""

from datetime import timedelta

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.misc import babel_locale_parse

from ..const import MONEY_GROUPS
from .payment_transaction_worker import ATTEMPTS_BEFORE_ALERT, UNFINISHED
from .pinbu_transition import log_note

PATIENCE = timedelta(hours=1)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_in_trouble = fields.Boolean(
        string="Refund in Trouble",
        compute="_compute_pinbu_in_trouble",
        search="_search_pinbu_in_trouble",
        help="Met an error, was tried several times, or has been waiting for over an hour.",
    )
    pinbu_refund_amount = fields.Monetary(
        string="To Refund", compute="_compute_pinbu_refund_amount"
    )
    pinbu_order_id = fields.Many2one(
        "sale.order", string="Group-buying Order", compute="_compute_pinbu_order", compute_sudo=True
    )
    pinbu_team_id = fields.Many2one(
        "pinbu.team", string="Team", compute="_compute_pinbu_order", compute_sudo=True
    )
    pinbu_age = fields.Char(string="Waiting For", compute="_compute_pinbu_age")

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends("state", "pinbu_refund_reason", "pinbu_error", "pinbu_attempts")
    def _compute_pinbu_in_trouble(self):
        troubled = self.filtered_domain(self._pinbu_in_trouble_domain())
        troubled.pinbu_in_trouble = True
        (self - troubled).pinbu_in_trouble = False

    def _search_pinbu_in_trouble(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._pinbu_in_trouble_domain()
        return domain if True in value else ~domain

    @api.model
    def _pinbu_in_trouble_domain(self):
        return (
            Domain("pinbu_refund_reason", "!=", False)
            & Domain("state", "in", UNFINISHED)
            & (
                Domain("state", "in", ("error", "cancel"))
                | Domain("pinbu_error", "!=", False)
                | Domain("pinbu_attempts", ">=", ATTEMPTS_BEFORE_ALERT)
                | Domain("create_date", "<", fields.Datetime.now() - PATIENCE)
            )
        )

    @api.depends("amount")
    def _compute_pinbu_refund_amount(self):
        for tx in self:
            tx.pinbu_refund_amount = -tx.amount

    @api.depends("sale_order_ids")
    def _compute_pinbu_order(self):
        for tx in self:
            seat = tx.sale_order_ids.seat_ids[:1]
            tx.pinbu_order_id = seat.order_id
            tx.pinbu_team_id = seat.team_id

    @api.depends("create_date")
    @api.depends_context("lang")
    def _compute_pinbu_age(self):
        locale = babel_locale_parse(self.env.lang or "en_US")
        for tx in self:
            age = fields.Datetime.now() - (tx.create_date or fields.Datetime.now())
            tx.pinbu_age = format_timedelta(age, locale=locale)

    # === ACTION METHODS === #

    def action_pinbu_retry(self):
        """Try these refunds again now instead of at their next attempt."""
        refunds = self._pinbu_check_may_move_money()
        refunds.filtered(lambda refund: refund.state in UNFINISHED).write(
            {"pinbu_next_attempt_at": fields.Datetime.now()}
        )
        self.env.ref("pinbu_groupbuy.ir_cron_move_money").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The provider is being asked; look again in a moment."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _pinbu_check_may_move_money(self):
        """:return: these refunds, with the rights to change them
        :raise AccessError: for whom they are none of their business
        """
        self.check_access("read")
        if not self.env.su and not any(self.env.user.has_group(group) for group in MONEY_GROUPS):
            raise AccessError(
                self.env._("Only group-buying managers and accountants deal with refunds.")
            )
        return self.sudo().filtered("pinbu_refund_reason")

    def _pinbu_pay_by_hand(self, reason, payment_reference=""):
        """The money went back by another way: this refund is done, and never sent any more.

        :param str reason: who paid how, and why
        :param str payment_reference: the number of that payment, for the books
        :raise UserError: when it is done already, being tried, or not to be sent yet
        """
        self.ensure_one()
        refund = self._pinbu_check_may_move_money()
        reason = reason.strip()
        if not reason:
            raise UserError(self.env._("Say who paid it back how, and why not the provider."))
        if not refund.try_lock_for_update():
            raise UserError(self.env._("This refund is being worked on. Try again in a moment."))
        refund.invalidate_recordset()
        if refund.state not in UNFINISHED:
            raise UserError(self.env._("This refund is done already."))
        if not refund._pinbu_may_be_sent():
            raise UserError(
                self.env._("Its payment is not booked or its order not cancelled yet: wait for it.")
            )
        if payment_reference:
            refund.provider_reference = payment_reference
        # The order's log names who did it, not the shopper.
        refund.with_context(payment_backend_action=True)._set_done(
            state_message=reason, extra_allowed_states=("cancel",)
        )
        refund._pinbu_log_by_hand(reason, payment_reference)

    def _pinbu_log_by_hand(self, reason, payment_reference):
        order = self.sale_order_ids
        seat = order.seat_ids
        note = " · ".join(filter(None, (reason, payment_reference)))
        order.message_post(
            body=self.env._(
                "Refund %(number)s of %(amount)s was marked as paid by hand: %(note)s",
                number=self.reference,
                amount=self.currency_id.format(-self.amount),
                note=note,
            )
        )
        seat.flush_recordset()
        log_note(self.env.cr, self.env.uid, "pinbu_seat", seat.id, "refund paid by hand", note)
