from odoo import models


class PinbuIdentity(models.Model):
    _inherit = "pinbu.identity"

    def _to_verified(self, note=None):
        verified = super()._to_verified(note)
        # Where something else holds, it waits on.
        self.env["pinbu.subsidy"].sudo().search(
            [
                ("partner_id", "in", verified.partner_id.ids),
                ("company_id", "in", verified.company_id.ids),
                ("state", "=", "blocked"),
                ("risk_action", "=", "identity"),
            ]
        )._judge_again()
        return verified
