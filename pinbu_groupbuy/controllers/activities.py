from odoo import http
from odoo.http import request

from ..api import api_route, schemas, shapes
from ..api.viewer import viewer


class ActivitiesController(http.Controller):
    @api_route(
        "/activities",
        methods=["GET"],
        auth="pinbu_public",
        query=schemas.ActivitiesQuery,
        reply=shapes.Page[shapes.Activity],
    )
    def activities(self, query):
        """The activities that run or are about to."""
        return request.env["pinbu.activity"]._live_list(query, viewer())

    @api_route(
        "/activities/<int:activity_id>",
        methods=["GET"],
        auth="pinbu_public",
        reply=shapes.Activity,
    )
    def activity(self, activity_id):
        """An activity."""
        return request.env["pinbu.activity"]._live_page(activity_id, viewer())

    @api_route(
        "/activities/<int:activity_id>/teams",
        methods=["GET"],
        auth="pinbu_public",
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Team],
    )
    def activity_teams(self, activity_id, query):
        """Teams to join, nearest to full first.

        Not those too near their deadline for the promise to hold.
        """
        activity = request.env["pinbu.activity"]._api_find(activity_id)
        return activity._live_teams(query, viewer())

    @api_route(
        "/activities/<int:activity_id>/reviews",
        methods=["GET"],
        auth="pinbu_public",
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Review],
    )
    def reviews(self, activity_id, query):
        """What shoppers said of the product, newest first; empty where nobody collects it."""
        activity = request.env["pinbu.activity"]._api_find(activity_id)
        return activity.product_tmpl_id._api_reviews(query)
