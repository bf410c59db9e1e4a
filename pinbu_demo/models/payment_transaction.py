from odoo import api, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: no new demo payment once a real provider is enabled.

        Refunds go through: play money that was taken before may be given back.
        """
        transactions = super().create(vals_list)
        if transactions.filtered(
            lambda tx: tx.provider_code == "demo" and tx.operation != "refund"
        ):
            transactions.provider_id._pinbu_refuse_demo()
        return transactions

    def _process(self, provider_code, payment_data):
        """Override of `payment`: nothing simulates a payment beside a real provider.

        This is the door of `/payment/demo/simulate_payment`, which anybody can call.
        """
        if provider_code == "demo":
            transaction = self or self._search_by_reference(provider_code, payment_data)
            if transaction.operation != "refund":
                self.env["payment.provider"]._pinbu_refuse_demo()
        return super()._process(provider_code, payment_data)
