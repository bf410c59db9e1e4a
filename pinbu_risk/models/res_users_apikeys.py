from odoo import models

from ..audited import WATCHED


class ResUsersApikeys(models.Model):
    """Keys for calls over RPC are made by SQL, past `base`."""

    _inherit = "res.users.apikeys"

    # === BUSINESS METHODS === #

    def _generate(self, scope, name, expiration_date):
        key = super()._generate(scope, name, expiration_date)
        if watch := WATCHED.get(self._name):
            made = self.sudo().search([("user_id", "=", self.env.uid)], order="id desc", limit=1)
            after = watch.values_of(made, watch.of_new(made, ()))
            log = self.env["pinbu.audit.log"]
            log._append(log._prepare_changes("created", made, {}, after))
        return key
