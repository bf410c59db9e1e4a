from odoo import api, models
from odoo.tools import SQL

from ..api import live, shapes
from .api_team import MEMBERS_SHOWN
from .pinbu_live import earliest


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === BUSINESS METHODS === #

    @api.model
    def _live_page(self, token, partner):
        """The team's page for this shopper, or for nobody in particular.

        :rtype: live.Reading
        :raise PinbuError: ``not_found``
        """
        return self.env["pinbu.live"]._answer(
            ("team", token), partner, lambda: self._build_live_page(token, partner)
        )

    @api.model
    def _build_live_page(self, token, partner):
        """:return: (live.Answer, until when the clock leaves it alone)
        :raise PinbuError: ``not_found``
        """
        parts, until = self._live_parts(
            SQL("team.token = %s AND team.company_id = %s", token, self.env.company.id)
        )
        if not parts:
            self._raise_unknown()
        [(team_id, part)] = parts.items()
        viewers = self.browse(team_id)._viewer_states(partner) if partner else {}
        return live.one(self.env, part, viewers.get(team_id), partner), until

    @api.model
    def _live_parts(self, condition):
        """:param SQL condition: on ``team``
        :return: (``{team id: live.Part}``, until when the clock leaves them alone or None)
        """
        self.env.flush_all()
        rows = self.env.execute_query(self._sql_live_versions(condition))
        if any(is_over for _id, _version, _until, is_over in rows):
            self._hurry_scheduler()
        parts = self.env["pinbu.live"]._parts(
            shapes.Team,
            {team_id: version for team_id, version, _until, _is_over in rows},
            lambda ids: self.sudo().browse(ids)._to_api(),
        )
        return parts, earliest(*(until for _id, _version, until, _is_over in rows))

    @api.model
    def _sql_live_versions(self, condition):
        """:return: for each team its id, its version, until when the clock leaves it alone, and
        whether the scheduler should have decided it by now"""
        return SQL(
            """
            SELECT team.id,
                   concat_ws(' ', team.ctid, team.xmin, leader.ctid, leader.xmin,
                             team.deadline <= clock.now, held.seats, member.seats, shown.rows,
                             %(catalogue)s),
                   LEAST(CASE WHEN team.deadline > clock.now THEN team.deadline
                              -- Looked at each time, until the scheduler has decided it.
                              WHEN team.state = 'forming' THEN clock.now END,
                         held.until),
                   team.state = 'forming' AND team.deadline <= clock.now
              FROM pinbu_team team
        CROSS JOIN (SELECT now() AT TIME ZONE 'UTC' AS now) clock
         LEFT JOIN res_partner leader ON leader.id = team.leader_id
        CROSS JOIN LATERAL (
                   SELECT count(*) AS seats, min(hold_until) AS until FROM pinbu_seat
                    WHERE team_id = team.id AND state = 'held' AND hold_until > clock.now
                   ) held
        CROSS JOIN LATERAL (
                   SELECT count(*) AS seats FROM pinbu_seat
                    WHERE team_id = team.id AND state IN ('paid', 'won', 'lost')
                   ) member
        CROSS JOIN LATERAL (
                   SELECT string_agg(concat_ws(' ', seat.ctid, seat.xmin, partner.ctid,
                                               partner.xmin), ' ' ORDER BY seat.id) AS rows
                     FROM (SELECT ctid, xmin, id, partner_id FROM pinbu_seat
                            WHERE team_id = team.id AND state IN ('paid', 'won', 'lost')
                         ORDER BY is_leader DESC, paid_at, id LIMIT %(shown)s) seat
                     JOIN res_partner partner ON partner.id = seat.partner_id
                   ) shown
             WHERE %(condition)s
            """,
            catalogue=self.env["pinbu.live"]._sql_catalogue(),
            shown=MEMBERS_SHOWN,
            condition=condition,
        )
