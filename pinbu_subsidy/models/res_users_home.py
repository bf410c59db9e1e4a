from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _pinbu_homes(self):
        return {
            **super()._pinbu_homes(),
            "pinbu_subsidy.group_voucher_clerk": "pinbu_subsidy.pinbu_voucher_redemption_action",
        }
