import time
from contextlib import contextmanager

from odoo import http
from odoo.http import request

from ..api import api_route, render, schemas, shapes, tokens
from ..exceptions import PinbuError

# In seconds; longer than finding out why not. The log-in limit bounds how often anybody waits.
REFUSAL_TAKES = 0.1


@contextmanager
def _evenly():
    """Let each refusal take as long as any other, so that its time does not tell the reason."""
    started = time.monotonic()
    try:
        yield
    except PinbuError:
        time.sleep(max(started + REFUSAL_TAKES - time.monotonic(), 0))
        raise


class SessionController(http.Controller):
    @api_route(
        "/session",
        methods=["POST"],
        auth="pinbu_anyone",
        body=schemas.SessionBody,
        reply=shapes.Session,
        errors=("login_failed", "consent_required", "risk_blocked", "provider_error"),
        idempotency=None,
        limit="login",
    )
    def log_in(self, body):
        """Log in with the code of ``wx.login``; the first time makes the shopper."""
        users = request.env["res.users"].with_context(
            pinbu_consent=body.consent_version, pinbu_device=body.device_id
        )
        with _evenly():
            user = users._log_in(body.code)
        user.partner_id._came_by(body.inviter)
        return self._to_api(user)

    @api_route(
        "/session/renew",
        methods=["POST"],
        reply=shapes.Session,
        errors=("consent_required",),
        idempotency=None,
        limit="login",
    )
    def renew(self):
        """A new token, before the old one ends."""
        request.env["pinbu.consent"]._give(request.env.user.partner_id, None)
        return self._to_api(request.env.user)

    @api_route("/session", methods=["DELETE"], idempotency=None, limit="login")
    def log_out(self):
        """Log out: the token is dead at once, on every worker."""
        claims = request.env["ir.http"]._pinbu_claims()
        request.env["pinbu.api.revocation"].sudo()._revoke(claims)

    def _to_api(self, user):
        token, claims = tokens.issue(request.env, user)
        return {
            "token": token,
            "expires_at": render.to_iso(claims.expires_at),
            "customer": user.partner_id._to_api_customer(),
        }
