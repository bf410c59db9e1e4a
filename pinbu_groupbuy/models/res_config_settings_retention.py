from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_notice_days = fields.Integer(related="company_id.pinbu_notice_days", readonly=False)
    pinbu_webhook_days = fields.Integer(related="company_id.pinbu_webhook_days", readonly=False)
    pinbu_consent_days = fields.Integer(related="company_id.pinbu_consent_days", readonly=False)
