from odoo import api, fields, models


class PinbuOrderAddress(models.TransientModel):
    """Asks where a paid order shall go instead, as long as nothing of it has left."""

    _name = "pinbu.order.address"
    _description = "Change a Delivery Address"

    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    name = fields.Char("Recipient", required=True)
    phone = fields.Char(required=True)
    country_id = fields.Many2one("res.country", required=True)
    state_id = fields.Many2one(
        "res.country.state", string="Province", domain="[('country_id', '=', country_id)]"
    )
    city = fields.Char(required=True)
    street2 = fields.Char(string="District")
    street = fields.Char(required=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        order = self.env["sale.order"].browse(values.get("order_id"))
        if order:
            order.check_access("read")
            # An address that was put aside for this order is archived.
            old = order.sudo().partner_shipping_id
            for name in ("name", "phone", "city", "street", "street2"):
                values[name] = old[name]
            values["country_id"] = (old.country_id or order.company_id.country_id).id
            values["state_id"] = old.state_id.id
        return values

    def action_apply(self):
        self.ensure_one()
        self.order_id.check_access("write")
        self.order_id._pinbu_send_elsewhere(
            {
                "name": self.name,
                "phone": self.phone,
                "country_id": self.country_id.id,
                "state_id": self.state_id.id,
                "pinbu_province": self.state_id.name or False,
                "city": self.city,
                "street2": self.street2,
                "street": self.street,
            }
        )
        return {"type": "ir.actions.act_window_close"}
