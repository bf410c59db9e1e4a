from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas, shapes
from ..api.viewer import viewer


class TeamsController(http.Controller):
    @api_route("/teams/<string:token>", methods=["GET"], auth="pinbu_public", reply=shapes.Team)
    def team(self, token):
        """A team; cheap enough to poll every 2 s."""
        return request.env["pinbu.team"]._live_page(token, viewer())

    @api_route(
        "/teams/<string:token>/members",
        methods=["GET"],
        auth="pinbu_public",
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Member],
    )
    def members(self, token, query):
        """All members of a team, the leader first."""
        team = request.env["pinbu.team"]._api_find(token)
        seats, next_cursor = team._api_members(query)
        # The merchant's own places come after the last member.
        places = [] if next_cursor else team._to_api_merchant_places()
        answer = paging.answer([*seats._to_api_members(), *places], next_cursor)
        return Reply(answer, etag=True)
