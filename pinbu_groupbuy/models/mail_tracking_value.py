from odoo import models

from ..private_phone import PrivatePhone


class MailTrackingValue(models.Model):
    _inherit = "mail.tracking.value"

    def _filter_has_field_access(self, env):
        """What a phone was before is as private as what it is."""
        found = super()._filter_has_field_access(env)
        return found if PrivatePhone.is_whole(env) else found._pinbu_without_phones()

    def _filter_free_field_access(self):
        return super()._filter_free_field_access()._pinbu_without_phones()

    def _pinbu_without_phones(self):
        def is_phone(tracking):
            fields = self.env[tracking.field_id.model]._fields if tracking.field_id else {}
            return isinstance(fields.get(tracking.field_id.name), PrivatePhone)

        return self.filtered(lambda tracking: not is_phone(tracking))
