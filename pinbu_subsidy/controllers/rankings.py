from typing import Annotated, Literal

from pydantic import Field

from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import api_route, schemas
from odoo.addons.pinbu_groupbuy.api.viewer import viewer

from ..api import shapes


class RankingsQuery(schemas.Query):
    kind: Literal["hottest", "fastest", "inviters"] = "hottest"
    period: Literal["today", "week", "all"] = "today"
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class RankingsController(http.Controller):
    @api_route(
        "/rankings",
        methods=["GET"],
        auth="pinbu_public",
        query=RankingsQuery,
        reply=shapes.Ranking,
    )
    def rankings(self, query):
        """The hottest and the fastest teams, and who brought most friends."""
        return request.env["pinbu.ranking.score"]._api_ranking(
            query.kind, query.period, query.limit, viewer()
        )
