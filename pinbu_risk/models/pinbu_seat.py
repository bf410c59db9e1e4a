from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import short_transaction


class RiskBlocked(PinbuError):
    """A refusal by a risk rule. The event travels with it and never reaches the client."""

    def __init__(self, message, event):
        super().__init__("risk_blocked", message)
        self.event = event


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _check_may_participate(self, cr, partner, activity, team):
        super()._check_may_participate(cr, partner, activity, team)
        company = activity.company_id
        events = self.env["pinbu.risk.event"]
        rule = self.env["pinbu.risk.rule"]._strictest("participation_per_day", company)
        event = {
            "kind": "participation",
            "company_id": company.id,
            "partner_ref": partner.id,
            "activity_ref": activity.id,
            "team_ref": team.id or None,
            "rule_ref": rule.id or None,
        }
        # The shopper is locked until the claim commits: nobody counts at the same time.
        if rule and events._count_today(cr, company, partner, "participation") >= rule.threshold:
            raise RiskBlocked(
                self.env._("This is not possible at the moment. Please try again another time."),
                {**event, "outcome": "refused"},
            )
        events._append(cr, **event, outcome="allowed")

    def _take_place_again(self, cr):
        # The payment goes back: nobody is there any more to whom the goods could be sent.
        cr.execute(
            SQL("SELECT 1 FROM pinbu_account_deletion WHERE partner_id = %s", self.partner_id.id)
        )
        if cr.fetchone():
            raise PinbuError("order_closed", self.env._("This account is closed."))
        return super()._take_place_again(cr)

    @api.model
    def _claim(self, *args, **kwargs):
        try:
            return super()._claim(*args, **kwargs)
        except RiskBlocked as error:
            # The claim was rolled back, this stays.
            with short_transaction(self.env) as cr:
                self.env["pinbu.risk.event"]._append(cr, **error.event)
            raise
