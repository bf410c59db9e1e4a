from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _pinbu_homes(self):
        return {
            **super()._pinbu_homes(),
            "pinbu_risk.group_officer": "pinbu_risk.pinbu_risk_case_action",
            "pinbu_risk.group_identity": "pinbu_risk.pinbu_identity_action",
            "pinbu_risk.group_auditor": "pinbu_risk.pinbu_audit_log_action",
        }
