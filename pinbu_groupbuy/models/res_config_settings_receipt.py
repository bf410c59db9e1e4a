from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_receive_days = fields.Integer(related="company_id.pinbu_receive_days", readonly=False)
    pinbu_return_days = fields.Integer(related="company_id.pinbu_return_days", readonly=False)
    pinbu_answer_days = fields.Integer(related="company_id.pinbu_answer_days", readonly=False)
