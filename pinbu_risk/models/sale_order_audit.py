from odoo import models


class SaleOrder(models.Model):
    """Where somebody sends an order instead goes into the audit log: which contact, not its words."""

    _inherit = "sale.order"

    # === BUSINESS METHODS === #

    def _pinbu_send_elsewhere(self, address):
        old = self.sudo().partner_shipping_id.id
        super()._pinbu_send_elsewhere(address)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand",
            self,
            old={"partner_shipping_id": old},
            new={"partner_shipping_id": self.sudo().partner_shipping_id.id},
        )
