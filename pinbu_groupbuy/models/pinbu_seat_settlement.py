"""What each seat's state asks for: a delivery, or its money back.

Called by the queue with batches of seats; may be called again for the same seat.
"""

from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _settle(self):
        self._settle_paid(self.filtered(lambda seat: seat.state in ("paid", "won")))
        self._settle_over(self.filtered(lambda seat: seat.state in ("lost", "released")))

    def _settle_paid(self, seats):
        """Reserve what was paid for; let it out once the team is formed."""
        seats.order_id._pinbu_confirm()
        won = seats.filtered(lambda seat: seat.state == "won")
        seats.order_id.picking_ids._pinbu_reserve()
        won.order_id.picking_ids._pinbu_open_gate()
        seats._mark_reserved()
        seats.order_id._pinbu_refund_surplus()
        seats._seat_paid()

    def _settle_over(self, seats):
        """Cancel the orders, which frees their stock, and owe back all that was paid."""
        seats.order_id.filtered(lambda order: order.state != "cancel")._action_cancel()
        seats.order_id._pinbu_close_payments()
        seats.order_id._pinbu_refund_surplus()
        seats.filtered(lambda seat: seat.state == "released")._seat_released()

    def _mark_reserved(self):
        """From now on the delivery's reservation, not the seat, keeps these pieces."""
        reserved = self.filtered(
            lambda seat: (
                not seat.is_reserved
                and seat.order_id.picking_ids.move_ids
                and all(
                    move.state in ("assigned", "done", "cancel")
                    for move in seat.order_id.picking_ids.move_ids
                )
            )
        )
        reserved.is_reserved = True

    def _seat_paid(self):
        """Hook: these seats are paid and their orders confirmed. May be called again."""

    def _seat_released(self):
        """Hook: these seats were given up before they were paid for. May be called again."""
