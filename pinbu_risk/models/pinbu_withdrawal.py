from odoo import api, models

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
                    verdict = rules._admit(cr, facts)
            except RiskBlocked as error:
                rules._keep_refusal(error)
                raise
        except RulesDown as error:
            self.env["pinbu.risk.outage"]._note(company.id, error, refused=1)
            raise PinbuError(
                "busy", self.env._("Withdrawals are not possible just now. Please try again later.")
            ) from error
        return "risk" if verdict.action in ("review", "delay") else reason
