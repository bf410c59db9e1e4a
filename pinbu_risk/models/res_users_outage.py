from odoo import api, models

from .pinbu_risk_outage import RulesDown


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _get_or_create_shopper(self, login, values):
        try:
            return super()._get_or_create_shopper(login, values)
        except RulesDown as error:
            self.env["pinbu.risk.outage"]._note(self.env.company.id, error, passed=1)
            unjudged = self.with_context(pinbu_rules_down=True)
            user = super(ResUsers, unjudged)._get_or_create_shopper(login, values)
            return user.with_context(pinbu_rules_down=False)
