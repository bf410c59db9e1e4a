from odoo import fields, models


class PinbuRefundByHand(models.TransientModel):
    """Asks how a refund that the provider does not get done was paid back instead."""

    _name = "pinbu.refund.by.hand"
    _description = "Mark a Refund as Paid by Hand"

    transaction_id = fields.Many2one(
        "payment.transaction", string="Refund", required=True, readonly=True
    )
    partner_id = fields.Many2one(related="transaction_id.partner_id", string="Shopper")
    amount = fields.Monetary(related="transaction_id.pinbu_refund_amount")
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    reason = fields.Text(required=True, help="Who paid it back how, and why not the provider.")
    payment_reference = fields.Char(
        string="Payment Number", help="The number of the transfer, for the books."
    )

    def action_confirm(self):
        self.ensure_one()
        self.transaction_id._pinbu_pay_by_hand(self.reason, self.payment_reference)
        return {"type": "ir.actions.act_window_close"}
