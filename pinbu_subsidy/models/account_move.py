from odoo import api, fields, models

from .pinbu_wallet_booking import ACCOUNTANTS


class AccountMove(models.Model):
    _inherit = "account.move"

    pinbu_booking_ids = fields.One2many("pinbu.wallet.booking", "move_id", groups=ACCOUNTANTS)
    pinbu_entry_count = fields.Integer(
        compute="_compute_pinbu_entry_count", string="Wallet Ledger", groups=ACCOUNTANTS
    )

    # === COMPUTE METHODS === #

    @api.depends("pinbu_booking_ids")
    def _compute_pinbu_entry_count(self):
        counts = dict(
            self.env["pinbu.wallet.booking"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.pinbu_entry_count = counts.get(move._origin, 0)

    # === ACTION METHODS === #

    def action_pinbu_entries(self):
        """Show the wallets' ledger rows that this entry holds."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pinbu_subsidy.pinbu_wallet_entry_action"
        )
        return {**action, "domain": [("move_id", "in", self.ids)]}
