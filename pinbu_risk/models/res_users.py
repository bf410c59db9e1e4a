from dataclasses import replace

from odoo import api, models

from ..facts import facts_of
from .pinbu_risk_rule_judge import RiskBlocked
from .res_partner_returned import LOGIN


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _get_or_create_shopper(self, login, values):
        try:
            return super()._get_or_create_shopper(login, values)
        except RiskBlocked as error:
            self.env["pinbu.risk.rule"]._keep_refusal(error)
            raise

    @api.model
    def _create_shopper(self, values):
        rules = self.env["pinbu.risk.rule"]
        facts = facts_of(self.env, "registration", self.env.company)
        verdict = rules._judge(self.env.cr, facts)
        rules._check(facts, verdict)
        user = super()._create_shopper(values)
        shopper = user.partner_id
        shopper._pinbu_note_returned(LOGIN, user.login)
        shopper._pinbu_note_device(facts)
        facts = replace(facts, partner_id=shopper.id, account_age_hours=0)
        rules._keep(self.env.cr, facts, verdict, "allowed")
        return user

    def _notify_security_setting_update(self, subject, content, mail_values=None, **kwargs):
        """No mail with their name is left behind because their log-in was deleted."""
        if self.env.context.get("pinbu_forgets"):
            return self.env["mail.mail"]
        return super()._notify_security_setting_update(
            subject, content, mail_values=mail_values, **kwargs
        )

    def _check_may_log_in(self):
        super()._check_may_log_in()
        shopper = self.partner_id
        facts = facts_of(self.env, "login", self.env.company, shopper)
        shopper._pinbu_note_device(facts)
        self.env["pinbu.risk.rule"]._admit(self.env.cr, facts)
