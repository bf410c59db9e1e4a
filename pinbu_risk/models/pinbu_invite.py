from odoo import api, models


class PinbuInvite(models.Model):
    _inherit = "pinbu.invite"

    @api.model
    def _bind(self, partner, scene):
        # Nobody is rewarded for bringing somebody who was here before.
        if not partner.sudo().pinbu_has_returned:
            super()._bind(partner, scene)
