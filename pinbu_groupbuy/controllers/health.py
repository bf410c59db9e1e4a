from odoo import http
from odoo.http import request

from ..api import api_route, shapes


class HealthController(http.Controller):
    @api_route("/health", methods=["GET"], auth="pinbu_anyone", reply=shapes.Health, readonly=False)
    def health(self):
        """Whether the shop works, for monitoring."""
        # Whoever monitors reads the database's state from the answer's coming at all.
        return {
            "status": "ok",
            "database": "ok",
            "oldest_due_settlement_seconds": request.env["pinbu.settlement"]
            .sudo()
            ._oldest_due_seconds(),
        }
