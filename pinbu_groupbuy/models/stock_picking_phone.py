from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    pinbu_phone = fields.Char(
        string="Phone for the Delivery",
        compute="_compute_pinbu_phone",
        compute_sudo=True,
        groups="stock.group_stock_user",
        help="Of whoever receives it, once it may ship.",
    )

    @api.depends("partner_id.phone", "picking_type_id.code", "pinbu_is_gated", "state")
    def _compute_pinbu_phone(self):
        for picking in self:
            may_ship = (
                picking.picking_type_id.code == "outgoing"
                and not picking.pinbu_is_gated
                and picking.state in ("confirmed", "waiting", "assigned", "done")
            )
            picking.pinbu_phone = may_ship and picking.partner_id.phone
