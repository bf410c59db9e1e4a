"""How delivery methods look in the API."""

from odoo import models

from ..api import render
from ..exceptions import PinbuError


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    def _to_api(self, fee):
        """:param int fee: in minor units"""
        self.ensure_one()
        return {"id": self.id, "name": self.name, "type": self.pinbu_type, "fee": fee}


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _to_api_tracking_url(self):
        """:return: where the carrier tells of this parcel, or None: some carriers give a list"""
        url = self.carrier_tracking_url or ""
        return url if url.startswith(("https://", "http://")) else None


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _api_find_delivery_method(self, method_id):
        """:return: the activity's delivery method, or None when none is named
        :raise PinbuError: ``not_found`` for one that this activity does not offer
        """
        if method_id is None:
            return None
        method = self.delivery_method_ids.filtered(lambda method: method.id == method_id)
        if not method:
            raise PinbuError("not_found", self.env._("This group-buy has no such delivery method."))
        return method

    def _to_api_delivery(self):
        """The contract's Activity.delivery.

        :return: ``zones``: names, none for everywhere; ``free_from``: the lowest worth of goods
                 from which a method that brings them is free, in minor units, or None
        """
        self.ensure_one()
        # Not `filtered`, which would fetch the regions of each activity on their own.
        methods = [m for m in self.delivery_method_ids if not m._pinbu_is_pickup()]
        zones = [method._pinbu_zones() for method in methods]
        names = dict.fromkeys(name for zone in zones for name in zone)
        free_from = [worth for m in methods if (worth := m._pinbu_free_from()) is not None]
        return {
            "zones": list(names) if all(zones) else [],
            "free_from": render.to_minor(min(free_from), self.currency_id) if free_from else None,
        }
