from odoo import api, fields, models


class PinbuShopper(models.Model):
    _inherit = "pinbu.shopper"

    balance = fields.Monetary(string="Wallet", compute="_compute_balance", compute_sudo=True)
    subsidised = fields.Monetary(
        string="Subsidies",
        compute="_compute_subsidised",
        compute_sudo=True,
        help="Cash that was granted, whatever for.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_balance(self):
        for company, shoppers in self.grouped("company_id").items():
            wallets = company._pinbu_wallets(shoppers.partner_id)
            for shopper in shoppers:
                wallet = wallets.get(shopper.partner_id.id)
                shopper.balance = wallet.points if wallet else 0

    @api.depends("partner_id")
    def _compute_subsidised(self):
        granted = {
            (company, partner): amount
            for company, partner, amount in self.env["pinbu.subsidy"]._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("state", "=", "granted"),
                    ("type", "=", "cash"),
                ],
                ["company_id", "partner_id"],
                ["amount:sum"],
            )
        }
        for shopper in self:
            shopper.subsidised = granted.get((shopper.company_id, shopper.partner_id), 0)

    # === ACTION METHODS === #

    def action_send_coupon(self):
        """Ask for the coupon to send to these shoppers, or to all with some tags."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send a coupon"),
            "res_model": "pinbu.shopper.coupon",
            "view_mode": "form",
            "target": "new",
            "context": {"default_shopper_ids": self.ids},
        }
