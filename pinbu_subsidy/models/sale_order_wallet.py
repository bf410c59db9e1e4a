"""What of a group-buying order the shopper's wallet has paid."""

from odoo import fields, models

from odoo.addons.pinbu_groupbuy.const import ORDER_MONEY_READERS

from ..money import from_minor
from .payment_transaction_wallet import SPLIT


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_wallet_amount = fields.Monetary(
        string="From the Wallet",
        readonly=True,
        copy=False,
        groups=ORDER_MONEY_READERS,
        help="How much of this group-buying order the shopper's wallet paid.",
    )

    def _pinbu_split(self, use_wallet):
        """Have the wallet pay as much of this unpaid order as it can, or nothing of it.

        What it has paid before stays so as far as it is wanted. The caller has made sure that no
        payment comes in meanwhile.
        """
        self.ensure_one()
        legs = self._pinbu_legs()
        paid = self.currency_id.round(sum(leg.amount - leg.pinbu_refunded for leg in legs))
        wanted, card = 0.0, None
        if use_wallet:
            card = self.company_id._pinbu_wallets(self.partner_id).get(self.partner_id.id)
            balance = from_minor(card._pinbu_lock(), self.currency_id) if card else 0.0
            wanted = min(self.amount_total, self.currency_id.round(paid + balance))
        change = self.currency_id.round(wanted - paid)
        if change > 0:
            self.env["payment.transaction"]._pinbu_spend(self, change, card)
        elif change < 0:
            legs._pinbu_give_back(-change)
        self.pinbu_wallet_amount = wanted

    def _pinbu_refund_transactions(self):
        # What the order turned out not to need of the wallet is no refund of it.
        return (
            super()
            ._pinbu_refund_transactions()
            .filtered(lambda tx: not (tx.pinbu_refund_reason or "").startswith(SPLIT))
        )

    def _to_api_means(self):
        paid = super()._to_api_means()
        wallet = self._api_minor(self.pinbu_wallet_amount)
        return {**paid, "wallet_amount": wallet, "amount": paid["amount"] - wallet}
