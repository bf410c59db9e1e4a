from odoo import fields, models


class PinbuActivityCategory(models.Model):
    """A shelf of the shop, to group activities for shoppers and for the merchant."""

    _name = "pinbu.activity.category"
    _description = "Group-buying Category"
    _inherit = ["pinbu.company.guard", "image.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for all companies."
    )
    activity_ids = fields.One2many("pinbu.activity", "category_id", string="Activities")


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    category_id = fields.Many2one(
        "pinbu.activity.category",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        tracking=True,
    )
