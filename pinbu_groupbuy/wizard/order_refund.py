from odoo import api, fields, models


class PinbuOrderRefund(models.TransientModel):
    """Asks how much of a won order's money goes back, and why."""

    _name = "pinbu.order.refund"
    _description = "Refund a Group-buying Order"

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Shopper")
    currency_id = fields.Many2one(related="order_id.currency_id")
    kind = fields.Selection(
        [
            ("part", "A part: the order lives on"),
            ("whole", "All of it: the order is cancelled before shipment"),
        ],
        compute="_compute_kind",
        store=True,
        readonly=False,
        required=True,
    )
    amount = fields.Monetary(string="To Refund", help="Never more than is left of what was paid.")
    reason = fields.Text(required=True, help="Stays in the log of the order, with your name.")
    is_whole_possible = fields.Boolean(compute="_compute_money", compute_sudo=True)
    paid_amount = fields.Monetary(string="Paid", compute="_compute_money", compute_sudo=True)
    refunded_amount = fields.Monetary(
        string="Goes or Went Back", compute="_compute_money", compute_sudo=True
    )
    left_amount = fields.Monetary(string="Left", compute="_compute_money", compute_sudo=True)
    has_invoice = fields.Boolean(compute="_compute_money", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("order_id")
    def _compute_kind(self):
        for wizard in self:
            wizard.kind = "whole" if wizard.is_whole_possible else "part"

    @api.depends("order_id")
    def _compute_money(self):
        for wizard in self:
            order = wizard.order_id
            wizard.is_whole_possible = order._pinbu_may_be_taken_off()
            wizard.paid_amount = sum(order._pinbu_payments().mapped("amount"))
            wizard.left_amount = order._pinbu_left_to_refund()
            wizard.refunded_amount = wizard.paid_amount - wizard.left_amount
            wizard.has_invoice = "posted" in order.invoice_ids.mapped("state")

    # === ACTION METHODS === #

    def action_refund(self):
        self.ensure_one()
        if self.kind == "whole":
            self.order_id._pinbu_take_off(self.reason)
        else:
            self.order_id._pinbu_refund_part(self.amount, self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The money goes back by the way it came, within minutes."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
