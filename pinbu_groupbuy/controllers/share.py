from typing import Literal

from odoo import http
from odoo.http import Response, request

from ..api import api_route, render, schemas, shapes

# A poster changes with each payment; who polls it costs one look.
FRESH_SECONDS = 5


class ShareBody(schemas.Body):
    channel: Literal["friend", "poster"] | None = None


class PosterQuery(schemas.Query):
    scene: schemas.Text | None = None


class ShareController(http.Controller):
    """What shoppers send to friends."""

    @api_route(
        "/teams/<string:token>/share", methods=["POST"], body=ShareBody, reply=shapes.SharedTeam
    )
    def share(self, token, body):
        """What to send to friends, as a card or as a poster

        Whoever comes by it is known to have been invited by the caller.
        """
        team = request.env["pinbu.team"]._api_find(token)
        return team._api_share(request.env.user.partner_id)

    @api_route(
        "/teams/<string:token>/poster.png",
        methods=["GET"],
        auth="pinbu_anyone",
        query=PosterQuery,
        reply="image/png",
    )
    def poster(self, token, query):
        """A picture with product, price, missing places and a code to scan

        The code leads to this team, and to whoever shared ``scene``.
        """
        mark, png = request.env["pinbu.team"]._api_find(token)._poster(query.scene)
        if request.httprequest.if_none_match.contains(mark):
            response = Response(status=304)
        else:
            response = Response(png(), content_type="image/png")
        response.set_etag(mark)
        # Its code names the host that the client used.
        who = "public" if render.is_own_host(request.env) else "private"
        response.headers["Cache-Control"] = f"{who}, max-age={FRESH_SECONDS}"
        response.headers["Vary"] = "Accept-Language"
        return response
