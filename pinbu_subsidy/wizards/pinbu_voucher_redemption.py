from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.pinbu_groupbuy.api import render


class PinbuVoucherRedemption(models.TransientModel):
    """The counter's screen: a code is scanned or typed, looked at, and redeemed; then the next.

    What it shows are copies: a clerk need not read the vouchers themselves.
    """

    _name = "pinbu.voucher.redemption"
    _description = "Redeem Voucher"

    code = fields.Char()
    outcome = fields.Selection(
        [("valid", "Can be redeemed"), ("redeemed", "Redeemed"), ("refused", "Refused")],
        readonly=True,
    )
    shown_code = fields.Char(string="Voucher", readonly=True)
    reason = fields.Char(readonly=True)
    shopper = fields.Char(readonly=True)
    product = fields.Char(readonly=True)
    pieces = fields.Integer(readonly=True)
    last_day = fields.Date(string="Valid until", readonly=True)

    # === COMPUTE METHODS === #

    def _compute_display_name(self):
        self.display_name = self.env._("Redeem Voucher")

    # === ACTION METHODS === #

    def action_scanned(self):
        """Enter was pressed, as scanners do: the first time it shows the voucher, and a second
        time, or the same code scanned again, redeems what is shown."""
        self.ensure_one()
        if self.outcome == "valid" and self.code == self.shown_code:
            self.action_redeem()
        else:
            self.action_check()

    def action_check(self):
        """Show what the code stands for; nothing is redeemed."""
        self.ensure_one()
        vouchers = self.env["pinbu.voucher"]
        try:
            voucher = vouchers._find(self.code)
        except UserError as error:
            self._show("refused", vouchers.sudo(), str(error))
            return
        reason = voucher._refusal()
        self._show("refused" if reason else "valid", voucher, reason)

    def action_redeem(self):
        """Redeem what the code stands for, and be ready for the next one."""
        self.ensure_one()
        try:
            voucher = self.env["pinbu.voucher"]._redeem(self.code)
        except UserError:
            # Nothing was written yet: say why, and what the code stands for.
            self.action_check()
            return
        self._show("redeemed", voucher)
        self.code = False

    # === BUSINESS METHODS === #

    def _show(self, outcome, voucher, reason=False):
        """:param pinbu.voucher voucher: what the code stands for; may be empty"""
        product = voucher.product_id.with_context(display_default_code=False)
        self.write(
            {
                "outcome": outcome,
                "reason": reason,
                # As it was entered: the same once more means yes.
                "shown_code": self.code,
                "shopper": bool(voucher) and render.mask_name(voucher.partner_id.name),
                "product": product.display_name,
                "pieces": voucher.quantity,
                "last_day": voucher.card_id.expiration_date,
            }
        )
