from odoo import models


class SaleOrder(models.Model):
    """What somebody does with an order by hand goes into the audit log.

    That it is refunded, and why; where it is sent instead: which contact, not its words.
    """

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

    def _pinbu_take_off(self, reason):
        before = self.sudo().state
        super()._pinbu_take_off(reason)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand",
            self,
            old={"state": before},
            new={"state": self.sudo().state},
            reason=reason,
        )

    def _pinbu_log_cancelled(self, state):
        super()._pinbu_log_cancelled(state)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand", self, old={"state": state}, new={"state": self.state}
        )

    def _pinbu_refund_part(self, amount, reason):
        super()._pinbu_refund_part(amount, reason)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand", self, new={"refunded_in_part": amount}, reason=reason
        )
