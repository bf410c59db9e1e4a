from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _promise_facts(self, cr, partner, team):
        facts = super()._promise_facts(cr, partner, team)
        shopper = partner.sudo()
        if not shopper.pinbu_has_returned:
            return facts
        usage = shopper._pinbu_with_promised_before(facts.usage, self.company_id)
        return facts._replace(is_newcomer=False, usage=usage)
