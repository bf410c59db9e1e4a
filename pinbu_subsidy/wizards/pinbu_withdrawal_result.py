from odoo import api, fields, models


class PinbuWithdrawalResult(models.TransientModel):
    """Asks what became of withdrawals that no provider tells about."""

    _name = "pinbu.withdrawal.result"
    _description = "Result of Withdrawals"

    withdrawal_ids = fields.Many2many(
        "pinbu.withdrawal",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    is_with_provider = fields.Boolean(compute="_compute_is_with_provider")
    result = fields.Selection(
        [
            ("paid", "Paid"),
            ("failed", "Not paid: back into the wallet"),
            ("settled", "Dealt with in another way"),
        ],
        required=True,
        default="failed",
    )
    note = fields.Char(required=True, help="For the log: what happened, and how you know.")
    payment_reference = fields.Char(
        string="Payment Number", help="The number of the transfer, for the books."
    )

    @api.depends("withdrawal_ids")
    def _compute_is_with_provider(self):
        for wizard in self:
            wizard.is_with_provider = any(
                withdrawal.provider != "manual" for withdrawal in wizard.withdrawal_ids
            )

    def action_confirm(self):
        self.ensure_one()
        self.withdrawal_ids._settle_by_hand(self.result, self.note, self.payment_reference)
        return {"type": "ir.actions.act_window_close"}
