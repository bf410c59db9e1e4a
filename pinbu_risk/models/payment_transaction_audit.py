from odoo import models


class PaymentTransaction(models.Model):
    """Refunds that somebody owes, retries or pays by hand go into the audit log."""

    _inherit = "payment.transaction"

    # === ACTION METHODS === #

    def action_pinbu_retry(self):
        result = super().action_pinbu_retry()
        self.env["pinbu.audit.log"]._write_by_hand("retried", self)
        return result

    # === BUSINESS METHODS === #

    def _pinbu_create_refund(self, amount, reason):
        refund = super()._pinbu_create_refund(amount, reason)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand", refund, new={"amount": amount, "pinbu_refund_reason": reason}
        )
        return refund

    def _pinbu_pay_by_hand(self, reason, payment_reference=""):
        before = self.state
        super()._pinbu_pay_by_hand(reason, payment_reference)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand",
            self,
            old={"state": before, "provider_reference": None},
            new={"state": self.state, "provider_reference": payment_reference or None},
            reason=reason,
        )
