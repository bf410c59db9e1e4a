from odoo import models

# Where whoever is nothing else begins the day, by group.
_HOMES = {
    "pinbu_risk.group_officer": "pinbu_risk.pinbu_risk_case_action",
    "pinbu_risk.group_identity": "pinbu_risk.pinbu_identity_action",
    "pinbu_risk.group_auditor": "pinbu_risk.pinbu_audit_log_action",
}


class ResUsers(models.Model):
    _inherit = "res.users"

    def _pinbu_home_action(self):
        """:return: the id of the action with which this user begins, who looks after risk,
        identities or the audit log and works in no other app; None for everybody else
        """
        self.ensure_one()
        homes = {self.env.ref(group): action for group, action in _HOMES.items()}
        privileges = self.sudo().all_group_ids.privilege_id
        if not privileges or privileges - self.env["res.groups"].union(*homes).privilege_id:
            return None
        own = next(action for group, action in homes.items() if group in self.all_group_ids)
        return self.env["ir.model.data"]._xmlid_to_res_id(own)
