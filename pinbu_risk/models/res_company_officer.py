from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _pinbu_risk_officer(self):
        """:return: who gets the tasks of the risk group in this company; none where nobody works"""
        self.ensure_one()
        officers = self.env.ref("pinbu_risk.group_officer").sudo().all_user_ids
        able = officers.filtered(
            lambda user: user.active and not user.share and self in user.company_ids
        )
        # The superuser is in the group, and never looks.
        people = able - self.env.ref("base.user_root")
        return people.sorted("id")[:1]
