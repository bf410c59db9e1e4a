from odoo import api, fields, models


class PinbuWebhookEvent(models.Model):
    """What a merchant's own system can be told of. Each add-on brings its own as data."""

    _name = "pinbu.webhook.event"
    _description = "Webhook Event"
    _order = "code"
    _rec_names_search = ["code", "description"]

    code = fields.Char(required=True, readonly=True)
    description = fields.Char(required=True, readonly=True, translate=True)
    model = fields.Char(
        required=True,
        readonly=True,
        help="Technical: its records have a company, and `_to_webhook` says what is sent of them.",
    )

    _code_unique = models.UniqueIndex("(code)")

    @api.depends("code", "description")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code}: {record.description}"
