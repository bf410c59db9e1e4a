from odoo import api, models
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from ..facts import facts_of
from .pinbu_risk_rule_judge import RiskBlocked


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _check_may_participate(self, cr, partner, activity, team):
        super()._check_may_participate(cr, partner, activity, team)
        wish = (partner.id, activity.id, team.id)
        if request and getattr(request, "pinbu_admitted", None) == wish:
            # Odoo repeats a request whose place a rival request of the shopper has taken meanwhile:
            # it is one participation.
            return
        facts = facts_of(
            self.env,
            "join" if team else "open",
            activity.company_id,
            partner,
            delivery=self.env["res.partner"].browse(self.env.context.get("pinbu_delivery_id")),
            activity=activity,
            team=team,
        )
        self.env["pinbu.risk.rule"]._admit(cr, facts)

    @api.model
    def _give_up(self, cr, seat_ids, reason, source="held", delay=0):
        released = super()._give_up(cr, seat_ids, reason, source, delay)
        if released and source == "held":
            self.env["pinbu.risk.event"]._append_unpaid(cr, released)
        return released

    def _take_place_again(self, cr):
        # The payment goes back: nobody is there any more to whom the goods could be sent.
        cr.execute(
            SQL("SELECT 1 FROM pinbu_account_deletion WHERE partner_id = %s", self.partner_id.id)
        )
        if cr.fetchone():
            raise PinbuError("order_closed", self.env._("This account is closed."))
        return super()._take_place_again(cr)

    @api.model
    def _claim(self, partner, activity, line, quantity, team, *args, **kwargs):
        try:
            seat = super()._claim(partner, activity, line, quantity, team, *args, **kwargs)
        except RiskBlocked as error:
            self.env["pinbu.risk.rule"]._keep_refusal(error)
            raise
        if request:
            request.pinbu_admitted = (partner.id, activity.id, team.id)
        return seat
