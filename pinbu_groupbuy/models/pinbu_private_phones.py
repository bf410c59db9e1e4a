from odoo import models
from odoo.exceptions import UserError

from ..private_phone import PrivatePhone


class PinbuPrivatePhones(models.AbstractModel):
    """What has a stored `PrivatePhone`."""

    _name = "pinbu.private.phones"
    _description = "Record with a Private Phone"

    def write(self, vals):
        for name, value in vals.items():
            if value and "****" in str(value) and isinstance(self._fields.get(name), PrivatePhone):
                # An export that is imported again, say.
                raise UserError(self.env._("This phone number is masked, and cannot be saved."))
        return super().write(vals)

    def copy_data(self, default=None):
        """Callable from outside like `read`, so it tells no more: a copy by whoever reads a number
        masked has none."""
        copies = super().copy_data(default)
        given = default or {}
        for record, vals in zip(self, copies, strict=True):
            for name in vals.keys() - given.keys():
                field = self._fields.get(name)
                if isinstance(field, PrivatePhone) and field.is_masked(record):
                    del vals[name]
        return copies

    def _fetch_query(self, query, fields):
        """Into the cache goes the whole number: the server works with it, whoever the user is."""
        phones = [field for field in fields if isinstance(field, PrivatePhone)]
        if not phones or PrivatePhone.is_whole(self.env):
            return super()._fetch_query(query, fields)
        self.sudo()._fetch_query(query, phones)
        return super()._fetch_query(query, [field for field in fields if field not in phones])
