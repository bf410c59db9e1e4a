from odoo import api, fields, models


class PinbuReturnAnswer(models.TransientModel):
    """Asks what a shopper is told about a return that is accepted or refused."""

    _name = "pinbu.return.answer"
    _description = "Answer a Return"

    return_id = fields.Many2one("pinbu.return", required=True, readonly=True)
    is_refusal = fields.Boolean(readonly=True)
    partner_id = fields.Many2one(related="return_id.partner_id", string="Shopper")
    quantity = fields.Integer(related="return_id.quantity")
    reason = fields.Char(related="return_id.reason")
    answer = fields.Char(
        compute="_compute_answer",
        store=True,
        readonly=False,
        help="What the shopper reads: where to send the goods, or why they are not taken back.",
    )
    with_fee = fields.Boolean(
        string="Refund Delivery",
        help="What the delivery cost goes back as well: for goods that were wrong or broken.",
        groups="pinbu_groupbuy.group_manager,account.group_account_invoice",
    )

    # === COMPUTE METHODS === #

    @api.depends("return_id", "is_refusal")
    def _compute_answer(self):
        """Where the last ones were to be sent, this one most likely is too."""
        for wizard in self:
            last = self.env["pinbu.return"].search(
                [
                    ("company_id", "=", wizard.return_id.company_id.id),
                    ("state", "in", ("accepted", "received", "refunded")),
                    ("answer", "!=", False),
                ],
                limit=1,
            )
            wizard.answer = False if wizard.is_refusal else last.answer

    # === ACTION METHODS === #

    def action_confirm(self):
        self.ensure_one()
        request = self.return_id._check_may_answer()
        wizard = self.sudo()
        if wizard.is_refusal:
            request._refuse(wizard.answer or "")
            return {"type": "ir.actions.act_window_close"}
        if wizard.with_fee:
            self.return_id._check_may_refund()
        request._accept(wizard.answer or "", with_fee=wizard.with_fee)
        return {"type": "ir.actions.act_window_close"}
