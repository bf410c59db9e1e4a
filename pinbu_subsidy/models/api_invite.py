"""How invites look in the API."""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import render, scenes
from odoo.addons.pinbu_groupbuy.api.paging import search_page


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _came_by(self, scene):
        result = super()._came_by(scene)
        if scene:
            self.env["pinbu.invite"].sudo()._bind(self, scene)
        return result

    def _to_api_own_scene(self):
        """:return: the shopper's own share parameter, for no offer in particular
        :rtype: dict
        """
        self.ensure_one()
        scene = scenes.encode(self.env, "shopper", partner=self)
        return {"scene": scene, "path": f"pages/index/index?scene={scene}"}


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    @api.model
    def _api_scene(self, scene):
        channel = self.env["pinbu.scene"]._find(scene)
        if not channel:
            return super()._api_scene(scene)
        meaning = {"kind": "channel", "inviter": None}
        activity = channel.activity_id
        if activity.is_published:
            meaning["activity_id"] = activity.id
        return meaning


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _api_checkout(self, partner, body):
        order, created = super()._api_checkout(partner, body)
        if created and (channel := self.env["pinbu.scene"]._find(body.inviter)):
            order.sudo().pinbu_scene_id = channel
        return order, created


class PinbuInvite(models.Model):
    _inherit = "pinbu.invite"

    @api.model
    def _api_list(self, inviter, query):
        """The friends that this shopper has brought, newest first.

        :param schemas.PageQuery query: the page
        :return: the contract's answer of ``GET /me/invites``
        :rtype: dict
        """
        domain = [("inviter_id", "=", inviter.id), ("company_id", "=", self.env.company.id)]
        invites, next_cursor = search_page(
            self.sudo(),
            domain,
            "invites",
            [SQL("(-%s)", SQL.identifier("pinbu_invite", "id"))],
            query,
        )
        rewarded = [("state", "=", "earned"), ("subsidy_id.state", "!=", "void")]
        return {
            "items": invites._to_api(),
            "next_cursor": next_cursor,
            "total": self.sudo().search_count(domain),
            "rewarded": self.sudo().search_count(domain + rewarded),
        }

    def _to_api(self):
        """:return: the friends as their inviter may see them, in order
        :rtype: list[dict]
        """
        outcomes = self._outcomes()
        with_reward = self.filtered("subsidy_id")
        rewards = dict(zip(with_reward.ids, with_reward.subsidy_id._to_api(), strict=True))
        return [
            {
                "name": render.mask_name(invite.partner_id.name),
                "joined_at": render.to_iso(invite.joined_at),
                "outcome": outcomes[invite.id],
                "reward": rewards.get(invite.id),
            }
            for invite in self
        ]
