from odoo import api, models


class PinbuDashboard(models.AbstractModel):
    _inherit = "pinbu.dashboard"

    @api.model
    def _pinbu_alerts(self):
        # Nothing is worse than a till without a lock.
        return [*self._alert_outage(), *super()._pinbu_alerts()]

    @api.model
    def _record_actions(self):
        return {
            **super()._record_actions(),
            "pinbu.risk.outage": "pinbu_risk.pinbu_risk_outage_action",
        }

    def _alert_outage(self):
        outages = self.env["pinbu.risk.outage"]
        going_on = [("company_id", "=", self.env.company.id), ("ended_at", "=", False)]
        # Whoever is in the shop should know; what it was is for officers.
        outage = outages.sudo().search(going_on)
        if not outage:
            return []
        return [
            self._alert(
                "risk_outage",
                "danger",
                self.env._(
                    "The risk rules cannot be asked: shoppers go on unjudged (%(passed)s times so "
                    "far), subsidies and withdrawals wait.",
                    passed=outage.passed,
                ),
                ("pinbu.risk.outage", going_on) if outages.has_access("read") else None,
                self.env._("Outage of the risk rules"),
            )
        ]
