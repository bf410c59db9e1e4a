"""The shop's first page in the API."""

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import models
from odoo.fields import Domain

from ..api import pictures, render, scenes


class ResCompany(models.Model):
    _inherit = "res.company"

    # === BUSINESS METHODS === #

    def _to_api_home(self):
        """The contract's answer of ``GET /home``.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "banners": self._api_banners()._to_api(),
            "categories": self._to_api_categories(),
            "zones": self._to_api_zones(),
        }

    def _api_banners(self):
        """:return: the banners to show now, with sudo"""
        now = self.env.cr.now()
        offers = self.env["pinbu.activity"]._api_on_offer_domain()
        return (
            self.env["pinbu.banner"]
            .sudo()
            .search(
                Domain("company_id", "=", self.id)
                & (Domain("starts_at", "=", False) | Domain("starts_at", "<=", now))
                & (Domain("ends_at", "=", False) | Domain("ends_at", ">", now))
                & (Domain("activity_id", "=", False) | Domain("activity_id", "any", offers))
            )
        )

    def _api_categories(self):
        """:return: the categories in which something is on offer, with sudo"""
        offers = self.env["pinbu.activity"]._api_on_offer_domain()
        return (
            self.env["pinbu.activity.category"]
            .sudo()
            .search(
                Domain("company_id", "in", [self.id, False]) & Domain("activity_ids", "any", offers)
            )
        )

    def _to_api_categories(self):
        categories = self._api_categories()
        images = pictures.urls(categories, "categories")
        return [
            {"id": category.id, "name": category.name, "image_url": images.get(category.id)}
            for category in categories
        ]

    def _to_api_zones(self):
        """Those that have something, today's deals with the end of the day, flash sales with the
        first end of what runs."""
        activities = self.env["pinbu.activity"].sudo()
        offers = activities.search_fetch(
            activities._api_on_offer_domain() & Domain("zone", "!=", False),
            ["zone", "starts_at", "ends_at"],
        )
        ends = {
            "today": self._pinbu_midnight(),
            "flash": min(
                offers.filtered(lambda a: a.zone == "flash" and a.state == "running").mapped(
                    "ends_at"
                ),
                default=None,
            ),
        }
        return [
            {"code": code, "title": title, "ends_at": render.to_iso(ends[code])}
            for code, title in activities._fields["zone"]._description_selection(self.env)
            if code in offers.mapped("zone")
        ]

    def _pinbu_midnight(self):
        """:return: the end of this company's day, naive UTC"""
        zone = ZoneInfo(self._pinbu_timezone())
        today = self.env.cr.now().replace(tzinfo=timezone.utc).astimezone(zone).date()
        # Of the wall clock: a day may have 23 hours.
        midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
        return midnight.astimezone(timezone.utc).replace(tzinfo=None)


class PinbuBanner(models.Model):
    _inherit = "pinbu.banner"

    def _to_api(self):
        """:rtype: list[dict]"""
        images = pictures.urls(self, "banners")
        return [
            {"image_url": images[banner.id], "path": banner._api_path()}
            for banner in self
            if banner.id in images
        ]

    def _api_path(self):
        """:return: the page of the mini-program that a tap leads to, empty for none"""
        if self.activity_id:
            scene = scenes.encode(self.env, "activity", self.activity_id.id)
            return f"pages/activity/index?scene={scene}"
        return self.path or ""
