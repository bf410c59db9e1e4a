from odoo import api, fields, models


class PinbuApiScope(models.Model):
    """What a key of the API may be allowed to read. Each add-on brings its own as data."""

    _name = "pinbu.api.scope"
    _description = "API Scope"
    _order = "code"
    _rec_names_search = ["code", "description"]

    code = fields.Char(required=True, readonly=True)
    description = fields.Char(required=True, readonly=True, translate=True)

    _code_unique = models.UniqueIndex("(code)")

    @api.depends("code", "description")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code}: {record.description}"
