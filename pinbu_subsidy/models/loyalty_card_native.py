"""Who may change a wallet natively: money that the shopper can have paid out."""

from odoo import models
from odoo.exceptions import AccessError

from ..money import to_minor
from .pinbu_withdrawal_trouble import REVIEWERS


class LoyaltyCard(models.Model):
    """Odoo lets every salesperson set the points of a card. Of a wallet, they can only take what an
    ordinary order spends, when they confirm it, and give it back when they cancel it."""

    _inherit = "loyalty.card"

    # === BUSINESS METHODS === #

    def _pinbu_native_key(self, change):
        """:param int change: of the balance, in minor units
        :return: how the key of its ledger row begins: rows of one order are found by it
        :rtype: str
        :raise AccessError: for whoever may not change this wallet
        """
        self.ensure_one()
        order = (
            self.env["sale.order"]
            .sudo()
            .browse(self.env.context.get("pinbu_native_order_id") or [])
            .exists()
        )
        key = f"native:{order.id}:" if order else "native:"
        if (
            self.env.su
            or any(self.env.user.has_group(group) for group in REVIEWERS)
            or (order and self._pinbu_is_spending(order, key, change))
        ):
            return key
        raise AccessError(
            self.env._("Only accountants and group-buying managers correct wallets by hand.")
        )

    def _pinbu_is_spending(self, order, key, change):
        """The order is named by the context, which callers make up: it is held against the ledger.

        :return: whether an order being confirmed takes, or a cancelled one gives back, so much
        """
        entries = self.sudo().pinbu_entry_ids.filtered_domain(
            [("idempotency_key", "=like", f"{key}%")]
        )
        spent = -sum(entries.mapped("amount_minor"))
        if change > 0:
            return order.state == "cancel" and change <= spent
        lines = order.order_line.filtered(lambda line: line.coupon_id == self.sudo())
        cost = to_minor(sum(lines.mapped("points_cost")), self.program_id.currency_id)
        return order.state in ("draft", "sent") and spent - change <= cost
