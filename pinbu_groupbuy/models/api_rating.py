"""What shoppers think of products, where a module of Odoo collects it (``rating``)."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render
from ..api.paging import answer, search_page


class ProductTemplate(models.Model):
    _inherit = "product.template"

    pinbu_rating_average = fields.Float(
        string="Rating shown to Shoppers", compute="_compute_pinbu_rating"
    )
    pinbu_rating_count = fields.Integer(
        string="Reviews shown to Shoppers", compute="_compute_pinbu_rating"
    )

    # === COMPUTE METHODS === #

    def _compute_pinbu_rating(self):
        rated = {}
        if "rating.rating" in self.env:
            groups = (
                self.env["rating.rating"]
                .sudo()
                ._read_group(self._api_rating_domain(), ["res_id"], ["rating:avg", "__count"])
            )
            rated = {template_id: figures for template_id, *figures in groups}
        for template in self:
            average, count = rated.get(template.id, (0, 0))
            template.pinbu_rating_average = average
            template.pinbu_rating_count = count

    # === BUSINESS METHODS === #

    def _api_rating_domain(self):
        """What has been said in public of these products."""
        return (
            Domain("res_model", "=", "product.template")
            & Domain("res_id", "in", self.ids)
            & Domain("consumed", "=", True)
            & Domain("is_internal", "=", False)
            & Domain("rating", ">=", 1)
        )

    def _to_api_rating(self):
        """:return: ``{average, count}``, or None where nobody rated"""
        if not self.pinbu_rating_count:
            return None
        return {"average": round(self.pinbu_rating_average, 2), "count": self.pinbu_rating_count}

    def _api_reviews(self, query):
        """The reviews of this product, newest first.

        :param schemas.PageQuery query: the page
        :return: the body of the list
        """
        self.ensure_one()
        if "rating.rating" not in self.env:
            return answer([])
        ratings, next_cursor = search_page(
            self.env["rating.rating"].sudo(),
            self._api_rating_domain(),
            f"reviews.{self.id}",
            [SQL("(-rating_rating.id)")],
            query,
        )
        return answer([self._to_api_review(rating) for rating in ratings], next_cursor)

    def _to_api_review(self, rating):
        author = rating.partner_id
        return {
            "id": rating.id,
            "name": render.mask_name(author.name),
            "avatar_url": author._to_api_avatar_url(),
            "rating": rating.rating,
            "text": rating.feedback or "",
            "created_at": render.to_iso(rating.rated_on or rating.create_date),
        }
