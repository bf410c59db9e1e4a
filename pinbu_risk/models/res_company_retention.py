from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_risk_event_days = fields.Integer(
        string="Risk Events (days)",
        default=365,
        help="Older events are deleted. Rules look back at those that are left: 60 days at least.",
    )
    pinbu_case_days = fields.Integer(
        string="Risk Cases (days)",
        default=730,
        help="Decided cases and appeals, and blocks that are over, are deleted after so long. A case "
        "stays as long as the events that it decided about, whatever is set here.",
    )

    _pinbu_risk_retention_sane = models.Constraint(
        # The database refuses to delete events that are younger: see `PinbuRiskEvent.init`.
        "CHECK(pinbu_risk_event_days >= 60 AND pinbu_case_days > 0)",
        "Risk events are kept for 60 days at least, cases for one.",
    )
