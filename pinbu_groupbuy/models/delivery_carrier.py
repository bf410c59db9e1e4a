from odoo import fields, models


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    pinbu_type = fields.Selection(
        [("express", "Express"), ("local", "Local delivery"), ("pickup", "Pick-up")],
        string="Way of Delivery",
        default="express",
        required=True,
        help="How group-buying shoppers get their goods. Who picks them up gives no address, and "
        "may live anywhere.",
    )

    pinbu_code = fields.Char(
        string="Carrier Code",
        help="The carrier's short name on the shoppers' platform, such as SF; clients show its parcels "
        "with it.",
    )

    # === OVERRIDES OF DELIVERY === #

    def _match_address(self, partner):
        return self._pinbu_is_pickup() or super()._match_address(partner)

    # === BUSINESS METHODS === #

    def _pinbu_is_pickup(self):
        return self.pinbu_type == "pickup"

    def _pinbu_fee(self, order):
        """:param sale.order order: with its goods and its shipping address; may be a new record
        :return: what this method costs the shopper, all taxes included, in the order's currency,
                 or None when it cannot serve the order
        """
        self.ensure_one()
        if not self._match(order.partner_shipping_id, order):
            return None
        rate = self.rate_shipment(order)
        return order.currency_id.round(rate["price"]) if rate["success"] else None

    def _pinbu_free_from(self):
        """:return: the worth of goods from which this method is free, in the company's currency,
        or None; price rules are not looked through"""
        self.ensure_one()
        if self.delivery_type == "base_on_rule":
            return None
        if self.delivery_type == "fixed" and not self.fixed_price:
            return 0.0
        return self.amount if self.free_over else None

    def _pinbu_zones(self):
        """:return: the names of the states, or else the countries, that this method serves; none
        for everywhere"""
        self.ensure_one()
        return (self.state_ids or self.country_ids).mapped("name")
