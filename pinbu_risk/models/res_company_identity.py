from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _identity_state(self, partner):
        state = super()._identity_state(partner)
        if state == "none" and self.env["pinbu.identity"].sudo().search_count(
            [("partner_id", "=", partner.id), ("state", "=", "pending")], limit=1
        ):
            return "pending"
        return state
