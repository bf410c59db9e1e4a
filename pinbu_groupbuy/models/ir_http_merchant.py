from odoo import models
from odoo.http import request

from ..exceptions import PinbuError


class IrHttp(models.AbstractModel):
    """Keys of the merchant's own systems: routes of ``auth="pinbu_merchant"``."""

    _inherit = "ir.http"

    @classmethod
    def _authenticate(cls, endpoint):
        routing = endpoint.routing
        if routing["auth"] != "pinbu_merchant" or request.httprequest.method == "OPTIONS":
            return super()._authenticate(endpoint)
        return cls._pinbu_authenticate_key(routing["pinbu_scope"])

    @classmethod
    def _pinbu_authenticate_key(cls, scope):
        """Act as who made the key, in the key's company.

        :raise PinbuError: ``unauthenticated``, or ``forbidden`` when the key lacks the scope
        """
        scheme, _space, text = request.httprequest.headers.get("Authorization", "").partition(" ")
        # Until the key is known: access rights cannot be worked out for no user at all.
        cls._auth_method_pinbu_anyone()
        env = request.env
        key = env["pinbu.api.key"]._check(text.strip() if scheme.lower() == "bearer" else "")
        if not key:
            raise PinbuError("unauthenticated", env._("This key is not valid (any more)."))
        if scope not in key.scope_ids.mapped("code"):
            raise PinbuError("forbidden", env._("This key may not read this: %s", scope))
        cls._pinbu_set_user(key.create_uid.id)
        request.update_context(allowed_company_ids=key.company_id.ids)
