from odoo import api, models
from odoo.fields import Domain

from ..private_phone import PrivatePhone, sql_without_secret


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "pinbu.private.phones"]

    phone = PrivatePhone()
    phone_sanitized = PrivatePhone()

    @api.model
    def _search_phone_mobile_search(self, operator, value):
        """It looks at the column itself."""
        domain = super()._search_phone_mobile_search(operator, value)
        if PrivatePhone.is_whole(self.env):
            return domain
        return Domain(domain) & Domain("id", "in", sql_without_secret(self.env))

    def _get_vcard_file(self):
        card = super()._get_vcard_file()
        if card and self._fields["phone"].is_masked(self):
            lines = card.splitlines(keepends=True)
            card = b"".join(line for line in lines if not line.startswith(b"TEL"))
        return card
