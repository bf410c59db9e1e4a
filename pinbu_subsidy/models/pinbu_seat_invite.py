"""What invites ask of a seat: whether its goods arrived, and whether they came back."""

from odoo import models
from odoo.tools import SQL


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _seat_released(self):
        result = super()._seat_released()
        # Who leaves a first team may have finished another one meanwhile.
        self.env["pinbu.invite"]._note_first_seats(self.partner_id)
        return result

    def _delivered_at(self):
        """When all that a won seat ordered was delivered, or its voucher was redeemed.

        :return: ``{seat id: datetime in UTC}`` of those seats that were delivered
        :rtype: dict
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT seat.id, COALESCE(voucher.used_at, shipped.date)
                  FROM pinbu_seat seat
             LEFT JOIN pinbu_voucher voucher ON voucher.seat_id = seat.id
                       AND voucher.state = 'used'
            CROSS JOIN LATERAL (
                       SELECT CASE WHEN bool_and(move.state = 'done') THEN MAX(move.date) END AS date
                         FROM sale_order_line line
                         JOIN stock_move move ON move.sale_line_id = line.id
                         JOIN stock_location place ON place.id = move.location_dest_id
                        WHERE line.order_id = seat.order_id AND place.usage = 'customer'
                          AND move.state != 'cancel') shipped
                 WHERE seat.id = ANY(%s) AND seat.state = 'won'
                   AND COALESCE(voucher.used_at, shipped.date) IS NOT NULL
                """,
                self.ids,
            )
        )
        return dict(self.env.cr.fetchall())

    def _came_back(self):
        """:return: those of these seats of which a piece was returned, or money went back, or whose
        order was cancelled"""
        if not self:
            return self
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT seat.id FROM pinbu_seat seat
             LEFT JOIN payment_transaction payment ON payment.id = seat.transaction_id
             LEFT JOIN sale_order ordered ON ordered.id = seat.order_id
                 WHERE seat.id = ANY(%s)
                   AND (payment.pinbu_refunded > 0 OR ordered.state = 'cancel'
                        -- What the wallet paid of it; a part that was let go before was none.
                        OR EXISTS (
                           SELECT 1 FROM sale_order_transaction_rel rel
                             JOIN payment_transaction refund ON refund.id = rel.transaction_id
                             JOIN payment_provider provider ON provider.id = refund.provider_id
                            WHERE rel.sale_order_id = seat.order_id AND provider.code = 'wallet'
                              AND refund.operation = 'refund'
                              AND refund.create_date >= seat.paid_at)
                        OR EXISTS (
                           SELECT 1 FROM sale_order_line line
                             JOIN stock_move move ON move.sale_line_id = line.id
                             JOIN stock_location place ON place.id = move.location_id
                            WHERE line.order_id = seat.order_id AND move.state = 'done'
                              -- Not what a clerk put back on the shelf.
                              AND place.usage = 'customer'
                              AND move.origin_returned_move_id IS NOT NULL))
                """,
                self.ids,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())
