"""How returns look in the API."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render
from ..api.paging import search_page
from ..exceptions import PinbuError


class PinbuReturn(models.Model):
    _inherit = "pinbu.return"

    @api.model
    def _api_domain(self, partner):
        return Domain("partner_id", "=", partner.id) & Domain(
            "company_id", "=", self.env.company.id
        )

    @api.model
    def _api_find(self, partner, return_id):
        """:return: the shopper's own return, with sudo
        :raise PinbuError: ``not_found``, also for another shopper's
        """
        request = self.sudo().search(self._api_domain(partner) & Domain("id", "=", return_id))
        if not request:
            raise PinbuError("not_found", self.env._("This return does not exist."))
        return request

    @api.model
    def _api_list(self, partner, query):
        """:return: (returns with sudo, newest first, next cursor)"""
        newest = SQL("(-%s)", SQL.identifier("pinbu_return", "id"))
        return search_page(self.sudo(), self._api_domain(partner), "returns", [newest], query)

    def _to_api(self):
        """:rtype: list[dict]"""
        images = self.seat_id.activity_id._api_images()
        return [request._to_api_one(images) for request in self]

    def _to_api_one(self, images):
        seat = self.seat_id
        currency = self.currency_id
        product = self.product_id.with_context(display_default_code=False)
        return {
            "id": self.id,
            "order_id": self.order_id.id,
            "order_name": self.order_id.name,
            "product_id": self.product_id.id,
            "product_name": product.display_name,
            "image_url": images.get(("pinbu.activity.line", seat.line_id.id))
            or images.get(("pinbu.activity", seat.activity_id.id)),
            "quantity": self.quantity,
            "quantity_received": self.quantity_received,
            "reason": self.reason or "",
            "photos": self.photos or [],
            "state": self.state,
            "answer": self.answer or None,
            "currency": currency.name,
            "amount": render.to_minor(self.paid_amount, currency),
            "refund": {
                "state": self.refund_state,
                "amount": render.to_minor(self.refund_amount, currency),
            }
            if self.refund_state
            else None,
            "created_at": render.to_iso(self.create_date),
            "answered_at": render.to_iso(self.answered_at),
            "received_at": render.to_iso(self.received_at),
            "actions": ["cancel"] if self._may_give_up() else [],
        }

    def _may_give_up(self):
        return self.state in ("requested", "accepted") and not self.quantity_received
