from odoo import api, models

# What Odoo's widget shows when it is not told.
_SHOWN = ("name", "address", "phone", "email")


class IrQwebFieldContact(models.AbstractModel):
    _inherit = "ir.qweb.field.contact"

    @api.model
    def value_to_html(self, value, options):
        """Papers tell a `PrivatePhone` to nobody who sees it masked on the screen, but where the
        option ``pinbu_whole_phone`` says that whoever carries the goods needs it.
        """
        shown = options.get("fields") or _SHOWN
        is_whole = options.get("pinbu_whole_phone")
        if value and "phone" in shown and not is_whole and value._fields["phone"].is_masked(value):
            options = {**options, "fields": [name for name in shown if name != "phone"]}
        return super().value_to_html(value, options)
