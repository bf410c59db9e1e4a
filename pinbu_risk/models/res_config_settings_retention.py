from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_risk_event_days = fields.Integer(
        related="company_id.pinbu_risk_event_days", readonly=False
    )
    pinbu_case_days = fields.Integer(related="company_id.pinbu_case_days", readonly=False)
