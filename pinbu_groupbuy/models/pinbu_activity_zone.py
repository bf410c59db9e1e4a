from odoo import fields, models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    zone = fields.Selection(
        [("today", "Today's Deals"), ("flash", "Flash Sale")],
        tracking=True,
        help="A place of its own on the first page of the shop. Today's deals are shown with a "
        "countdown to midnight, a flash sale with one to its end.",
    )
