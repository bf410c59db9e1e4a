from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_currency_id = fields.Many2one(related="company_id.currency_id", string="Wallet Currency")
    pinbu_payout_provider = fields.Selection(
        related="company_id.pinbu_payout_provider", readonly=False
    )
    pinbu_withdrawal_min = fields.Monetary(
        related="company_id.pinbu_withdrawal_min",
        currency_field="pinbu_currency_id",
        readonly=False,
    )
    pinbu_withdrawal_max = fields.Monetary(
        related="company_id.pinbu_withdrawal_max",
        currency_field="pinbu_currency_id",
        readonly=False,
    )
    pinbu_withdrawal_day_amount = fields.Monetary(
        related="company_id.pinbu_withdrawal_day_amount",
        currency_field="pinbu_currency_id",
        readonly=False,
    )
    pinbu_withdrawal_day_count = fields.Integer(
        related="company_id.pinbu_withdrawal_day_count", readonly=False
    )
    pinbu_withdrawal_review_above = fields.Monetary(
        related="company_id.pinbu_withdrawal_review_above",
        currency_field="pinbu_currency_id",
        readonly=False,
    )
    pinbu_identity_required_from = fields.Monetary(
        related="company_id.pinbu_identity_required_from",
        currency_field="pinbu_currency_id",
        readonly=False,
    )
