from odoo import fields, models


class PinbuApiScope(models.Model):
    """What a key of the API may be allowed to read. Each add-on brings its own as data."""

    _name = "pinbu.api.scope"
    _description = "API Scope"
    _order = "code"
    _rec_name = "code"

    code = fields.Char(required=True, readonly=True)
    description = fields.Char(required=True, readonly=True, translate=True)

    _code_unique = models.UniqueIndex("(code)")
