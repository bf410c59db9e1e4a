from odoo import models


class PinbuInvite(models.Model):
    _inherit = "pinbu.invite"

    def _outcome_changed(self, cr):
        result = super()._outcome_changed(cr)
        self.env["pinbu.ranking.score"]._enqueue(cr, inviter_ids=self.inviter_id.ids)
        return result
