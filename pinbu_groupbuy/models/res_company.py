from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _pinbu_timezone(self):
        """:return: the name of the time zone in whose midnight a day of this company ends"""
        self.ensure_one()
        company = self.sudo()
        fallback = "Asia/Shanghai" if company.country_id.code == "CN" else "UTC"
        return company.partner_id.tz or fallback
