"""How much of what a seat has won can be sent back, and what of its money follows.

The seat's own counters, which the database checks, are what makes sure that no piece is asked back
or paid back twice: whoever comes second meets the first one on this row.
"""

from odoo import fields, models
from odoo.tools import SQL

from ..api.render import to_minor
from ..exceptions import PinbuError
from .payment_transaction_refund import RETURN_REFUND


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    quantity_returned = fields.Integer(
        readonly=True, help="Pieces that the shopper sends back or has sent back."
    )
    quantity_refunded = fields.Integer(
        readonly=True, help="Pieces whose payment goes or went back because they were returned."
    )
    is_fee_refunded = fields.Boolean(
        readonly=True, help="Technical: what the delivery cost goes or went back as well."
    )

    _returned_once = models.Constraint(
        "CHECK(COALESCE(quantity_returned, 0) BETWEEN 0 AND quantity"
        " AND COALESCE(quantity_refunded, 0) BETWEEN 0 AND COALESCE(quantity_returned, 0))",
        "No piece is sent back, or paid back, twice.",
    )

    # === BUSINESS METHODS: PIECES === #

    def _moves_shipped(self):
        """:return: the moves that brought this seat's pieces to the shopper"""
        return self.order_id.picking_ids._pinbu_outward().move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.location_dest_usage == "customer"
                and move.product_id == self.product_id
            )
        )

    def _pieces_to_return(self):
        """:return: how many pieces the shopper may still send back without a reason now"""
        self.ensure_one()
        seat = self.sudo()
        if not (
            seat.state == "won"
            and seat.shipped_at
            and seat.company_id.pinbu_return_days
            and not seat._is_service()
            and seat.order_id.state == "sale"
        ):
            return 0
        until = seat._can_return_until()
        if until and until <= self.env.cr.now():
            return 0
        shipped = min(seat.quantity, int(sum(seat._moves_shipped().mapped("quantity"))))
        return max(0, shipped - seat.quantity_returned)

    def _ask_back(self, quantity):
        """Note that so many pieces come back.

        :raise PinbuError: ``not_allowed_now``; ``limit_reached`` for more than there are
        """
        self.ensure_one()
        pieces = self._pieces_to_return()
        if not pieces:
            raise PinbuError("not_allowed_now", self.env._("This is not possible now."))
        if quantity > pieces:
            raise PinbuError(
                "limit_reached",
                self.env._("At most %s pieces can be sent back.", pieces),
                {"max_quantity": pieces},
            )
        self._count_returned(quantity)

    def _let_go(self, quantity):
        """So many pieces do not come back after all, and can be asked back again."""
        if quantity:
            self._count_returned(-quantity)

    def _count_returned(self, quantity):
        # Another request that counts at the same time fails to serialise, and looks again.
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_seat SET quantity_returned = COALESCE(quantity_returned, 0) + %s"
                " WHERE id = %s",
                quantity,
                self.id,
            )
        )
        self.invalidate_recordset(["quantity_returned"], flush=False)

    # === BUSINESS METHODS: MONEY === #

    def _paid_for_all(self):
        """:return: what was paid for the goods, without their delivery, in minor units"""
        self.ensure_one()
        order = self.order_id
        # By the terms: whatever somebody has made of the order since.
        price = self._unit_price() * self.quantity
        discounts = order.order_line.filtered(
            lambda line: not line.is_delivery and not line._pinbu_is_goods()
        )
        price += sum(discounts.mapped("price_total"))
        return max(0, min(to_minor(price, order.currency_id), self._paid_in_all()))

    def _paid_in_all(self):
        """:return: what was paid for this place by all means, in minor units"""
        payments = self.transaction_id | self.order_id._pinbu_legs()
        return sum(to_minor(tx._pinbu_paid(), tx.currency_id) for tx in payments)

    def _paid_for(self, pieces):
        """:return: what was paid for so many of the pieces, in the order's currency; never more
        than their share, and together with the rest just what was paid for all"""
        self.ensure_one()
        if not self.quantity:
            return 0.0
        return self.order_id._pinbu_from_minor(self._paid_for_all() * pieces // self.quantity)

    def _owe_for_pieces(self, request, pieces):
        """Owe what was paid for further pieces that came back, once.

        :param pinbu.return request: what they came back with
        """
        self.ensure_one()
        with_fee = request.with_fee and not self.is_fee_refunded
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_seat SET quantity_refunded = COALESCE(quantity_refunded, 0) + %s,
                       is_fee_refunded = COALESCE(is_fee_refunded, FALSE) OR %s
                 WHERE id = %s RETURNING quantity_refunded
                """,
                pieces,
                with_fee,
                self.id,
            )
        )
        [after] = self.env.cr.fetchone()
        self.invalidate_recordset(["quantity_refunded", "is_fee_refunded"], flush=False)
        goods = self._paid_for_all()
        minor = goods * after // self.quantity - goods * (after - pieces) // self.quantity
        if with_fee:
            minor += self._paid_in_all() - goods
        refunds = self.order_id._pinbu_owe_part(minor, f"{RETURN_REFUND} {request.id} {after}")
        refunds.pinbu_return_id = request
        if after == self.quantity:
            self._all_came_back()

    def _all_came_back(self):
        """Hook: every piece of these seats came back, and its payment goes back."""
