import logging
import secrets
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, format_datetime

from odoo.addons.pinbu_groupbuy.api import render
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

_logger = logging.getLogger(__name__)

EXPIRY_BATCH = 200
# Why a voucher is over, as its seat's log keeps it.
PAST_ITS_DATE = "voucher expired"
ORDER_CANCELLED = "voucher order cancelled"
PAID_BACK = "voucher paid back"


class PinbuVoucher(models.Model):
    """What a won seat of a service gets instead of a delivery: a code that staff take once.

    `issued -> used | expired`, through `_move` only: whoever comes second finds it moved. A used
    one is a delivered order; an expired one's order is cancelled and its payment goes back.

    The code and its last day are those of a loyalty card. The rest is kept here, so that who
    redeems vouchers need not read loyalty cards, some of which are wallets.
    """

    _name = "pinbu.voucher"
    _description = "Group-buying Voucher"
    _order = "id desc"
    _rec_name = "code"

    seat_id = fields.Many2one("pinbu.seat", required=True, readonly=True, ondelete="restrict")
    card_id = fields.Many2one(
        "loyalty.card", string="Coupon", required=True, readonly=True, ondelete="restrict"
    )
    code = fields.Char(related="card_id.code", store=True, index=True)
    partner_id = fields.Many2one(
        related="seat_id.partner_id", string="Shopper", store=True, index=True
    )
    company_id = fields.Many2one(related="seat_id.company_id", store=True, index=True)
    activity_id = fields.Many2one(related="seat_id.activity_id", store=True)
    product_id = fields.Many2one(related="seat_id.product_id", store=True)
    quantity = fields.Integer(
        related="seat_id.quantity", string="Pieces", help="All of them are redeemed at once."
    )
    order_id = fields.Many2one(related="seat_id.order_id")
    state = fields.Selection(
        [("issued", "To Redeem"), ("used", "Used"), ("expired", "Expired")],
        default="issued",
        required=True,
        readonly=True,
        index=True,
    )
    valid_until = fields.Datetime(
        required=True,
        readonly=True,
        help="The end of its last day, in the company's time zone.",
    )
    used_at = fields.Datetime(readonly=True)
    used_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    refund_state = fields.Selection(related="seat_id.refund_state")
    transition_ids = fields.One2many(related="seat_id.transition_ids", string="Log")

    _seat_unique = models.UniqueIndex("(seat_id)", "A place wins one voucher.")
    _card_unique = models.UniqueIndex("(card_id)")
    _used_complete = models.Constraint(
        "CHECK((state = 'used') = (used_at IS NOT NULL AND used_by IS NOT NULL))",
        "A used voucher says who redeemed it and when.",
    )
    _expiry_idx = models.Index("(valid_until) WHERE state = 'issued'")

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Vouchers are kept: they tell what a shopper was given."))

    # === BUSINESS METHODS: ISSUING === #

    @api.model
    def _issue(self, seats):
        """Give these won seats their vouchers; a seat that has one keeps it."""
        vouchers = self.sudo()
        seats -= vouchers.search([("seat_id", "in", seats.ids)]).seat_id
        for company, owners in seats.grouped("company_id").items():
            program = company._pinbu_voucher_program()
            last_days = [vouchers._last_day(seat) for seat in owners]
            # Nobody is written to: the shopper sees the code with the order.
            cards = program.coupon_ids.with_context(
                loyalty_no_mail=True, tracking_disable=True, mail_create_nolog=True
            ).create(
                [
                    {
                        "program_id": program.id,
                        "partner_id": seat.partner_id.id,
                        "code": vouchers._new_code(),
                        "expiration_date": day,
                        "points": 0,
                    }
                    for seat, day in zip(owners, last_days, strict=True)
                ]
            )
            issued = vouchers.create(
                [
                    {
                        "seat_id": seat.id,
                        "card_id": card.id,
                        "valid_until": self._end_of(day, company),
                    }
                    for seat, card, day in zip(owners, cards, last_days, strict=True)
                ]
            )
            issued._log("voucher issued")
        # Cancelled, or paid back, by the merchant in the moment between winning and this.
        over = seats.filtered(lambda seat: seat.order_id.state == "cancel")
        over.voucher_ids._expire(ORDER_CANCELLED)
        paid_back = seats.filtered(lambda seat: seat.transaction_id._pinbu_is_all_owed_back())
        paid_back.voucher_ids._expire(PAID_BACK)

    @api.model
    def _new_code(self):
        """:return: twelve digits that cannot be guessed, and can be typed on any telephone"""
        return f"{secrets.randbelow(10**12):012}"

    @api.model
    def _last_day(self, seat):
        """:return: the day of the forming, where the company is, and ``voucher_days`` more"""
        zone = ZoneInfo(seat.company_id._pinbu_timezone())
        formed_on = seat.team_id.finished_at.replace(tzinfo=UTC).astimezone(zone).date()
        return formed_on + timedelta(days=seat.terms_id.voucher_days)

    @api.model
    def _end_of(self, day, company):
        """:return: the last second of `day` where `company` is, in UTC"""
        zone = ZoneInfo(company._pinbu_timezone())
        last_second = datetime.combine(day, time(23, 59, 59), zone)
        return last_second.astimezone(UTC).replace(tzinfo=None)

    # === BUSINESS METHODS: REDEEMING === #

    @api.model
    def _find(self, code):
        """:param str code: as typed or scanned; spaces and hyphens do not matter
        :return: a voucher (sudo) of one of the companies that the user works in now
        :raise AccessError: when the user may not redeem vouchers
        :raise UserError: when there is no such voucher here
        """
        if not self.env.user.has_group("pinbu_subsidy.group_voucher_clerk"):
            raise AccessError(self.env._("Only voucher clerks may redeem vouchers."))
        digits = "".join(char for char in code or "" if char.isalnum())
        voucher = self.sudo().search([("code", "=", digits)], limit=1) if digits else self.sudo()
        if not voucher:
            raise UserError(self.env._("There is no voucher with this code."))
        if voucher.company_id not in self.env.companies:
            raise UserError(self.env._("This voucher is from another company."))
        return voucher

    @api.model
    def _redeem(self, code):
        """Take a voucher: the order counts as delivered from now on.

        Of two who redeem, expire or cancel it at once one succeeds. The other fails to serialize,
        and finds out what happened when Odoo repeats the request.

        :return: the voucher (sudo), used
        :raise AccessError, UserError: as `_find`; when it is used, expired or refunded already
        """
        voucher = self._find(code)
        if not voucher._move(
            "used",
            "voucher redeemed",
            SQL("valid_until >= %s", SQL_NOW),
            [SQL("used_at = %s", SQL_NOW), SQL("used_by = %s", self.env.uid)],
        ):
            raise UserError(voucher._refusal())
        voucher._deliver()
        return voucher

    def _refusal(self):
        """:return: why this voucher cannot be redeemed, or None if it can"""
        self.ensure_one()
        if self.state == "used":
            return self.env._(
                "Used already at %(time)s by %(clerk)s.",
                time=format_datetime(self.env, self.used_at, self.company_id._pinbu_timezone()),
                clerk=self.used_by.name,
            )
        if self.valid_until < fields.Datetime.now():
            day = format_date(self.env, self.card_id.expiration_date)
            return self.env._("Expired: it was valid until %s. The payment goes back.", day)
        if self.state == "expired":
            return self.env._("This order was cancelled or refunded: the voucher is void.")
        return None

    def _deliver(self):
        """What was sold is delivered, in Odoo's own sense: it can be invoiced."""
        self.ensure_one()
        order = self.order_id
        lines = order.order_line.filtered(lambda line: line.product_id == self.product_id)
        for line in lines:
            line.qty_delivered = line.product_uom_qty
        order._message_log(body=self.env._("The voucher %s was redeemed.", self.code))

    # === BUSINESS METHODS: EXPIRING === #

    def _expire(self, reason):
        """Those of these vouchers that are unused are over: the order is cancelled, and all of
        its payment that has not gone back yet goes back. Safe to call twice.

        :param str reason: for the log
        """
        expired = self.sudo()._move("expired", reason)
        expired._reverse_invoices()
        # Cancelling comes back here, and finds nothing to expire.
        for order in expired.order_id.filtered(lambda order: order.state != "cancel"):
            order._action_cancel()
        for seat in expired.seat_id:
            seat.transaction_id._pinbu_owe_refund("expired")

    def _reverse_invoices(self):
        """A posted invoice outlives its order; the payment that it was settled with goes back."""
        invoices = self.order_id.invoice_ids.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and not move.reversal_move_ids
            )
        )
        for company, moves in invoices.grouped("company_id").items():
            moves.with_company(company)._reverse_moves(
                [{"invoice_date": fields.Date.context_today(self), "ref": m.name} for m in moves],
                cancel=True,
            )

    @api.model
    def _cron_expire(self):
        """Expire what is past its date, each in a transaction of its own."""
        late = self.sudo().search(
            [("state", "=", "issued"), ("valid_until", "<", fields.Datetime.now())],
            order="valid_until, id",
            limit=EXPIRY_BATCH,
        )
        for voucher in late:
            try:
                voucher._expire(PAST_ITS_DATE)
                if not self.env["ir.cron"]._commit_progress(1):
                    break
            except OperationalError:
                # A clerk was quicker, or is at it: the next run sees what came of it.
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Expiring voucher %s failed", voucher.id)
        if len(late) == EXPIRY_BATCH:
            self.env.ref("pinbu_subsidy.ir_cron_expire_vouchers").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    # === BUSINESS METHODS: STATES === #

    def _move(self, target, reason, condition=None, assignments=()):
        """The one gate out of `issued`: a conditional UPDATE, which is also the lock.

        :param SQL | None condition: what must hold of the row besides
        :param Iterable[SQL] assignments: further columns to set, as ``column = value``
        :return: those of these vouchers that moved
        """
        if not self:
            return self
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_voucher SET %s WHERE id = ANY(%s) AND state = 'issued' AND %s"
                " RETURNING id",
                SQL(", ").join([SQL("state = %s", target), *assignments]),
                self.ids,
                condition or SQL("TRUE"),
            )
        )
        moved = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_recordset()
        moved._log(reason)
        return moved

    def _log(self, reason):
        """Who, when and why, in the append-only log of the seats."""
        self.env["pinbu.transition"].sudo().create(
            [
                {
                    "seat_id": voucher.seat_id.id,
                    "from_state": voucher.seat_id.state,
                    "to_state": voucher.seat_id.state,
                    "reason": reason,
                    "user_id": self.env.uid,
                    "date": fields.Datetime.now(),
                }
                for voucher in self
            ]
        )

    # === BUSINESS METHODS: READING === #

    def _to_api(self):
        """:return: the contract's voucher, for the order's own shopper"""
        self.ensure_one()
        # Past its date it is over for everyone, even before the scheduler says so.
        late = self.state == "issued" and self.valid_until < self.env.cr.now()
        return {
            "code": self.code,
            "valid_until": render.to_iso(self.valid_until),
            "state": "expired" if late else self.state,
        }
