from odoo import http
from odoo.http import request

from ..api import api_route, paging, schemas, shapes
from ..models.api_avatar import MAX_AVATAR


class MeController(http.Controller):
    @api_route("/me", methods=["GET"], reply=shapes.Me)
    def me(self):
        """The caller."""
        return {"customer": request.env.user.partner_id._to_api_customer()}

    # A mini-program's wx.request knows no PATCH.
    @api_route(
        "/me",
        methods=["PATCH", "POST"],
        body=schemas.MeBody,
        reply=shapes.Me,
        errors=("not_allowed_now", "provider_error"),
    )
    def change_me(self, body):
        """Change what the shop knows of the caller.

        ``phone_code`` is the one that ``getPhoneNumber`` gives.
        """
        partner = request.env.user.partner_id
        partner._api_update_customer(body)
        return {"customer": partner._to_api_customer()}

    @api_route("/me/avatar", methods=["POST"], body="image/*", max_file=MAX_AVATAR, reply=shapes.Me)
    def change_avatar(self, body):
        """Change the caller's picture: a JPEG, PNG or GIF of at most 1 MiB.

        As it is, or as the file of a form (``wx.uploadFile``).
        """
        partner = request.env.user.partner_id
        partner._api_set_avatar(body)
        return {"customer": partner._to_api_customer()}

    @api_route(
        "/me/teams",
        methods=["GET"],
        query=schemas.MyTeamsQuery,
        reply=shapes.Page[shapes.Order],
    )
    def my_teams(self, query):
        """The caller's orders that have a team, newest first."""
        partner = request.env.user.partner_id
        orders, next_cursor = request.env["sale.order"]._api_with_team(partner, query)
        return paging.answer(orders._to_api(), next_cursor)
