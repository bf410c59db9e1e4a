from odoo import models
from odoo.exceptions import UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge_loyalty_cards(self, src_partners, dst_partner):
        # Loyalty adds the wallets up and archives the emptied ones; the ledger shows both.
        merging = self.with_context(pinbu_partner_merge=True)
        return super(BasePartnerMergeAutomaticWizard, merging)._merge_loyalty_cards(
            src_partners, dst_partner
        )

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Where two shoppers were given something for the same reason, a merge would delete one of
        the rows that say so."""
        subsidies = self.env["pinbu.subsidy"].sudo()
        twice = subsidies._read_group(
            [("partner_id", "in", partner_ids), ("seat_id", "=", False)],
            ["company_id", "key"],
            having=[("__count", ">", 1)],
        )
        if twice:
            raise UserError(
                self.env._("Both shoppers have subsidies of their own: they cannot be merged.")
            )
        return super()._merge(partner_ids, dst_partner, extra_checks)
