from odoo import api, fields, models

from ..money import to_minor


class PinbuPayoutBalance(models.TransientModel):
    """Asks what stands on the account that refunds and withdrawals are paid from."""

    _name = "pinbu.payout.balance"
    _description = "Balance for Payouts"

    # Never one that the client names.
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    balance = fields.Monetary(required=True)

    @api.depends_context("company")
    def _compute_company_id(self):
        self.company_id = self.env.company

    def action_confirm(self):
        self.ensure_one()
        self.env["pinbu.withdrawal"]._check_payer()
        self.company_id._pinbu_set_payout_balance(to_minor(self.balance, self.currency_id))
        self.env.ref("pinbu_subsidy.ir_cron_payouts").sudo()._trigger()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
