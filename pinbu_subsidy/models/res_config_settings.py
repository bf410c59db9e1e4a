from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_wallet_account_id = fields.Many2one(
        related="company_id.pinbu_wallet_account_id", readonly=False
    )
    pinbu_subsidy_expense_account_id = fields.Many2one(
        related="company_id.pinbu_subsidy_expense_account_id", readonly=False
    )
    pinbu_wallet_native_account_id = fields.Many2one(
        related="company_id.pinbu_wallet_native_account_id", readonly=False
    )
    pinbu_wallet_journal_id = fields.Many2one(
        related="company_id.pinbu_wallet_journal_id", readonly=False
    )
    pinbu_withdrawal_journal_id = fields.Many2one(
        related="company_id.pinbu_withdrawal_journal_id", readonly=False
    )
    pinbu_accountant_id = fields.Many2one(related="company_id.pinbu_accountant_id", readonly=False)
    pinbu_fallback_program_id = fields.Many2one(
        related="company_id.pinbu_fallback_program_id", readonly=False
    )
    pinbu_brake_failed_percent = fields.Integer(
        related="company_id.pinbu_brake_failed_percent", readonly=False
    )
    pinbu_brake_subsidy_percent = fields.Integer(
        related="company_id.pinbu_brake_subsidy_percent", readonly=False
    )
