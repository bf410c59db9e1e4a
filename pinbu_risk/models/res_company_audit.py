from odoo import models


class ResCompany(models.Model):
    """The balance for payouts that somebody says goes into the audit log."""

    _inherit = "res.company"

    # === BUSINESS METHODS === #

    def _pinbu_set_payout_balance(self, balance_minor):
        old = self.pinbu_payout_balance
        super()._pinbu_set_payout_balance(balance_minor)
        self.env["pinbu.audit.log"]._write_by_hand(
            "by_hand",
            self,
            old={"pinbu_payout_balance": old},
            new={"pinbu_payout_balance": self.pinbu_payout_balance},
        )
