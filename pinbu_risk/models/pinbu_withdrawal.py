from odoo import api, models
from odoo.http import request

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import short_transaction

from ..facts import facts_of
from .pinbu_risk_outage import RulesDown
from .pinbu_risk_rule_judge import RiskBlocked


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    @api.model
    def _check_may_withdraw(self, partner, company, amount_minor):
        reason = super()._check_may_withdraw(partner, company, amount_minor)
        wish = (partner.id, company.id, amount_minor)
        asked, action = getattr(request, "pinbu_judged", (None, None)) if request else (None, None)
        if asked != wish:
            action = self._judge(partner, company, amount_minor)
            if request:
                # Odoo repeats a request whose wallet a rival has touched meanwhile: it is one
                # withdrawal, which is judged and written down already.
                request.pinbu_judged = (wish, action)
        return "risk" if action in ("review", "delay") else reason

    @api.model
    def _judge(self, partner, company, amount_minor):
        """:return: what the strictest of the rules wants, or None
        :raise PinbuError: to refuse, or when the rules cannot be asked
        """
        facts = facts_of(
            self.env,
            "withdrawal",
            company,
            partner,
            account=self._receiving_account(partner),
            amount_minor=amount_minor,
        )
        rules = self.env["pinbu.risk.rule"]
        try:
            try:
                # Of its own: what rivals have written is seen and waited for, and two shoppers with
                # one account are judged one after the other.
                with short_transaction(self.env) as cr:
                    return rules._admit(cr, facts).action
            except RiskBlocked as error:
                rules._keep_refusal(error)
                raise
        except RulesDown as error:
            self.env["pinbu.risk.outage"]._note(company.id, error, refused=1)
            raise PinbuError(
                "busy", self.env._("Withdrawals are not possible just now. Please try again later.")
            ) from error
