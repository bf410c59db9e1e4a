"""The goods of a return on their way back, and the money that follows them."""

from odoo import fields, models
from odoo.exceptions import UserError


class PinbuReturn(models.Model):
    _inherit = "pinbu.return"

    # === BUSINESS METHODS: DELIVERIES === #

    def _await_goods(self):
        """Make the native deliveries by which the goods come back, the last shipped ones first.

        :raise UserError: when so many pieces are not with the shopper any more
        """
        self.ensure_one()
        left = self.quantity
        shipped = self.seat_id._moves_shipped().sorted("id", reverse=True)
        for picking in shipped.picking_id:
            pieces = {}
            for move in shipped.filtered(lambda move, picking=picking: move.picking_id == picking):
                pieces[move] = min(left, self._still_out(move))
                left -= pieces[move]
            if any(pieces.values()):
                self._make_delivery(picking, pieces)
        if left:
            raise UserError(
                self.env._("These pieces have come back already, or are on their way back.")
            )

    def _still_out(self, move):
        """:return: how many pieces of a shipped move nothing has brought back or is about to"""
        back = move.returned_move_ids.filtered(lambda m: m.state != "cancel")
        coming = sum(m.quantity if m.state == "done" else m.product_uom_qty for m in back)
        return max(0, int(move.quantity - coming))

    def _make_delivery(self, picking, pieces):
        """:param dict pieces: how many of each of the delivery's moves"""
        wizard = (
            self.env["stock.return.picking"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True)
            .create({"picking_id": picking.id})
        )
        for line in wizard.product_return_moves:
            line.quantity = pieces.get(line.move_id, 0)
        wizard._create_return().pinbu_return_id = self

    def _cancel_deliveries(self):
        self.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")).action_cancel()

    def _moves_back(self):
        """:return: the moves that bring this return's pieces back"""
        return self.picking_ids.move_ids.filtered(
            lambda move: (
                move.origin_returned_move_id.pinbu_seat_id == self.seat_id
                and move.product_id == self.seat_id.product_id
                and move.location_usage == "customer"
            )
        )

    def _follow_goods(self):
        """A delivery of these returns has changed: owe what came back, and close what is over.

        Safe to call at any time and twice.
        """
        for request in self.filtered(lambda request: request.state == "accepted"):
            moves = request._moves_back()
            done = moves.filtered(lambda move: move.state == "done")
            # Whatever a clerk types, nobody sends back more than they asked to.
            came = min(request.quantity, int(sum(done.mapped("quantity"))))
            request._goods_came(came)
            if not moves.filtered(lambda move: move.state not in ("done", "cancel")):
                request._close_goods()

    def _close_goods(self):
        """Nothing more is going to come."""
        came = bool(self.quantity_received)
        if came:
            self._move(["accepted"], "received", "goods came back")
        else:
            self._move(["accepted"], "cancelled", "return never came")
        self.seat_id._let_go(self.quantity - self.quantity_received)
        if came:
            self.received_at = fields.Datetime.now()
            self._look_refunded()

    # === BUSINESS METHODS: MONEY === #

    def _goods_came(self, came):
        """Owe, once, what was paid for the pieces that have come back since the last look."""
        new = came - self.quantity_received
        if new > 0:
            self.quantity_received = came
            # The return's row is locked before the seat's, as whoever gives it up does.
            self.flush_recordset()
            # Who sends goods back has had them, and needs not say so.
            self.seat_id.received_at = self.seat_id.received_at or fields.Datetime.now()
            self.seat_id._owe_for_pieces(self, new)

    def _waive(self):
        """The shopper keeps the goods and gets the money."""
        for request in self:
            if request.state not in ("requested", "accepted"):
                raise UserError(self.env._("This return is decided already."))
            request.is_waived = True
            request._goods_came(request.quantity)
            request._move(["requested", "accepted"], "received", "refunded without goods")
            now = fields.Datetime.now()
            request.write({"received_at": now, "answered_at": request.answered_at or now})
            request._dismiss_staff()
            request._cancel_deliveries()
            request._look_refunded()

    def _look_refunded(self):
        """Those of these whose money is all back are at their end."""
        over = self.sudo().filtered(
            lambda request: (
                request.state == "received"
                and all(refund.state == "done" for refund in request.refund_ids)
            )
        )
        over._move(["received"], "refunded", "refund done")
