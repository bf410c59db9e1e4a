from odoo import fields, models


class PinbuActivityImage(models.Model):
    """One more picture of an activity, beside its main one."""

    _name = "pinbu.activity.image"
    _description = "Group-buying Activity Picture"
    _inherit = ["image.mixin"]
    _order = "activity_id, sequence, id"

    activity_id = fields.Many2one(
        "pinbu.activity", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="activity_id.company_id", store=True, precompute=True)
    name = fields.Char(help="Says what the picture shows, for the merchant.")
    sequence = fields.Integer(default=10)
    image_1920 = fields.Image(required=True)


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    image_ids = fields.One2many(
        "pinbu.activity.image", "activity_id", string="More Pictures", copy=True
    )
