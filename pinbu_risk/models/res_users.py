from odoo import api, models

from .res_partner_returned import LOGIN


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _create_shopper(self, values):
        user = super()._create_shopper(values)
        user.partner_id._pinbu_note_returned(LOGIN, user.login)
        return user
