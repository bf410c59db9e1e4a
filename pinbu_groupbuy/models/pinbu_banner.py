from odoo import fields, models


class PinbuBanner(models.Model):
    """A picture at the top of the shop's first page, which leads somewhere."""

    _name = "pinbu.banner"
    _description = "Shop Banner"
    _inherit = ["pinbu.company.guard", "image.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="For the merchant.")
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    image_1920 = fields.Image(required=True)
    activity_id = fields.Many2one(
        "pinbu.activity",
        index="btree_not_null",
        check_company=True,
        ondelete="cascade",
        help="Where a tap leads. The banner is hidden while the activity is not on offer.",
    )
    path = fields.Char(help="A page of the mini-program, where a tap leads to no activity.")
    starts_at = fields.Datetime(string="Shown from", help="Empty: at once.")
    ends_at = fields.Datetime(string="Shown until", help="Empty: until it is archived.")

    _window = models.Constraint("CHECK(starts_at < ends_at)", "A banner must end after it starts.")
