from odoo import api, models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    @api.model
    def _alert_notes(self, company):
        nearly_spent = self.env["pinbu.dashboard"]._nearly_spent(company)
        blocked = self.env["pinbu.subsidy"]._read_group(
            [("state", "=", "blocked"), ("company_id", "=", company.id)],
            ["activity_id"],
            ["__count"],
        )
        return {
            **super()._alert_notes(company),
            "pinbu_subsidy.mail_activity_type_budget": {
                activity: lambda env: env._(
                    "90% or more of a subsidy budget is spent: raise it, or shoppers are told "
                    "that it is used up."
                )
                for activity in nearly_spent
            },
            "pinbu_subsidy.mail_activity_type_blocked": {
                activity: lambda env, count=count: env._(
                    "Subsidies that are held back and wait for a decision: %s.", count
                )
                for activity, count in blocked
                if activity
            },
        }
