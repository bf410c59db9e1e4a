from odoo import models

from odoo.addons.pinbu_subsidy.money import from_minor


class LoyaltyCard(models.Model):
    """What somebody corrects in a wallet goes into the audit log."""

    _inherit = "loyalty.card"

    # === BUSINESS METHODS === #

    def _pinbu_record_native(self, before):
        super()._pinbu_record_native(before)
        old = from_minor(before, self.program_id.currency_id)
        if self.points != old:
            self.env["pinbu.audit.log"]._write_by_hand(
                "by_hand", self, old={"points": old}, new={"points": self.points}
            )
