from odoo import api, fields, models
from odoo.exceptions import UserError


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    delivery_method_ids = fields.Many2many(
        "delivery.carrier",
        "pinbu_activity_delivery_carrier_rel",
        "activity_id",
        "carrier_id",
        string="Delivery Methods",
        check_company=True,
        help="What shoppers choose from; the first one that serves their address is proposed. "
        "Without any, delivery is free of charge, and who gives no address picks up.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("delivery_method_ids")
    def _check_published_delivery_methods(self):
        for activity in self.filtered("is_published"):
            activity._check_delivery_methods()

    # === BUSINESS METHODS === #

    def _check_offer_stands(self):
        super()._check_offer_stands()
        self._check_delivery_methods()

    def _check_delivery_methods(self):
        """:raise UserError: when a shopper could not get the goods, or not at the fee shown"""
        self.ensure_one()
        methods = self.delivery_method_ids
        if not methods and self._has_delivery_methods():
            raise UserError(
                self.env._("All delivery methods of %s are archived.", self.display_name)
            )
        for method in methods:
            if method.invoice_policy != "estimated":
                raise UserError(
                    self.env._(
                        "The fee of %s is known only after delivery, but shoppers pay before it.",
                        method.display_name,
                    )
                )
            taxes = method.product_id.taxes_id._filter_taxes_by_company(self.company_id)
            if any(not tax.price_include for tax in taxes if tax.amount):
                raise UserError(
                    self.env._(
                        "The sales taxes of %s are added to its price. Use taxes that are included "
                        "in the price, so that shoppers pay exactly the fee shown.",
                        method.product_id.display_name,
                    )
                )

    def _has_delivery_methods(self):
        """Whether shoppers choose how to get their goods; an archived method is no choice, and
        does not make delivery free of charge either."""
        return bool(self.with_context(active_test=False).delivery_method_ids)
