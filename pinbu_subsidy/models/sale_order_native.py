from odoo import models


class SaleOrder(models.Model):
    """An ordinary order that spends a wallet as Odoo does it is named to the wallet's ledger."""

    _inherit = "sale.order"

    # === ACTION METHODS === #

    def action_confirm(self):
        spending = self._pinbu_spending_natively()
        if not spending or len(self) == 1:
            return super(SaleOrder, self._pinbu_named(spending)).action_confirm()
        for order in self:
            order.action_confirm()
        return True

    # === BUSINESS METHODS === #

    def _action_cancel(self):
        spending = self._pinbu_spending_natively()
        for order in spending:
            super(SaleOrder, order._pinbu_named(order))._action_cancel()
        return super(SaleOrder, self - spending)._action_cancel() if self - spending else True

    def _pinbu_spending_natively(self):
        """:return: those of these that have an eWallet line of a wallet"""
        return self.filtered(
            lambda order: order.sudo().order_line.coupon_id.filtered("pinbu_is_wallet")
        )

    def _pinbu_named(self, spending):
        return self.with_context(pinbu_native_order_id=spending.id) if spending else self
