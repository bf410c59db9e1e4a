from odoo import models
from odoo.exceptions import UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """An identity is sealed for its shopper, and there is one for each; cases stay apart."""
        if self.env["pinbu.identity"].sudo().search_count([("partner_id", "in", partner_ids)]):
            raise UserError(self.env._("Shoppers who have given their identity cannot be merged."))
        # What led to a case refers to its shopper by a plain number.
        if self.env["pinbu.risk.case"].sudo().search_count([("partner_id", "in", partner_ids)]):
            raise UserError(self.env._("Shoppers with a risk case cannot be merged."))
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        kept = self.env["res.partner"].browse(partner_ids).exists()[:1]
        self.env["pinbu.audit.words"]._merge(partner_ids, kept.id)
        return result
