from odoo import models

from odoo.addons.pinbu_subsidy.money import to_minor


class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    def _pinbu_give_up(self):
        """The shopper leaves what is in these wallets behind: the subsidies come back."""
        for wallet in self.sorted("id"):
            wallet._pinbu_lock()
            wallet.invalidate_recordset(["points"], flush=False)
            amount_minor = to_minor(wallet.points, wallet.program_id.currency_id)
            last = wallet.env["pinbu.wallet.entry"].search([("card_id", "=", wallet.id)], limit=1)
            if amount_minor > 0:
                wallet._pinbu_post(
                    [
                        {
                            "card_id": wallet.id,
                            "kind": "take_back",
                            "amount_minor": -amount_minor,
                            "reference": self.env._("Account closed"),
                            "idempotency_key": f"give_up:{wallet.id}:{last.id}",
                        }
                    ]
                )
