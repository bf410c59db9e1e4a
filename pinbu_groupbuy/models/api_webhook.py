"""What webhooks tell: which record it is and how it stands, nobody's name, phone or address.

Who needs more asks the merchant's routes of the API for it.
"""

from odoo import models

from ..api import render


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    def _to_webhook(self):
        """:return: the ``data`` of ``team.formed`` and ``team.failed``"""
        self.ensure_one()
        won = self.seat_ids.filtered(lambda seat: seat.state in ("won", "lost"))
        return {
            "token": self.token,
            "activity_id": self.activity_id.id,
            "state": self._effective_state(),
            "failure": self._api_failure(),
            "size": self.size,
            "seats_paid": self.seats_paid,
            "deadline": render.to_iso(self.deadline),
            "finished_at": render.to_iso(self.finished_at),
            "order_ids": won.order_id.ids,
        }


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _to_webhook(self):
        """:return: the ``data`` of ``order.shipped``"""
        self.ensure_one()
        return {
            "order_id": self.sale_id.id,
            "order_name": self.sale_id.name,
            "delivery": self.name,
            "carrier": self.carrier_id.name or None,
            "tracking": self.carrier_tracking_ref or None,
            "shipped_at": render.to_iso(self.date_done),
        }
