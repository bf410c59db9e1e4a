from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas
from ..api.viewer import viewer


class TeamsController(http.Controller):
    @api_route("/teams/<string:token>", methods=["GET"], auth="pinbu_public")
    def team(self, token):
        team = request.env["pinbu.team"]._api_find(token)
        return Reply(team._to_api(viewer())[0], etag=True)

    @api_route(
        "/teams/<string:token>/members",
        methods=["GET"],
        auth="pinbu_public",
        query=schemas.PageQuery,
    )
    def members(self, token, query):
        seats, next_cursor = request.env["pinbu.team"]._api_find(token)._api_members(query)
        return paging.answer(seats._to_api_members(), next_cursor)
