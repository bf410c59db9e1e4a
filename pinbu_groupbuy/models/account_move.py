from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    pinbu_invoice_title = fields.Char(
        string="Invoice Title",
        help="Whom the tax invoice is made out to, where that is not the customer's name.",
    )
    pinbu_tax_number = fields.Char(
        string="Tax Number",
        help="Of who asks for the tax invoice; none for persons.",
    )
