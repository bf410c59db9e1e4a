"""How teams look in the API. Polled every two seconds: few queries, however many members."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render, scenes
from ..api.paging import search_page
from ..exceptions import PinbuError

MEMBER_STATES = ("paid", "won", "lost")
MEMBERS_SHOWN = 20


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === BUSINESS METHODS: FINDING === #

    @api.model
    def _api_find(self, token):
        """:return: the team with this token, with sudo: who knows the token may look
        :raise PinbuError: ``not_found``
        """
        team = self.sudo().search([("token", "=", token), ("company_id", "=", self.env.company.id)])
        if not team:
            self._raise_unknown()
        return team

    def _raise_unknown(self):
        raise PinbuError("not_found", self.env._("This team does not exist."))

    @api.model
    def _api_scene(self, scene):
        """What a scanned code or a share card means.

        :return: the contract's answer of ``GET /scenes/{scene}``
        :raise PinbuError: ``not_found``
        """
        decoded = scenes.decode(self.env, scene)
        if not decoded:
            raise PinbuError("not_found", self.env._("This code means nothing here (any more)."))
        sharer = self.env["res.partner"]._api_sharer(scene)
        meaning = {
            "kind": decoded.kind,
            "inviter": sharer
            and {
                "name": render.mask_name(sharer.name),
                "avatar_url": sharer._to_api_avatar_url(),
            },
        }
        if decoded.kind == "team":
            team = self._api_find(decoded.ref)
            return {
                **meaning,
                "team_token": team.token,
                "activity_id": team.activity_id.id,
            }
        if decoded.kind == "shopper":
            # The contract's kind for what leads to the shop and to no offer in particular.
            return {**meaning, "kind": "channel"}
        activity_id = int(decoded.ref) if decoded.ref.isdecimal() else 0
        activity = self.env["pinbu.activity"]._api_find(activity_id)
        return {**meaning, "activity_id": activity.id}

    def _api_members(self, query):
        """:return: (seats of members with sudo, leader first, next cursor)"""
        self.ensure_one()
        return search_page(
            self.env["pinbu.seat"].sudo(),
            Domain("team_id", "=", self.id) & Domain("state", "in", MEMBER_STATES),
            f"members.{self.id}",
            [
                SQL("(CASE WHEN pinbu_seat.is_leader THEN 0 ELSE 1 END)"),
                SQL("EXTRACT(EPOCH FROM pinbu_seat.paid_at)"),
                SQL.identifier("pinbu_seat", "id"),
            ],
            query,
        )

    def _viewer_states(self, partner):
        """What this shopper is, and may do, in each team.

        :return: ``{team id: {is_member, is_leader, can_join, reason, order_id}}``; ``reason`` is
                 an error code or None
        """
        teams = self.sudo()
        now = self.env.cr.now()
        held = teams._seats_held_by_team()
        used = teams.activity_id._times_used_by_activity(partner)
        lapsed = set(self.env["pinbu.seat"]._had_lapsed_hold(self.env.cr, partner, teams.ids))
        mine_of = {}
        for seat in (
            self.env["pinbu.seat"]
            .sudo()
            .search([("team_id", "in", teams.ids), ("partner_id", "=", partner.id)])
        ):
            if seat.state in MEMBER_STATES or (seat.state == "held" and seat.hold_until > now):
                mine_of.setdefault(seat.team_id.id, seat)
        states = {}
        for team in teams:
            mine = mine_of.get(team.id, self.env["pinbu.seat"])
            member = mine.filtered(lambda seat: seat.state != "held")
            reason = team._refusal(
                member, mine, held.get(team.id, 0), used.get(team.activity_id.id, 0)
            )
            if not reason and not mine and team.id in lapsed:
                reason = "not_allowed_now"
            states[team.id] = {
                "is_member": bool(member),
                "is_leader": bool(member.is_leader),
                "can_join": reason is None,
                "reason": reason,
                "order_id": mine.sudo().order_id.id or None,
            }
        return states

    def _refusal(self, member, mine, held, used):
        """:return: the code that a joining would be refused with, or None"""
        activity = self.activity_id
        outcome = self._effective_state()
        if outcome == "failed":
            return "team_closed"
        if member:
            return "already_in_team"
        if outcome == "formed":
            return "team_full"
        if not mine and self.seats_paid + self.merchant_places + held >= self.size:
            return "team_full"
        if not mine and activity.limit_per_user and used >= activity.limit_per_user:
            return "limit_reached"
        return None

    def _seats_held_by_team(self):
        """:return: ``{team id: places held by shoppers at checkout now}``"""
        return {
            team.id: count
            for team, count in self.env["pinbu.seat"]
            .sudo()
            ._read_group(
                [
                    ("team_id", "in", self.ids),
                    ("state", "=", "held"),
                    ("hold_until", ">", self.env.cr.now()),
                ],
                ["team_id"],
                ["__count"],
            )
        }

    # === BUSINESS METHODS: RENDERING === #

    def _to_api(self, partner=None):
        """The contract's Team, for each; the number of queries does not depend on how many.

        :param res.partner partner: who looks, or None
        :rtype: list[dict]
        """
        teams = self.sudo()
        teams._hurry_closing()
        viewers = teams._viewer_states(partner) if partner else {}
        held = teams._seats_held_by_team()
        images = teams.activity_id._api_images()
        members, totals = teams._first_members()
        return [
            {
                "token": team.token,
                "activity": {
                    **team.activity_id._to_api_card(images),
                    "subsidy_summary": team.activity_id._subsidy_summary(),
                },
                "state": team._effective_state(),
                "size": team.size,
                "seats_paid": team.seats_paid,
                "seats_held": held.get(team.id, 0),
                "missing": team.missing,
                "deadline": render.to_iso(team.deadline),
                "opened_at": render.to_iso(team.opened_at),
                "finished_at": render.to_iso(team._api_finished_at()),
                "leader": team._to_api_leader(),
                "members": [
                    *members.get(team.id, self.env["pinbu.seat"])._to_api_members(),
                    *team._to_api_merchant_places(),
                ][:MEMBERS_SHOWN],
                "members_total": totals.get(team.id, 0) + team.merchant_places,
                "share": team._to_api_share(partner, images),
                "failure": team._api_failure(),
                "live": team._to_api_live(),
                "viewer": viewers.get(team.id),
                "server_time": render.to_iso(self.env.cr.now()),
            }
            for team in teams
        ]

    def _to_api_best(self):
        """The few facts that an activity shows of its best team."""
        return {
            "token": self.token,
            "seats_paid": self.seats_paid,
            "missing": self.missing,
            "deadline": render.to_iso(self.deadline),
        }

    def _to_api_leader(self):
        if not self.leader_id:
            return {"name": self.company_id.name, "avatar_url": None}
        return {
            "name": render.mask_name(self.leader_id.name),
            "avatar_url": self.leader_id._to_api_avatar_url(),
        }

    def _to_api_share(self, partner, images):
        scene = scenes.encode(self.env, "team", self.token, partner)
        return {
            "path": f"pages/team/index?scene={scene}",
            "title": self.activity_id.name,
            "scene": scene,
            "image_url": images.get(("pinbu.activity", self.activity_id.id)),
        }

    def _to_api_merchant_places(self):
        """The places that the merchant took to complete the team: never shown as people."""
        place = {
            "name": self.company_id.name,
            "avatar_url": None,
            "is_leader": False,
            "is_merchant": True,
            "joined_at": render.to_iso(self.finished_at),
        }
        return [place] * self.merchant_places

    def _api_finished_at(self):
        # Between its deadline and the scheduler's word, the deadline is when it ended.
        return self.finished_at or (self._effective_state() == "failed" and self.deadline)

    def _api_failure(self):
        if self._effective_state() != "failed":
            return None
        # Past its deadline and not yet settled: only the clock can have failed it.
        return self.failure or "deadline"

    def _first_members(self):
        """:return: (``{team id: its first members' seats}``, ``{team id: number of members}``)"""
        self.env["pinbu.seat"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT team_id, id, total FROM (
                    SELECT team_id, id, count(*) OVER (PARTITION BY team_id) AS total,
                           row_number() OVER (PARTITION BY team_id
                               ORDER BY is_leader DESC, paid_at, id) AS place
                      FROM pinbu_seat WHERE team_id = ANY(%s) AND state = ANY(%s)
                ) member WHERE place <= %s ORDER BY team_id, place
                """,
                self.ids,
                list(MEMBER_STATES),
                MEMBERS_SHOWN,
            )
        )
        # One recordset, so that names are read for all teams at once.
        seats = self.env["pinbu.seat"].sudo().browse(row[1] for row in rows)
        members, totals = {}, {}
        for seat, (team_id, _seat_id, total) in zip(seats, rows, strict=True):
            members[team_id] = members.get(team_id, seat.browse()) + seat
            totals[team_id] = total
        return {k: v.with_prefetch(seats._prefetch_ids) for k, v in members.items()}, totals


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _to_api_members(self):
        return [
            {
                "name": render.mask_name(seat.partner_id.name),
                "avatar_url": seat.partner_id._to_api_avatar_url(),
                "is_leader": bool(seat.is_leader),
                "is_merchant": False,
                "joined_at": render.to_iso(seat.paid_at),
            }
            for seat in self
        ]


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _times_used_by_activity(self, partner):
        """:return: ``{activity id: places the shopper has there, counted against the limit}``

        An unpaid one does not count: it is given up for the next one.
        """
        self.env["pinbu.seat"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT activity_id, count(*) FROM pinbu_seat
                     WHERE activity_id = ANY(%s) AND partner_id = %s AND state IN ('paid', 'won')
                  GROUP BY activity_id
                    """,
                    self.ids,
                    partner.id,
                )
            )
        )
