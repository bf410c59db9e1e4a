from odoo import fields, models


class PinbuSubscribeTemplate(models.Model):
    """A message that a shopper may ask for on the client's platform, by the platform's own id."""

    _name = "pinbu.subscribe.template"
    _description = "Subscription Message Template"
    _inherit = ["pinbu.company.guard"]
    _order = "kind, id"
    _rec_name = "kind"

    kind = fields.Selection(
        [
            ("team_formed", "Team formed"),
            ("team_failed", "Team failed"),
            ("order_refunded", "Order refunded"),
            ("order_shipped", "Order shipped"),
        ],
        required=True,
        help="When the message is sent.",
    )
    template = fields.Char(
        required=True, help="The template's id on the platform, which clients ask for."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    _kind_unique = models.Constraint(
        "UNIQUE(company_id, kind)", "A company has one template of a kind."
    )
