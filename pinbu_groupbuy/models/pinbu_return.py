from odoo import api, fields, models
from odoo.exceptions import UserError

from .pinbu_transition import log_start, move_state


class PinbuReturn(models.Model):
    """A shopper sends back what an order has won.

    `requested -> accepted -> received -> refunded`, or `requested -> refused`, or `-> cancelled`
    before anything came back. The goods come back through native deliveries. What was paid for
    them is owed in the very transaction that receives them, and sent by the money scheduler.
    """

    _name = "pinbu.return"
    _description = "Group-buying Return"
    _order = "id desc"
    _rec_name = "order_id"

    seat_id = fields.Many2one(
        "pinbu.seat", required=True, readonly=True, index=True, ondelete="restrict"
    )
    order_id = fields.Many2one("sale.order", compute="_compute_seat", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", compute="_compute_seat", store=True, index=True
    )
    company_id = fields.Many2one("res.company", compute="_compute_seat", store=True, index=True)
    product_id = fields.Many2one("product.product", compute="_compute_seat", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    quantity = fields.Integer(
        required=True, readonly=True, help="How many pieces the shopper wants to send back."
    )
    reason = fields.Char(readonly=True, help="In the shopper's words.")
    photos = fields.Json(readonly=True)
    photo_links = fields.Text(string="Pictures", compute="_compute_photo_links")
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("accepted", "Accepted"),
            ("received", "Received"),
            ("refunded", "Refunded"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="requested",
        index=True,
    )
    answer = fields.Char(
        readonly=True,
        help="What the shopper reads: where to send the goods, or why they are not taken back.",
    )
    with_fee = fields.Boolean(
        string="Refund Delivery",
        readonly=True,
        help="What the delivery cost goes back as well: for goods that were wrong or broken.",
    )
    is_waived = fields.Boolean(
        string="Refunded without Goods", readonly=True, help="The shopper keeps the goods."
    )
    answered_at = fields.Datetime(readonly=True)
    received_at = fields.Datetime(readonly=True)
    quantity_received = fields.Integer(
        string="Came Back", readonly=True, help="How many pieces came back so far."
    )
    picking_ids = fields.One2many("stock.picking", "pinbu_return_id", readonly=True)
    refund_ids = fields.One2many(
        "payment.transaction",
        "pinbu_return_id",
        string="Refunds",
        readonly=True,
        groups="pinbu_groupbuy.group_manager,account.group_account_invoice",
    )
    refund_amount = fields.Monetary(string="Refund", compute="_compute_refund", compute_sudo=True)
    refund_state = fields.Selection(
        [
            ("due", "To Refund"),
            ("sent", "Refund Sent"),
            ("done", "Refunded"),
            ("failed", "Refund Failed"),
        ],
        compute="_compute_refund",
        compute_sudo=True,
    )
    paid_amount = fields.Monetary(
        string="Paid for It",
        compute="_compute_paid_amount",
        compute_sudo=True,
        help="What was paid for these pieces, without their delivery.",
    )
    transition_ids = fields.One2many("pinbu.transition", "return_id", string="Log", readonly=True)

    _quantity_sane = models.Constraint(
        "CHECK(quantity > 0 AND COALESCE(quantity_received, 0) BETWEEN 0 AND quantity)",
        "No more comes back than was asked for.",
    )
    _unanswered_idx = models.Index("(create_date) WHERE state = 'requested'")

    # === COMPUTE METHODS === #

    # Not of the seat's fields: each checkout would look for returns that wait for its order.
    @api.depends("seat_id")
    def _compute_seat(self):
        for request in self:
            seat = request.seat_id
            request.order_id = seat.order_id
            request.partner_id = seat.partner_id
            request.company_id = seat.company_id
            request.product_id = seat.product_id

    @api.depends("photos")
    def _compute_photo_links(self):
        for request in self:
            request.photo_links = "\n".join(request.photos or ())

    @api.depends("refund_ids.state", "refund_ids.amount")
    def _compute_refund(self):
        for request in self:
            request.refund_state = request.refund_ids._pinbu_refund_state()
            request.refund_amount = -sum(request.refund_ids.mapped("amount"))

    @api.depends("quantity", "seat_id")
    def _compute_paid_amount(self):
        for request in self:
            request.paid_amount = request.seat_id._paid_for(request.quantity)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Returns are kept: they tell what happened to money and goods."))

    # === BUSINESS METHODS === #

    @api.model
    def _request(self, seat, quantity, reason, photos):
        """The shopper wants to send pieces back; the caller has checked that they are theirs.

        :return: the return, with sudo
        :raise PinbuError: as `pinbu.seat._ask_back`
        """
        seat._ask_back(quantity)
        request = self.sudo().create(
            {"seat_id": seat.id, "quantity": quantity, "reason": reason, "photos": photos or False}
        )
        log_start(
            self.env.cr, self.env.uid, "pinbu_return", request.id, "requested", "return asked for"
        )
        request._call_staff()
        return request

    def _move(self, sources, target, reason, note=None):
        """:return: those of these that were in one of `sources` and are in `target` now"""
        self.flush_recordset()
        moved = move_state(
            self.env.cr,
            self.env.uid,
            "pinbu_return",
            self.ids,
            sources,
            target,
            reason,
            note=note,
        )
        self.invalidate_recordset(["state", "transition_ids"])
        return self.browse(moved)

    def _call_staff(self):
        """Somebody should answer this one."""
        user = self.seat_id.activity_id._responsible_user()
        told = self.with_context(lang=user.lang).env
        self.order_id.activity_schedule(
            "pinbu_groupbuy.mail_activity_type_return",
            user_id=user.id,
            note=told._(
                "%(shopper)s wants to send goods back. Pieces: %(quantity)s.",
                shopper=self.partner_id.name,
                quantity=self.quantity,
            ),
        )

    def _dismiss_staff(self):
        """Nobody needs to answer these any more, but perhaps another one of their orders."""
        for order in self.order_id:
            if "requested" not in order.pinbu_return_ids.mapped("state"):
                order.activity_unlink(["pinbu_groupbuy.mail_activity_type_return"])
