"""Loyalty points in the API."""

from odoo import models

from odoo.addons.pinbu_groupbuy.api.render import to_iso


def whole(points):
    """:return: `points` as an integer, unless the program counts parts of them"""
    return int(points) if points == int(points) else points


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _to_api_points(self, company):
        """What ``GET /me/points`` says before the entries; reading it makes no card.

        :rtype: dict
        """
        program = company._pinbu_points_program()
        points = program._pinbu_points_card(self).points
        return {
            "balance": whole(points),
            "unit": program.portal_point_name or "",
            "worth": program._pinbu_worth_minor(points) if program else 0,
            "currency": (program.currency_id or company.currency_id).name,
        }


class LoyaltyHistory(models.Model):
    _inherit = "loyalty.history"

    def _to_api(self):
        """:return: the entries of ``GET /me/points``, in order
        :rtype: list[dict]
        """
        return [
            {
                "id": line.id,
                "points": whole(line.issued - line.used),
                "text": line.description,
                "created_at": to_iso(line.create_date),
            }
            for line in self
        ]
