"""When what was won is to be delivered."""

from collections import defaultdict
from datetime import timedelta

from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _plan_deliveries(self):
        """Plan what these seats have won for when its preparation is over.

        Before an order is confirmed, so that Odoo plans its deliveries for that day. Those that
        exist were planned when a member paid, and count from the team's forming from now on; all
        steps of a route move together. Once their gate is open, dates are the warehouse's. A date
        that somebody has promised for an order stays.
        """
        moves_by_dates = defaultdict(self.env["stock.move"].browse)
        orders_by_date = defaultdict(self.env["sale.order"].browse)
        for seat in self:
            promised = seat._promised_for()
            if promised and promised != seat.order_id.commitment_date:
                orders_by_date[promised] |= seat.order_id
        gated = self.order_id.picking_ids.filtered("pinbu_is_gated")
        for move in gated.move_ids:
            seat = move.pinbu_seat_id
            if seat and move.date_deadline and move.state not in ("done", "cancel"):
                lead = timedelta(days=move.sale_line_id.customer_lead)
                deadline = seat._promised_for() or seat._formed_at() + lead
                date = move.date + (deadline - move.date_deadline)
                moves_by_dates[date, deadline] |= move
        for promised, orders in orders_by_date.items():
            orders.commitment_date = promised
        for (date, deadline), moves in moves_by_dates.items():
            moves.write({"date": date, "date_deadline": deadline})

    def _formed_at(self):
        """:return: when the team was formed, in whole seconds as Odoo counts (UTC)"""
        return self.team_id.finished_at.replace(microsecond=0)

    def _promised_for(self):
        """:return: the day promised for the order (UTC), by somebody or by the terms, or None"""
        self.ensure_one()
        days = self.team_id.terms_id.preparation_days
        return self.order_id.commitment_date or (
            self._formed_at() + timedelta(days=days) if days else None
        )
