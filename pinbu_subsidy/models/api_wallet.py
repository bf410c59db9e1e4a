from odoo import models

from odoo.addons.pinbu_groupbuy.api.render import to_iso, to_minor


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _to_api_wallet(self, company):
        """What the shopper has in this company's wallet; reading it makes no wallet.

        :return: the contract's Wallet; amounts are minor units, ``pending`` is what is due and
            not in the wallet yet, ``today_left`` what the day's limits still allow
        :rtype: dict
        """
        self.ensure_one()
        currency = company.currency_id
        settings = company.sudo()
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
            "currency": currency.name,
            "balance": to_minor(wallet.points, currency) if wallet else 0,
            "withdrawable": company._pinbu_withdrawable(self),
            "pending": pending or 0,
            "today_left": company._pinbu_withdrawals_left(self),
            "min_withdrawal": to_minor(settings.pinbu_withdrawal_min, currency),
            "max_withdrawal": to_minor(settings.pinbu_withdrawal_max, currency),
            "identity_required_from": to_minor(settings.pinbu_identity_required_from, currency),
            "identity": {"state": company._identity_state(self)},
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
