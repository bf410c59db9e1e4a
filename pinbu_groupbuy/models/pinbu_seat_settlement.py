"""What each seat's state asks for: a delivery, or its money back.

Called by the queue with batches of seats; may be called again for the same seat.
"""

from odoo import api, models
from odoo.tools import SQL

from ..transactions import short_transaction


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _settle(self):
        self._settle_paid(self.filtered(lambda seat: seat.state in ("paid", "won")))
        self._settle_over(self.filtered(lambda seat: seat.state in ("lost", "released")))
        # What was paid for a place that still awaits its payment was another sum.
        self.filtered(lambda seat: seat.state == "held").order_id._pinbu_refund_surplus()

    def _settle_paid(self, seats):
        """Reserve what was paid for; let it out once the team is formed."""
        seats.order_id._pinbu_confirm()
        won = seats.filtered(lambda seat: seat.state == "won")
        seats.order_id.picking_ids._pinbu_reserve()
        won.order_id.picking_ids._pinbu_open_gate()
        self.env.flush_all()
        self._update_reserved(self.env.cr, seats.ids)
        seats.invalidate_recordset(["is_reserved"])
        seats.order_id._pinbu_refund_surplus()
        seats._seat_paid()

    def _settle_over(self, seats):
        """Cancel the orders, which frees their stock, and owe back all that was paid."""
        seats.order_id._pinbu_cancel_with_place()
        seats.order_id._pinbu_close_payments()
        seats.order_id._pinbu_refund_surplus()
        seats.filtered(lambda seat: seat.state == "released")._seat_released()

    def _refresh_reserved(self):
        """Look again which seats' pieces are reserved or shipped, for teams still in the warehouse.

        A clerk may unreserve what was won, and stock that was short may have come. Seats that
        somebody works on are left to the next run.
        """
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    SELECT seat.id FROM pinbu_seat seat JOIN pinbu_team team
                        ON team.id = seat.team_id AND team.state IN ('forming', 'formed')
                     WHERE seat.state IN ('paid', 'won')
                    """
                )
            )
            self._update_reserved(cr, [row[0] for row in cr.fetchall()])

    @api.model
    def _update_reserved(self, cr, seat_ids):
        """Note which of these seats' pieces their deliveries have reserved or shipped: those are
        no claim on the free stock any more."""
        cr.execute(
            SQL(
                """
                WITH served AS (
                    SELECT seat.id, COALESCE(SUM(move.quantity), 0) >= seat.quantity AS is_reserved
                      FROM pinbu_seat seat
                 LEFT JOIN sale_order_line line ON line.order_id = seat.order_id
                 LEFT JOIN stock_move move ON move.sale_line_id = line.id
                       AND move.product_id = seat.product_id
                       AND move.state IN ('partially_available', 'assigned', 'done')
                       AND move.origin_returned_move_id IS NULL
                     WHERE seat.id = ANY(%s)
                  GROUP BY seat.id
                ), changed AS (
                    SELECT seat.id, served.is_reserved
                      FROM pinbu_seat seat JOIN served ON served.id = seat.id
                     WHERE seat.is_reserved != served.is_reserved
                  ORDER BY seat.id FOR NO KEY UPDATE OF seat SKIP LOCKED
                )
                UPDATE pinbu_seat seat SET is_reserved = changed.is_reserved
                  FROM changed WHERE seat.id = changed.id
                """,
                list(seat_ids),
            )
        )

    def _seat_paid(self):
        """Hook: these seats are paid and their orders confirmed. May be called again."""

    def _seat_released(self):
        """Hook: these seats were given up before they were paid for. May be called again."""
