from odoo import models

from odoo.addons.pinbu_groupbuy.api.render import to_iso, to_minor


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _to_api_wallet(self, company):
        """What the shopper has in this company's wallet; reading it makes no wallet.

        Withdrawals do not exist yet: nothing is withdrawable.

        :return: the contract's Wallet
        :rtype: dict
        """
        self.ensure_one()
        wallet = company._pinbu_wallets(self).get(self.id)
        due = self.env["pinbu.subsidy"].sudo()
        pending = due._read_group(
            [
                ("partner_id", "=", self.id),
                ("company_id", "=", company.id),
                ("state", "=", "due"),
            ],
            [],
            ["amount_minor:sum"],
        )[0][0]
        return {
            "currency": company.currency_id.name,
            "balance": to_minor(wallet.points, company.currency_id) if wallet else 0,
            "withdrawable": 0,
            "pending": pending or 0,
            "today_left": 0,
            "min_withdrawal": 0,
            "max_withdrawal": 0,
            "identity_required_from": 0,
            "identity": {"state": "none"},
        }


class PinbuWalletEntry(models.Model):
    _inherit = "pinbu.wallet.entry"

    def _to_api(self):
        """:return: the contract's Entry objects, in order
        :rtype: list[dict]
        """
        return [
            {
                "id": entry.id,
                "kind": entry.kind,
                "amount": entry.amount_minor,
                "balance_after": entry.balance_after_minor,
                "reference": entry.reference or None,
                "created_at": to_iso(entry.create_date),
            }
            for entry in self
        ]
