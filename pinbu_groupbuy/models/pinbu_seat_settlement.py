"""What each seat's state asks for: a delivery, or its money back.

Called by the queue with batches of seats; may be called again for the same seat.
"""

from odoo import api, models
from odoo.tools import SQL

from ..transactions import short_transaction

# How many moves without stock are tried again in a minute.
SHORT_BATCH = 200


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _settle(self):
        self._settle_paid(self.filtered(lambda seat: seat.state in ("paid", "won")))
        self._settle_over(self.filtered(lambda seat: seat.state in ("lost", "released")))
        # What was paid for a place that still awaits its payment was another sum.
        self.filtered(lambda seat: seat.state == "held").order_id._pinbu_refund_surplus()
        self.env["pinbu.notice"]._tell_outcomes(self)

    def _settle_paid(self, seats):
        """Reserve what was paid for, if the policy is so; let it out once the team is formed."""
        for own in seats._by_company():
            own._settle_stock()
        self.env.flush_all()
        self._update_reserved(self.env.cr, seats.ids)
        seats.invalidate_recordset(["is_reserved"])
        seats.team_id._hold_places()
        seats.order_id._pinbu_refund_surplus()
        seats._seat_paid()

    def _settle_stock(self):
        """The deliveries of paid and won seats of one company."""
        won = self.filtered(lambda seat: seat.state == "won")
        won._plan_deliveries()
        orders = self.filtered(lambda seat: seat._may_be_confirmed()).order_id
        self.team_id._give_way(orders)
        orders._pinbu_confirm()
        orders.picking_ids._pinbu_follow_team()
        orders.picking_ids._pinbu_reserve()
        won.order_id.picking_ids._pinbu_open_gate()

    def _may_be_confirmed(self):
        """Whether this seat's order becomes deliveries now. With policy ``success`` it stays a
        quotation, and its pieces on the shelf, until the team is formed."""
        self.ensure_one()
        return self.state == "won" or (self.state == "paid" and self.stock_policy != "success")

    def _by_company(self):
        """:return: these seats company by company, each in its own, and in quiet: nobody reads in
        a chatter what the log of the team tells better"""
        quiet = self.with_context(tracking_disable=True, mail_notrack=True)
        return [own.with_company(company) for company, own in quiet.grouped("company_id").items()]

    def _settle_over(self, seats):
        """Cancel the orders, which frees their stock, and owe back all that was paid."""
        for own in seats._by_company():
            own.order_id._pinbu_cancel_with_place()
        seats.team_id._hold_places()
        seats.order_id._pinbu_close_payments()
        seats.order_id._pinbu_refund_surplus()
        seats.filtered(lambda seat: seat.state == "released")._seat_released()

    def _refresh_reserved(self):
        """Look again which seats' pieces are reserved or shipped, for teams still in the warehouse.

        A clerk may unreserve what was won, another delivery may have been forced to take a piece,
        and stock that was short may have come: what is kept for a team is reserved again then, by
        settlement. Seats that somebody works on are left to the next run.
        """
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    SELECT seat.id FROM pinbu_seat seat JOIN pinbu_team team
                        ON team.id = seat.team_id AND team.state IN ('forming', 'formed')
                      JOIN product_product product ON product.id = seat.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE seat.state IN ('paid', 'won') AND template.is_storable
                    """
                )
            )
            self._update_reserved(cr, [row[0] for row in cr.fetchall()])
        self.env["pinbu.team"].search(
            [("stock_policy", "=", "open"), ("state", "in", ("forming", "formed"))]
        )._refresh_reserved()
        with short_transaction(self.env) as cr:
            self._enqueue_short(cr)

    @api.model
    def _enqueue_short(self, cr):
        """Have settlement reserve again what a forming team is short of and stock is there for.

        Odoo itself does so only for some operation types. What has been won is the warehouse's.
        """
        cr.execute(
            SQL(
                """
                SELECT move.pinbu_seat_id, move.pinbu_team_id
                  FROM stock_move move
                  JOIN stock_location source ON source.id = move.location_id
             LEFT JOIN pinbu_seat seat ON seat.id = move.pinbu_seat_id
                 WHERE move.state IN ('confirmed', 'partially_available')
                   AND (move.pinbu_seat_id IS NOT NULL OR move.pinbu_team_id IS NOT NULL)
                   AND (move.pinbu_team_id IS NOT NULL OR seat.state = 'paid')
                   AND EXISTS (
                       SELECT 1 FROM stock_quant quant
                         JOIN stock_location location ON location.id = quant.location_id
                        WHERE quant.product_id = move.product_id
                          AND quant.quantity > quant.reserved_quantity
                          AND location.parent_path LIKE source.parent_path || '%%')
                   AND NOT EXISTS (
                       SELECT 1 FROM pinbu_settlement queued
                        WHERE queued.seat_id = move.pinbu_seat_id
                           OR queued.team_id = move.pinbu_team_id)
              ORDER BY move.id LIMIT %s
                """,
                SHORT_BATCH,
            )
        )
        if rows := cr.fetchall():
            settlement = self.env["pinbu.settlement"]
            seat_ids, team_ids = (list(filter(None, ids)) for ids in zip(*rows, strict=True))
            settlement._enqueue(cr, seat_ids=seat_ids, team_ids=team_ids)
            settlement._wake(cr)

    @api.model
    def _update_reserved(self, cr, seat_ids):
        """Note which of these seats' pieces their deliveries have reserved or shipped: those are
        no claim on the free stock any more."""
        cr.execute(
            SQL(
                """
                WITH served AS (
                    SELECT seat.id,
                           COALESCE(SUM(move.quantity), 0) >= seat.quantity
                           -- Cancelled by the merchant, or no more to come from the warehouse.
                           OR (ordered.state = 'cancel' AND ordered.pinbu_cancelled IS NOT TRUE)
                           OR (ordered.state = 'sale' AND EXISTS (
                                   SELECT 1 FROM stock_move made
                                    WHERE made.pinbu_seat_id = seat.id)
                               AND NOT EXISTS (
                                   SELECT 1 FROM stock_move wanted
                                    WHERE wanted.pinbu_seat_id = seat.id
                                      AND wanted.state NOT IN ('done', 'cancel')))
                           AS is_reserved
                      FROM pinbu_seat seat
                 LEFT JOIN sale_order ordered ON ordered.id = seat.order_id
                 LEFT JOIN sale_order_line line ON line.order_id = seat.order_id
                 LEFT JOIN stock_move move ON move.sale_line_id = line.id
                       AND move.product_id = seat.product_id
                       AND move.state IN ('partially_available', 'assigned', 'done')
                       AND move.origin_returned_move_id IS NULL
                     WHERE seat.id = ANY(%s)
                  GROUP BY seat.id, ordered.id
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
        """Hook: these seats are paid, and their orders confirmed unless their policy lets them
        wait for the team. May be called again."""

    def _seat_released(self):
        """Hook: these seats were given up before they were paid for. May be called again."""
