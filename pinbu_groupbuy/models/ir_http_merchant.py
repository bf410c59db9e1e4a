from odoo import models
from odoo.http import request

from ..exceptions import PinbuError


class IrHttp(models.AbstractModel):
    """Keys of the merchant's own systems: routes of ``auth="pinbu_merchant"``."""

    _inherit = "ir.http"

    @classmethod
    def _authenticate(cls, endpoint):
        super()._authenticate(endpoint)
        scope = endpoint.routing.get("pinbu_scope")
        if scope and request.httprequest.method != "OPTIONS":
            cls._pinbu_check_scope(scope)

    @classmethod
    def _auth_method_pinbu_merchant(cls):
        """Act as who made the key, in the key's company, or 401."""
        scheme, _space, text = request.httprequest.headers.get("Authorization", "").partition(" ")
        # Until the key is known: access rights cannot be worked out for no user at all.
        cls._auth_method_pinbu_anyone()
        env = request.env
        key = env["pinbu.api.key"]._check(text.strip() if scheme.lower() == "bearer" else "")
        if not key:
            raise PinbuError("unauthenticated", env._("This key is not valid (any more)."))
        cls._pinbu_set_user(key.create_uid.id)
        request.update_context(allowed_company_ids=key.company_id.ids, pinbu_api_key_id=key.id)

    @classmethod
    def _pinbu_check_scope(cls, scope):
        env = request.env
        key = env["pinbu.api.key"].sudo().browse(env.context["pinbu_api_key_id"])
        if scope not in key.scope_ids.mapped("code"):
            raise PinbuError("forbidden", env._("This key may not read this: %s", scope))
