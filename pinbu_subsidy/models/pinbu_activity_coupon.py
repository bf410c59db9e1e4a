from odoo import fields, models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    accepts_coupons = fields.Boolean(
        string="Coupons Accepted",
        default=True,
        help="Whether shoppers can pay a part with their coupons and points. Tickets for a team "
        "are accepted in any case, unless their program names other group-buys.",
    )
