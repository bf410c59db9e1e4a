"""How activities look in the API."""

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, html2plaintext

from ..api import render, scenes
from ..api.paging import search_page
from ..exceptions import PinbuError
from ..transactions import SQL_NOW


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    # === BUSINESS METHODS: FINDING === #

    @api.model
    def _api_domain(self):
        """What shoppers of the request's company may see."""
        return Domain("company_id", "=", self.env.company.id) & Domain("is_published", "=", True)

    @api.model
    def _api_find(self, activity_id):
        """:return: a published activity of this shop, with sudo
        :raise PinbuError: ``not_found``
        """
        activity = self.browse()
        if 0 < activity_id < 2**31:
            domain = self._api_domain() & Domain("id", "=", activity_id)
            activity = self.sudo().search(domain)
        if not activity:
            raise PinbuError("not_found", self.env._("This group-buy does not exist (any more)."))
        return activity

    def _api_joinable_domain(self):
        """Teams that a shopper can still join and that the promise would still hold for."""
        self.ensure_one()
        margin = self.env.cr.now() + relativedelta(minutes=self.hold_minutes)
        return Domain(
            [
                ("activity_id", "=", self.id),
                ("state", "=", "forming"),
                ("deadline", ">", margin),
            ]
        )

    def _api_teams(self, query):
        """Teams to join, nearest to full first.

        :param schemas.PageQuery query: the page
        :return: (teams with sudo, next cursor)
        """
        self.ensure_one()
        domain = self._api_joinable_domain()
        if self.state != "running":
            domain = Domain.FALSE
        return search_page(
            self.env["pinbu.team"].sudo(),
            domain,
            f"teams.{self.id}",
            [
                SQL("(pinbu_team.size - pinbu_team.seats_paid)"),
                SQL("EXTRACT(EPOCH FROM pinbu_team.deadline)"),
                SQL.identifier("pinbu_team", "id"),
            ],
            query,
            where=SQL("pinbu_team.seats_taken < pinbu_team.size"),
        )

    def _best_teams(self):
        """:return: ``{activity id: team}``, for each the joinable team that is nearest to full"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (team.activity_id) team.activity_id, team.id
                  FROM pinbu_team team
                  JOIN pinbu_activity activity ON activity.id = team.activity_id
                 WHERE team.activity_id = ANY(%s) AND team.state = 'forming'
                   AND team.deadline > %s + activity.hold_minutes * interval '1 minute'
                   AND team.seats_taken < team.size
              ORDER BY team.activity_id, team.size - team.seats_paid, team.deadline, team.id
                """,
                self.ids,
                SQL_NOW,
            )
        )
        teams = self.env["pinbu.team"].sudo().browse(row[1] for row in rows)
        return {team.activity_id.id: team for team in teams}

    def _viewer_states(self, partner):
        """What this shopper may do in each activity.

        :return: ``{activity id: {can_open, reason, used, remaining, unpaid_order_id,
                 team_token}}``; ``reason`` is an error code or None, ``remaining`` None without
                 a limit, ``team_token`` that of a team of theirs that still forms
        """
        used_of = self._times_used_by_activity(partner)
        seats = (
            self.env["pinbu.seat"]
            .sudo()
            .search(
                [
                    ("activity_id", "in", self.ids),
                    ("partner_id", "=", partner.id),
                    ("state", "in", ("held", "paid")),
                ]
            )
        )
        now = self.env.cr.now()
        unpaid, forming = {}, {}
        for seat in seats:
            if seat.state == "held" and seat.hold_until > now:
                unpaid.setdefault(seat.activity_id.id, seat.order_id.id or None)
            elif seat.state == "paid" and seat.team_id.state == "forming":
                forming.setdefault(seat.activity_id.id, seat.team_id.token)
        states = {}
        for activity in self.sudo():
            used = used_of.get(activity.id, 0)
            limit = activity.limit_per_user
            remaining = max(0, limit - used) if limit else None
            reason = activity._can_open() or ("limit_reached" if remaining == 0 else None)
            states[activity.id] = {
                "can_open": reason is None,
                "reason": reason,
                "used": used,
                "remaining": remaining,
                "unpaid_order_id": unpaid.get(activity.id),
                "team_token": forming.get(activity.id),
            }
        return states

    # === BUSINESS METHODS: RENDERING === #

    def _to_api(self, partner=None):
        """The contract's Activity, for each; the number of queries does not depend on how many.

        :param res.partner partner: who looks, or None
        :rtype: list[dict]
        """
        activities = self.sudo()
        best = activities._best_teams()
        viewers = activities._viewer_states(partner) if partner else {}
        images = activities._api_images()
        return [
            activity._to_api_one(partner, best.get(activity.id), viewers.get(activity.id), images)
            for activity in activities
        ]

    def _to_api_one(self, partner, best, viewer, images):
        running = self.state == "running"
        return {
            **self._to_api_card(images),
            "mode": self.mode,
            "state": self.state,
            "zone": self.zone or None,
            "category": self._to_api_category(),
            "product": self._to_api_product(images),
            "attributes": self._to_api_attributes(),
            "variants": [line._to_api_variant(images) for line in self.line_ids],
            "size": self.size,
            "tiers": [],
            "leader_price": None,
            "starts_at": render.to_iso(self.starts_at),
            "ends_at": render.to_iso(self.ends_at),
            "validity_hours": self.validity_hours or None,
            "limit_per_user": self.limit_per_user or None,
            "quota": self._api_quota(),
            "sold": self.sold,
            "can_open": self._can_open() is None,
            "can_join": running and bool(best),
            "subsidy": {"summary": self._subsidy_summary(), "items": self._to_api_subsidy_items()},
            "rules": self._to_api_rules(),
            "best_team": best and best._to_api_best(),
            "team_token": self.super_team_id.token or None,
            "teams_forming": self.teams_forming,
            "participants": self.participants,
            "delivery": self._to_api_delivery(),
            "share": self._to_api_share(partner, images),
            "viewer": viewer,
            "server_time": render.to_iso(self.env.cr.now()),
        }

    def _to_api_card(self, images):
        """What a team or a list shows of its activity."""
        return {
            "id": self.id,
            "name": self.name,
            "image_url": images.get(("pinbu.activity", self.id)),
            "currency": self.currency_id.name,
            "list_price": render.to_minor(self.list_price, self.currency_id),
            "group_price": render.to_minor(self.group_price, self.currency_id),
        }

    def _to_api_category(self):
        category = self.category_id
        return {"id": category.id, "name": category.name} if category else None

    def _to_api_product(self, images):
        template = self.product_tmpl_id
        image = images.get(("pinbu.activity", self.id))
        more = [images.get(("pinbu.activity.image", picture.id)) for picture in self.image_ids]
        return {
            "id": template.id,
            "name": template.name,
            "description": template.description_sale or "",
            "images": [url for url in (image, *more) if url],
            "rating": template._to_api_rating(),
        }

    def _to_api_attributes(self):
        values = self.line_ids.product_id.product_template_attribute_value_ids
        return [
            {
                "name": attribute.name,
                "values": [
                    {"id": value.id, "name": value.name, "image_url": None}
                    for value in values
                    if value.attribute_id == attribute
                ],
            }
            for attribute in values.attribute_id
        ]

    def _to_api_rules(self):
        text = html2plaintext(self.rules_text or "").strip()
        return [{"title": self.env._("Rules"), "text": text}] if text else []

    def _to_api_subsidy_items(self):
        """Hook: what a failed team gives, as the contract's ``subsidy.items``."""
        return []

    def _to_api_share(self, partner, images):
        scene = scenes.encode(self.env, "activity", self.id, partner)
        return {
            "path": f"pages/activity/index?scene={scene}",
            "title": self.name,
            "scene": scene,
            "image_url": images.get(("pinbu.activity", self.id)),
        }

    def _api_quota(self):
        quotas = self.line_ids.mapped("quota")
        return sum(quotas) if quotas and all(quotas) else None

    def _api_images(self):
        """Addresses of the pictures of these activities and their variants, where there are any.

        :return: ``{(model, id): url}``; variants are keyed by their activity line, more pictures
                 of an activity by theirs
        """
        lines = self.line_ids
        variants = lines.product_id
        pictures = self.image_ids
        found = (
            self.env["ir.attachment"]
            .sudo()
            .search_fetch(
                Domain("res_model", "=", "pinbu.activity")
                & Domain("res_field", "=", "image_128")
                & Domain("res_id", "in", self.ids)
                | Domain("res_model", "=", "pinbu.activity.image")
                & Domain("res_field", "=", "image_128")
                & Domain("res_id", "in", pictures.ids)
                | Domain("res_model", "=", "product.product")
                & Domain("res_field", "=", "image_variant_128")
                & Domain("res_id", "in", variants.ids),
                ["res_model", "res_id", "checksum"],
            )
        )
        marks = {(image.res_model, image.res_id): image.checksum[:12] for image in found}
        base = render.absolute(self.env, "/pinbu/api/v1/images/activities")
        urls = {}
        for activity in self:
            if mark := marks.get(("pinbu.activity", activity.id)):
                urls["pinbu.activity", activity.id] = f"{base}/{activity.id}?v={mark}"
        for picture in pictures:
            if mark := marks.get(("pinbu.activity.image", picture.id)):
                url = f"{base}/{picture.activity_id.id}/more/{picture.id}?v={mark}"
                urls["pinbu.activity.image", picture.id] = url
        for line in lines:
            if mark := marks.get(("product.product", line.product_id.id)):
                url = f"{base}/{line.activity_id.id}/{line.product_id.id}?v={mark}"
                urls["pinbu.activity.line", line.id] = url
        return urls


class PinbuActivityLine(models.Model):
    _inherit = "pinbu.activity.line"

    def _to_api_variant(self, images):
        own = images.get(("pinbu.activity.line", self.id))
        return {
            "product_id": self.product_id.id,
            "value_ids": self.product_id.product_template_attribute_value_ids.ids,
            "name": self.product_id.product_template_attribute_value_ids._get_combination_name()
            or self.product_id.name,
            "list_price": render.to_minor(self.list_price, self.currency_id),
            "group_price": render.to_minor(self.group_price, self.currency_id),
            "available": self.available,
            "max_quantity": self.activity_id.max_quantity,
            "image_url": own or images.get(("pinbu.activity", self.activity_id.id)),
        }
