from odoo import fields, models


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    review_reason = fields.Selection(selection_add=[("risk", "Risk")])
