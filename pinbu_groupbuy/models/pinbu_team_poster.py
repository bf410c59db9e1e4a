"""A team's poster: product, prices, missing places, deadline, and a code that leads to it."""

import base64
import hashlib

from odoo import models
from odoo.tools import format_amount, format_datetime
from odoo.tools.lru import LRU

from .. import poster
from ..api import render, scenes
from ..exceptions import PinbuError

# The worker's newest posters, by what they show; each has half a megabyte.
_drawn = LRU(32)


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    def _api_share(self, partner):
        """:return: what a member or anybody else sends to friends, as a card or a poster
        :rtype: dict
        """
        self.ensure_one()
        share = self._to_api_share(partner, self.activity_id._api_images())
        path = f"/pinbu/api/v1/teams/{self.token}/poster.png?scene={share['scene']}"
        return {**share, "poster_url": render.absolute(self.env, path)}

    def _poster(self, scene=None):
        """:param str | None scene: who shares it; None: nobody in particular
        :return: (a mark of what the poster shows, a function that gives the PNG)
        :raise PinbuError: ``not_found``, for a scene that nobody shared
        """
        self.ensure_one()
        scene = self._poster_scene(scene)
        facts = self._poster_facts(self._share_link(scene))
        picture = self.activity_id._api_images().get(("pinbu.activity", self.activity_id.id))
        mark = hashlib.sha256(repr((facts, picture)).encode()).hexdigest()[:32]

        def png():
            if mark not in _drawn:
                data = base64.b64decode(self.activity_id.image_1024 or b"")
                _drawn[mark] = poster.draw(facts, data)
            return _drawn[mark]

        return mark, png

    def _poster_scene(self, scene):
        """:return: the scene of this team, shared by whoever shared `scene`: what a poster shows is
        what its code leads to"""
        if not scene:
            return scenes.encode(self.env, "team", self.token)
        decoded = scenes.decode(self.env, scene)
        if not decoded:
            raise PinbuError("not_found", self.env._("This code means nothing here (any more)."))
        sharer = self.env["res.partner"].browse(decoded.partner_id)
        return scenes.encode(self.env, "team", self.token, sharer)

    def _share_link(self, scene):
        """:return: the address that opens this page of the mini-program when WeChat scans it, once
        the merchant has registered it there, and elsewhere a page that says so"""
        return render.absolute(self.env, f"/pinbu/pages/team/index?scene={scene}")

    def _poster_facts(self, link):
        activity, company = self.activity_id, self.company_id
        outcome = self._effective_state()
        deadline = ""
        if outcome == "formed":
            badge = self.env._("The team is complete")
        elif outcome == "failed":
            badge = self.env._("This team is over")
        else:
            badge = self.env._(
                "Team of %(size)s, %(missing)s still missing", size=self.size, missing=self.missing
            )
            moment = format_datetime(
                self.env, self.deadline, tz=company._pinbu_timezone(), dt_format="MM-dd HH:mm"
            )
            deadline = self.env._("Until %s", moment)
        currency = activity.currency_id
        is_cheaper = currency.compare_amounts(activity.list_price, activity.group_price) > 0
        return poster.Facts(
            title=activity.name,
            price=format_amount(self.env, activity.group_price, currency),
            list_price=format_amount(self.env, activity.list_price, currency) if is_cheaper else "",
            badge=badge,
            deadline=deadline,
            caption=self.env._("Scan the code to join in"),
            shop=company.name,
            link=link,
        )
