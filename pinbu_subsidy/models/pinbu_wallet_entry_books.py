from odoo import api, fields, models

from .pinbu_wallet_booking import ACCOUNTANTS


class PinbuWalletEntry(models.Model):
    _inherit = "pinbu.wallet.entry"

    booking_ids = fields.One2many("pinbu.wallet.booking", "entry_id", groups=ACCOUNTANTS)
    move_id = fields.Many2one(
        "account.move",
        string="Journal Entry",
        compute="_compute_move_id",
        search="_search_move_id",
        groups=ACCOUNTANTS,
        help="Empty until the day is over, or the payment booked.",
    )

    # === COMPUTE METHODS === #

    @api.depends("booking_ids.move_id")
    def _compute_move_id(self):
        for entry in self:
            entry.move_id = entry.booking_ids.move_id

    def _search_move_id(self, operator, value):
        if operator == "in" and False in value:
            value = [move for move in value if move]
            return [
                "|",
                ("booking_ids", "=", False),
                ("booking_ids.move_id", "in", value),
            ]
        return [("booking_ids.move_id", operator, value)]
