from odoo import api, models

_MAY_KNOW = ("pinbu_groupbuy.group_manager", "pinbu_risk.group_auditor")


class PinbuDashboard(models.AbstractModel):
    """That the audit log was tampered with, for managers and auditors."""

    _inherit = "pinbu.dashboard"

    @api.model
    def _pinbu_alerts(self):
        return [*self._alert_audit(), *super()._pinbu_alerts()]

    @api.model
    def _record_actions(self):
        return {
            **super()._record_actions(),
            "pinbu.audit.check": "pinbu_risk.pinbu_audit_check_action",
        }

    def _alert_audit(self):
        checks = self.env["pinbu.audit.check"]
        if not any(self.env.user.has_group(group) for group in _MAY_KNOW):
            return []
        last = checks.sudo().search([], limit=1)
        if not last or last.is_sound:
            return []
        # What was found is for auditors.
        records = ("pinbu.audit.check", [("id", "=", last.id)])
        return [
            self._alert(
                "audit_log",
                "danger",
                self.env._(
                    "The audit log was tampered with, or cannot be checked: rows were changed, "
                    "removed or slipped in. An auditor has to look into it."
                ),
                records if checks.has_access("read") else None,
                self.env._("Check of the Audit Log"),
            )
        ]
