from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("tz", "country_id")) and self.sudo().ref_company_ids:
            self.env.registry.clear_cache()  # of `res.company._pinbu_timezone`
        return result
