from odoo import api, models
from odoo.tools import SQL

from ..api import live, shapes
from .pinbu_live import earliest


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    # === BUSINESS METHODS: PAGES === #

    @api.model
    def _live_page(self, activity_id, partner):
        """The activity's page for this shopper, or for nobody in particular.

        :rtype: live.Reading
        :raise PinbuError: ``not_found``
        """

        def build():
            activity = self._api_find(activity_id)
            parts, until = activity._live_parts()
            viewers = activity._viewer_states(partner) if partner else {}
            part, viewer = parts[activity.id], viewers.get(activity.id)
            return live.one(self.env, part, viewer, partner), until

        return self.env["pinbu.live"]._answer(("activity", activity_id), partner, build)

    @api.model
    def _live_list(self, query, partner):
        """A page of the catalogue.

        :param schemas.ActivitiesQuery query: filters, order and page
        :rtype: live.Reading
        """

        def build():
            activities, next_cursor = self._api_list(query)
            parts, until = activities._live_parts()
            viewers = activities._viewer_states(partner) if partner else {}
            answer = live.many(
                self.env,
                [parts[activity.id] for activity in activities],
                [viewers.get(activity.id) for activity in activities],
                partner,
                next_cursor,
            )
            return answer, earliest(until, self._list_until())

        return self.env["pinbu.live"]._answer(
            ("activities", query.model_dump_json()), partner, build
        )

    def _live_teams(self, query, partner):
        """A page of the activity's teams to join.

        :param schemas.PageQuery query: the page
        :rtype: live.Reading
        """
        self.ensure_one()

        def build():
            teams, next_cursor = self._api_teams(query)
            parts, until = teams._live_parts(SQL("team.id = ANY(%s)", teams.ids))
            viewers = teams._viewer_states(partner) if partner else {}
            answer = live.many(
                self.env,
                [parts[team.id] for team in teams],
                [viewers.get(team.id) for team in teams],
                partner,
                next_cursor,
            )
            # Too near their deadline, teams leave the list; the activity begins and ends.
            return answer, earliest(until, self._live_until())

        page = ("teams", self.id, query.model_dump_json())
        return self.env["pinbu.live"]._answer(page, partner, build)

    # === BUSINESS METHODS: VERSIONS === #

    def _live_parts(self):
        """:return: (``{activity id: live.Part}``, until when the clock leaves them alone)"""
        if not self:
            return {}, None
        self.env.flush_all()
        versions = dict(self.env.execute_query(self._sql_live_versions()))
        parts = self.env["pinbu.live"]._parts(
            shapes.Activity, versions, lambda ids: self.sudo().browse(ids)._to_api()
        )
        return parts, self._live_until()

    def _sql_live_versions(self):
        """:return: for each activity its id and its version

        Beside the rows themselves: on which side of its moments the clock is, what is sold and
        left, how many teams form, and the best of them.
        """
        return SQL(
            """
            SELECT activity.id,
                   concat_ws(' ', activity.ctid, activity.xmin, clock.now < activity.starts_at,
                             clock.now < activity.ends_at,
                             clock.now + activity.validity_hours * interval '1 hour'
                                 <= activity.ends_at,
                             line.marks, team.marks, best.marks, merchant.id, seat.marks,
                             opening.seats, owed.sum, %(catalogue)s)
              FROM pinbu_activity activity
        CROSS JOIN (SELECT now() AT TIME ZONE 'UTC' AS now) clock
         LEFT JOIN (%(owed)s) owed ON owed.id = activity.id
        CROSS JOIN LATERAL (
                   SELECT string_agg(concat_ws(',', line.ctid, line.xmin, %(stock_left)s), ' '
                                     ORDER BY line.id) AS marks
                     FROM pinbu_activity_line line WHERE line.activity_id = activity.id
                   ) line
        CROSS JOIN LATERAL (
                   SELECT concat_ws(',', count(*), count(*) FILTER (WHERE deadline > clock.now))
                          AS marks
                     FROM pinbu_team WHERE activity_id = activity.id AND state = 'forming'
                   ) team
         LEFT JOIN LATERAL (
                   SELECT concat_ws(',', ctid, xmin) AS marks FROM pinbu_team
                    WHERE activity_id = activity.id AND state = 'forming' AND seats_taken < size
                      AND deadline > clock.now + activity.hold_minutes * interval '1 minute'
                 ORDER BY size - seats_paid, deadline, id LIMIT 1
                   ) best ON TRUE
         LEFT JOIN LATERAL (
                   SELECT max(id) AS id FROM pinbu_team
                    WHERE activity_id = activity.id AND leader_id IS NULL
                   ) merchant ON TRUE
        CROSS JOIN LATERAL (
                   SELECT concat_ws(',', count(DISTINCT partner_id), sum(quantity)) AS marks
                     FROM pinbu_seat
                    WHERE activity_id = activity.id AND state IN ('paid', 'won')
                   ) seat
        CROSS JOIN LATERAL (
                   SELECT count(*) AS seats FROM pinbu_seat
                    WHERE activity_id = activity.id AND team_id IS NULL
                      AND state IN ('held', 'paid') AND (state = 'paid' OR hold_until > clock.now)
                   ) opening
             WHERE activity.id = ANY(%(ids)s)
            """,
            catalogue=self.env["pinbu.live"]._sql_catalogue(),
            owed=self._sql_places_owed(self.ids),
            stock_left=self.env["pinbu.activity.line"]._sql_stock_left(),
            ids=self.ids,
        )

    def _live_until(self):
        """:return: the next moment at which the clock alone may change what these show: one of
        their own, or the end of any hold or team, whose pieces they may share"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT min(moment) FROM (
                    SELECT unnest(ARRAY[starts_at, ends_at,
                                        ends_at - validity_hours * interval '1 hour']) AS moment
                      FROM pinbu_activity WHERE id = ANY(%(ids)s)
                 UNION ALL
                    SELECT team.deadline - activity.hold_minutes * interval '1 minute'
                      FROM pinbu_team team JOIN pinbu_activity activity
                        ON activity.id = team.activity_id
                     WHERE activity.id = ANY(%(ids)s) AND team.state = 'forming'
                 UNION ALL
                    (SELECT deadline FROM pinbu_team
                      WHERE state = 'forming' AND deadline > %(now)s ORDER BY deadline LIMIT 1)
                 UNION ALL
                    (SELECT hold_until FROM pinbu_seat
                      WHERE state = 'held' AND hold_until > %(now)s ORDER BY hold_until LIMIT 1)
                ) clock WHERE moment > %(now)s
                """,
                ids=self.ids,
                now=SQL("(now() AT TIME ZONE 'UTC')"),
            )
        )
        return rows[0][0]

    @api.model
    def _list_until(self):
        """:return: the next moment at which the clock may change which activities are listed: one
        begins or ends, or a day does (in some time zone: they all begin at a full minute)"""
        [(until,)] = self.env.execute_query(
            SQL(
                """
                SELECT LEAST(date_trunc('minute', %(now)s) + interval '1 minute',
                             min(starts_at) FILTER (WHERE starts_at > %(now)s),
                             min(ends_at) FILTER (WHERE ends_at > %(now)s))
                  FROM pinbu_activity WHERE is_published
                """,
                now=SQL("(now() AT TIME ZONE 'UTC')"),
            )
        )
        return until
