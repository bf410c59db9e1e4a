from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _pinbu_create_refund(self, amount, reason):
        refund = super()._pinbu_create_refund(amount, reason)
        # What a failed team gives back is no return.
        seats = self.sudo().sale_order_ids.seat_ids.filtered(lambda seat: seat.state == "won")
        self.env["pinbu.invite"]._look_soon(self.env.cr, seats.partner_id, seats.company_id)
        return refund

    def _pinbu_payer_marks(self):
        """Hook: who paid these, as far as their providers tell. Here: the cards they keep.

        :return: strings that are the same for the same payer
        :rtype: set[str]
        """
        return {f"payer:{token.provider_id.id}:{token.provider_ref}" for token in self.token_id}
