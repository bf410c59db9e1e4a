from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pinbu_invites_per_day = fields.Integer(
        related="company_id.pinbu_invites_per_day", readonly=False
    )
    pinbu_invites_for_life = fields.Integer(
        related="company_id.pinbu_invites_for_life", readonly=False
    )
