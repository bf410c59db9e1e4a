from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_hosts = fields.Char(related="company_id.pinbu_hosts", readonly=False)
    # Odoo shows it of people only.
    pinbu_timezone = fields.Selection(
        related="company_id.partner_id.tz",
        string="Shop's Time Zone",
        readonly=False,
        help="Empty: Asia/Shanghai for a company in China, UTC elsewhere.",
    )
    pinbu_service_phone = fields.Char(related="company_id.pinbu_service_phone", readonly=False)
    pinbu_return_policy = fields.Text(related="company_id.pinbu_return_policy", readonly=False)
    pinbu_privacy_url = fields.Char(related="company_id.pinbu_privacy_url", readonly=False)
    pinbu_consent_version = fields.Char(related="company_id.pinbu_consent_version", readonly=False)
    pinbu_consent_required = fields.Boolean(
        related="company_id.pinbu_consent_required", readonly=False
    )
    pinbu_event_percent = fields.Integer(related="company_id.pinbu_event_percent", readonly=False)
    pinbu_event_days = fields.Integer(related="company_id.pinbu_event_days", readonly=False)
