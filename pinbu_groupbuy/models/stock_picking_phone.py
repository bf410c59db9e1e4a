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

    @api.depends(
        "partner_id.phone",
        "picking_type_id.code",
        "pinbu_is_gated",
        "sale_id.partner_id",
        "sale_id.seat_ids.state",
        "state",
    )
    def _compute_pinbu_phone(self):
        for picking in self:
            may_ship = (
                picking.picking_type_id.code == "outgoing"
                and not picking.pinbu_is_gated
                and picking.state in ("confirmed", "waiting", "assigned", "done")
                and picking._pinbu_was_ordered_by_recipient()
            )
            picking.pinbu_phone = may_ship and picking.partner_id.phone

    # === BUSINESS METHODS === #

    def _pinbu_was_ordered_by_recipient(self):
        """:return: whether the goods go to whoever ordered them, or to nobody whose phone is a
        secret: a clerk who addresses a delivery to some shopper learns nothing by that
        """
        self.ensure_one()
        if not self.partner_id.partner_share or self.partner_id.commercial_partner_id.is_company:
            return True
        order = self.sale_id
        seats = order.seat_ids
        if seats:
            buyers = seats.filtered(lambda seat: seat.state == "won").partner_id
        else:
            buyers = order.partner_id if order.state == "sale" else order.partner_id.browse()
        return self.partner_id.commercial_partner_id in buyers.commercial_partner_id

    def _pinbu_recipient_fields(self):
        """:return: what papers say of who gets the goods, as the widget ``contact`` names it: the
        phone of a group-buy's shopper only once it may ship
        """
        self.ensure_one()
        is_whole = not self.pinbu_activity_id or self.sudo().pinbu_phone
        return ["address", "name", "phone"] if is_whole else ["address", "name"]
