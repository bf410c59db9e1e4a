"""How the goods get to the shopper, and what that costs.

An activity names the delivery methods to choose from. Which of them serve an address, and at what
fee, is for Odoo's own delivery methods to say; here one is chosen, quoted and put on the order.
"""

from odoo import Command, api, models

from ..exceptions import PinbuError


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    # === BUSINESS METHODS: CHOOSING === #

    @api.model
    def _choose_delivery(self, partner, line, quantity, team, address, wanted):
        """Find out how the goods get to the shopper, before a place is taken.

        :param delivery.carrier wanted: what the shopper chose, or None for the first that fits
        :return: the method, none where the activity has none; and where to ship to, or None
        :rtype: tuple[delivery.carrier, res.partner | None]
        :raise PinbuError: ``not_found``, ``not_deliverable``
        """
        methods = self._methods_to_choose(line, wanted)
        if methods is None:
            return self.env["delivery.carrier"].sudo(), address
        price = self._price_for(partner, line, team)
        fees = self._delivery_fees(partner, line, quantity, price, address, methods)
        if not fees:
            self._raise_not_deliverable(address)
        method = next(iter(fees))
        return method, None if method._pinbu_is_pickup() else address

    @api.model
    def _quote_delivery(self, partner, line, quantity, price, address, wanted):
        """What the shopper can choose from. No address yet, or none that is served, is no error:
        the shopper may still give another one.

        :return: ``{method: fee}`` in the order of proposal, and the fee of the chosen one
        :rtype: tuple[dict, float]
        :raise PinbuError: ``not_found``; ``not_deliverable`` when the one chosen cannot serve
        """
        methods = self._methods_to_choose(line, wanted)
        if methods is None:
            return {}, 0.0
        offered = line.activity_id.delivery_method_ids
        fees = self._delivery_fees(partner, line, quantity, price, address, offered)
        if wanted and wanted not in fees:
            self._raise_not_deliverable(address)
        return fees, fees[wanted] if wanted else next(iter(fees.values()), 0.0)

    @api.model
    def _methods_to_choose(self, line, wanted):
        """:return: the delivery methods to choose from, or None when there is nothing to choose
        :raise PinbuError: ``not_found``
        """
        activity = line.activity_id
        # A service is not delivered.
        has_methods = activity._has_delivery_methods() and line.product_id.type != "service"
        if wanted and not (has_methods and wanted in activity.delivery_method_ids):
            raise PinbuError("not_found", self.env._("This group-buy has no such delivery method."))
        if not has_methods:
            return None
        return wanted.sudo() if wanted else activity.delivery_method_ids

    @api.model
    def _delivery_fees(self, partner, line, quantity, price, address, methods):
        """:return: ``{method: fee}`` of those that can serve the shopper, in the same order"""
        drafts = {}
        fees = {}
        for method in methods:
            place = partner.sudo() if method._pinbu_is_pickup() else address
            if not place:
                continue
            if place not in drafts:
                drafts[place] = self._draft_order(partner, line, quantity, price, place)
            fee = method._pinbu_fee(drafts[place])
            if fee is not None:
                fees[method] = fee
        return fees

    @api.model
    def _draft_order(self, partner, line, quantity, price, place):
        """:return: an order as a checkout would make it, in memory only"""
        company = line.activity_id.company_id
        return (
            self.env["sale.order"]
            .sudo()
            .with_company(company)
            .new(
                {
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "pricelist_id": False,
                    "partner_shipping_id": place.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": line.product_id.id,
                                "product_uom_qty": quantity,
                                "price_unit": price,
                                "discount": 0.0,
                            }
                        )
                    ],
                }
            )
        )

    @api.model
    def _raise_not_deliverable(self, address):
        if address:
            message = self.env._("This cannot be delivered to your address.")
        else:
            message = self.env._("Please give an address that this can be delivered to.")
        raise PinbuError("not_deliverable", message)

    # === BUSINESS METHODS: ORDERING === #

    @api.model
    def _set_delivery(self, order, method):
        """Have an order without delivery line delivered by `method`, or by none.

        :return: the fee, in the order's currency
        :raise PinbuError: ``not_deliverable``
        """
        if not method:
            return 0.0
        fee = method._pinbu_fee(order)
        if fee is None:
            self._raise_not_deliverable(order.partner_shipping_id - order.partner_id)
        order.with_context(mail_notrack=True).set_delivery_line(method, fee)
        return fee

    def _is_delivered_by(self, method):
        """Whether the order is delivered by `method`, at what that costs now."""
        self.ensure_one()
        order = self.order_id
        if order.carrier_id != method:
            return False
        if not method:
            return True
        if all(line._pinbu_is_goods() or line.is_delivery for line in order.order_line):
            fee = method._pinbu_fee(order)
        else:
            # As when the fee was set: what a coupon takes off comes after it.
            price = self._unit_price()
            place = order.partner_shipping_id
            draft = self._draft_order(self.partner_id, self.line_id, self.quantity, price, place)
            fee = method._pinbu_fee(draft)
        charged = sum(order.order_line.filtered("is_delivery").mapped("price_total"))
        return fee is not None and not order.currency_id.compare_amounts(fee, charged)
