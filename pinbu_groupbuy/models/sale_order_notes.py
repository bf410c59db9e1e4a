"""What merchants write on group-buying orders."""

from odoo import fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_note = fields.Text(
        string="Seller's Note", copy=False, help="For your own people; shoppers never see it."
    )
    pinbu_may_change_address = fields.Boolean(
        compute="_compute_pinbu_may_change_address", compute_sudo=True
    )

    # === COMPUTE METHODS === #

    def _compute_pinbu_may_change_address(self):
        for order in self:
            order.pinbu_may_change_address = (
                order.seat_ids.state in ("paid", "won")
                and order.state != "cancel"
                and order.carrier_id.pinbu_type != "pickup"
                and bool(order._pinbu_goods_ahead())
            )

    # === ACTION METHODS === #

    def action_pinbu_change_address(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change the delivery address"),
            "res_model": "pinbu.order.address",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _pinbu_goods_ahead(self):
        """:return: the lines whose goods have not begun to leave"""
        self.ensure_one()
        if any(picking.state == "done" for picking in self.picking_ids):
            return self.order_line[:0]
        return self.order_line.filtered(
            lambda line: line._pinbu_is_goods() and line.product_id.type != "service"
        )

    def _pinbu_send_elsewhere(self, address):
        """Send this order to another address of the shopper, at the fee that was paid.

        :param dict address: values of a delivery contact
        :raise UserError: when something has left already, or the delivery method does not serve it
        """
        self.ensure_one()
        order = self.sudo()
        if not order.pinbu_may_change_address:
            raise UserError(self.env._("This order has left, or is not to be sent any more."))
        old = order.partner_shipping_id
        new = (
            self.env["res.partner"]
            .sudo()
            .with_context(mail_create_nolog=True, tracking_disable=True)
            # Not one of the addresses that the shopper keeps.
            .create(
                {
                    **address,
                    "parent_id": order.partner_id.id,
                    "type": "delivery",
                    "active": False,
                }
            )
        )
        if order.carrier_id and not order.carrier_id._match_address(new):
            raise UserError(self.env._("%s does not deliver there.", order.carrier_id.display_name))
        total = order.amount_total
        order.with_context(update_delivery_shipping_partner=True).partner_shipping_id = new
        order.picking_ids.move_ids.partner_id = new
        if order.currency_id.compare_amounts(order.amount_total, total):
            raise UserError(self.env._("Other taxes hold there: the order must be placed anew."))
        order.message_post(
            body=self.env._(
                "Delivery address changed from %(old)s to %(new)s.",
                old=old._display_address(without_company=True).replace("\n", " "),
                new=new._display_address(without_company=True).replace("\n", " "),
            )
        )
