from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from ..api import api_route

# The address carries a mark of the picture's content.
ONE_YEAR = 365 * 24 * 3600


class ImagesController(http.Controller):
    """Odoo serves product pictures to staff only; these are what published activities show."""

    @api_route(
        "/images/activities/<int:activity_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def activity_image(self, activity_id):
        """The picture of an activity."""
        activity = request.env["pinbu.activity"]._api_find(activity_id)
        return self._serve(activity, "image_1024")

    @api_route(
        "/images/activities/<int:activity_id>/<int:product_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def variant_image(self, activity_id, product_id):
        """The picture of a variant."""
        activity = request.env["pinbu.activity"]._api_find(activity_id)
        product = activity.line_ids.product_id.filtered(lambda p: p.id == product_id)
        return self._serve(product, "image_1024")

    @api_route(
        "/images/activities/<int:activity_id>/more/<int:image_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def more_image(self, activity_id, image_id):
        """One of the further pictures of an activity."""
        activity = request.env["pinbu.activity"]._api_find(activity_id)
        picture = activity.image_ids.filtered(lambda image: image.id == image_id)
        return self._serve(picture, "image_1024")

    @api_route(
        "/images/avatars/<string:mark>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def avatar(self, mark):
        """A shopper's picture."""
        return self._serve(request.env["res.partner"]._api_find_avatar(mark), "image_512")

    @api_route(
        "/images/licences/<int:licence_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def licence(self, licence_id):
        """A licence of the shop."""
        licences = request.env.company.sudo().pinbu_licence_ids
        return self._serve(licences.filtered(lambda one: one.id == licence_id), "image_1024")

    @api_route(
        "/images/banners/<int:banner_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def banner(self, banner_id):
        """A picture at the top of the first page."""
        banners = request.env.company._api_banners()
        return self._serve(banners.filtered(lambda one: one.id == banner_id), "image_1920")

    @api_route(
        "/images/categories/<int:category_id>",
        methods=["GET"],
        auth="pinbu_anyone",
        reply="image/*",
    )
    def category(self, category_id):
        """The picture of a category."""
        categories = request.env.company._api_categories()
        return self._serve(categories.filtered(lambda one: one.id == category_id), "image_512")

    def _serve(self, record, field):
        if not record or not record[field]:
            raise NotFound
        stream = request.env["ir.binary"].sudo()._get_image_stream_from(record, field)
        response = stream.get_response(max_age=ONE_YEAR, immutable=True)
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
        return response
