from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request, route

from ..api import scenes
from ..exceptions import PinbuError


class SharePageController(http.Controller):
    @route("/pinbu/pages/team/index", type="http", auth="public", readonly=True, sitemap=False)
    def team_page(self, scene=""):
        """What the address on a poster shows in a browser: WeChat, once the merchant has registered
        it there, opens the mini-program instead."""
        routing = request.env["ir.http"]
        # As any passer-by of this host, whoever is logged in to Odoo in this browser.
        teams = (
            request.env["pinbu.team"]
            .with_user(routing._get_public_users()[0])
            .with_context(allowed_company_ids=routing._pinbu_company().ids)
        )
        decoded = scenes.decode(request.env, scene)
        if not decoded or decoded.kind != "team":
            raise NotFound
        try:
            team = teams._api_find(decoded.ref)
        except PinbuError:
            raise NotFound from None
        values = {
            "title": team.activity_id.name,
            "poster": f"/pinbu/api/v1/teams/{team.token}/poster.png?scene={scene}",
        }
        page = request.env["ir.qweb"]._render("pinbu_groupbuy.share_page", values)
        return request.make_response(
            f"<!DOCTYPE html>\n{page}", [("Content-Type", "text/html; charset=utf-8")]
        )
