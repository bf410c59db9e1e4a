from odoo import fields, models


class PinbuLicence(models.Model):
    """A business or food licence, which the law wants a shop to show."""

    _name = "pinbu.licence"
    _description = "Shop Licence"
    _inherit = ["pinbu.company.guard", "image.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, help="For the merchant, such as Business licence.")
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    image_1920 = fields.Image(required=True)
