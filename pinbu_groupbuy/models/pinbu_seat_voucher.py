"""Services: a won seat gets a voucher, which staff redeem, instead of a delivery.

What a voucher is, another module says (`pinbu_subsidy`); here are the hooks that it implements.
"""

from odoo import models


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _is_service(self):
        """Whether this seat's product is a service: nothing is delivered, a voucher is issued."""
        self.ensure_one()
        return self.product_id.type == "service"

    def _seat_paid(self):
        result = super()._seat_paid()
        self.filtered(lambda seat: seat.state == "won" and seat._is_service())._issue_vouchers()
        return result

    def _issue_vouchers(self):
        """Hook: give each of these seats, all of services and won, its voucher.

        Called by settlement in batches once the orders are confirmed, and perhaps again: a seat
        that has its voucher keeps it. The validity is that of the seat's own terms
        (``voucher_days``), counted from the forming of its team.
        """

    def _voucher_to_api(self):
        """Hook: this seat's voucher as its own shopper sees it.

        :return: ``{"code": str, "valid_until": ISO 8601 in UTC, "state": "issued" | "used" |
                 "expired"}``, or None without one
        """
        self.ensure_one()
        return None

    def _keeps_payment(self):
        """Hook: whether the payment that bought this place stays with the merchant.

        Where it does not, the whole of it goes back as soon as the order is cancelled.
        """
        self.ensure_one()
        if self.state == "won" and not self._is_service():
            # What was won, and cancelled by the merchant before anything of it was shipped.
            order = self.order_id
            return order.state != "cancel" or any(order.order_line.mapped("qty_delivered"))
        return self.state not in ("lost", "released")
