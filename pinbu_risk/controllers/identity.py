from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import api_route

from ..api import schemas, shapes


class IdentityController(http.Controller):
    @api_route(
        "/me/identity",
        methods=["POST"],
        body=schemas.IdentityBody,
        reply=shapes.Identity,
        errors=("not_allowed_now",),
    )
    def give_identity(self, body):
        """Give the real name and the ID number, to be verified before money can be withdrawn."""
        identity = request.env["pinbu.identity"]._give(
            request.env.user.partner_id, request.env.company, body.real_name, body.id_number
        )
        return {"identity": identity._to_api()}
