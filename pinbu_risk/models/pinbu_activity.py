from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _promise_facts(self, cr, partner, team):
        facts = super()._promise_facts(cr, partner, team)
        if facts.is_newcomer and partner.sudo().pinbu_has_returned:
            facts = facts._replace(is_newcomer=False)
        return facts
