from odoo import api, models

from .pinbu_risk_outage import RulesDown


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _claim(self, partner, activity, *args, **kwargs):
        try:
            return super()._claim(partner, activity, *args, **kwargs)
        except RulesDown as error:
            # The claim was rolled back. The shop stays open.
            self.env["pinbu.risk.outage"]._note(activity.company_id.id, error, passed=1)
            unjudged = self.with_context(pinbu_rules_down=True)
            seat = super(PinbuSeat, unjudged)._claim(partner, activity, *args, **kwargs)
            return seat.with_env(self.env)
