from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge_loyalty_cards(self, src_partners, dst_partner):
        # Loyalty adds the wallets up and archives the emptied ones; the ledger shows both.
        merging = self.with_context(pinbu_partner_merge=True)
        return super(BasePartnerMergeAutomaticWizard, merging)._merge_loyalty_cards(
            src_partners, dst_partner
        )
