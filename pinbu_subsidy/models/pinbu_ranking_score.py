import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from .res_company_ranking import EVER

_logger = logging.getLogger(__name__)

KINDS = [
    ("hottest", "Hottest Teams"),
    ("fastest", "Fastest Teams"),
    ("inviters", "Top Inviters"),
]
PERIODS = [("today", "Daily"), ("week", "Weekly"), ("all", "All Time")]
BATCH = 500
# Scores of periods that ended so many days ago are of no use any more: the winners are kept.
KEEP_DAYS = 60


class PinbuRankingScore(models.Model):
    """How a team or an inviter stands in one ranking of one period.

    One row each, kept by the scheduler, so that the first of a million are read from an index. Ties
    go to who got there first, then to the older team or shopper.

    * hottest: seats of the team that were paid in the period and are not given up or lost since
    * fastest: seconds from a team's opening until its members, and nobody else, had filled it
    * inviters: newcomers brought whose first paid team ended in the period, rings and those beyond
      a cap left out
    """

    _name = "pinbu.ranking.score"
    _description = "Ranking"
    _log_access = False
    _order = "starts_on desc, kind, period, sort_key, reached_at, subject_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(KINDS, string="Ranking", required=True, readonly=True)
    period = fields.Selection(PERIODS, required=True, readonly=True)
    starts_on = fields.Date(
        string="Period from", required=True, readonly=True, help="In the company's time zone."
    )
    subject_id = fields.Integer(
        required=True, readonly=True, help="Technical: the id of the team or of the inviter."
    )
    team_id = fields.Many2one(
        "pinbu.team", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Leader or Inviter",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: the merchant leads the team.",
    )
    value = fields.Integer(
        required=True, readonly=True, help="Paid seats, seconds, or friends brought."
    )
    sort_key = fields.Integer(
        required=True, readonly=True, help="Technical: the smaller, the further ahead."
    )
    reached_at = fields.Datetime(required=True, readonly=True)

    _once = models.Constraint(
        "UNIQUE(company_id, kind, period, starts_on, subject_id)",
        "One place in a ranking for each.",
    )
    _rank_idx = models.Index(
        "(company_id, kind, period, starts_on, sort_key, reached_at, subject_id)"
    )
    _mine_idx = models.Index(
        "(company_id, kind, period, starts_on, partner_id, sort_key) WHERE partner_id IS NOT NULL"
    )
    _old_idx = models.Index("(starts_on) WHERE period != 'all'")

    # === SCHEDULER === #

    @api.model
    def _cron_rankings(self):
        """Bring the rankings up to what was settled since, then close the periods that are over."""
        more = True
        while more:
            try:
                more = self.sudo()._refresh_next()
            except OperationalError:
                self.env.cr.rollback()
                _logger.info("The rankings met a rival: the next run goes on")
                return
            if not self.env["ir.cron"]._commit_progress(more):
                break
        self.env["pinbu.ranking.closing"].sudo()._close_all()

    @api.autovacuum
    def _gc_scores(self):
        before = fields.Date.today() - timedelta(days=KEEP_DAYS)
        self.env.cr.execute(
            SQL(
                "DELETE FROM pinbu_ranking_score WHERE id = ANY(ARRAY("
                "SELECT id FROM pinbu_ranking_score"
                " WHERE period != 'all' AND starts_on < %s LIMIT 100000))",
                before,
            )
        )

    # === BUSINESS METHODS: KEEPING === #

    @api.model
    def _enqueue(self, cr, teams=None, inviter_ids=()):
        """Note that these teams' or inviters' scores have changed; the scheduler counts them anew.

        :param cr: the cursor of whoever changed them
        """
        team_ids = teams.ids if teams else []
        if team_ids or inviter_ids:
            cr.execute(
                SQL(
                    "INSERT INTO pinbu_ranking_queue (team_id, inviter_id)"
                    " SELECT unnest(%s::int[]), NULL UNION ALL SELECT NULL, unnest(%s::int[])",
                    team_ids,
                    list(inviter_ids),
                )
            )

    def _refresh_next(self):
        """Count anew what was queued first, in the current transaction.

        :return: how many entries of the queue that were
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                # An array is read once; a subquery might be run, and lock, for each row anew.
                "DELETE FROM pinbu_ranking_queue WHERE id = ANY(ARRAY("
                "SELECT id FROM pinbu_ranking_queue ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
                ")) RETURNING team_id, inviter_id",
                BATCH,
            )
        )
        rows = self.env.cr.fetchall()
        team_ids = sorted({team_id for team_id, _inviter in rows if team_id})
        inviter_ids = sorted({inviter_id for _team, inviter_id in rows if inviter_id})
        if team_ids:
            self._store("hottest", team_ids, self._sql_hottest(team_ids))
            self._store("fastest", team_ids, self._sql_fastest(team_ids))
        if inviter_ids:
            self._store("inviters", inviter_ids, self._sql_inviters(inviter_ids))
        self.invalidate_model(flush=False)
        return len(rows)

    def _store(self, kind, subject_ids, scores):
        """Make the stored scores of these subjects what they are now.

        :param SQL scores: a query of ``company_id, period, starts_on, subject_id, team_id,
            partner_id, value, sort_key, reached_at``
        """
        self.env.cr.execute(
            SQL(
                """
                WITH fresh AS (%(scores)s), gone AS (
                    DELETE FROM pinbu_ranking_score score
                     WHERE kind = %(kind)s AND %(owner)s = ANY(%(subjects)s)
                       AND NOT EXISTS (
                           SELECT 1 FROM fresh
                            WHERE fresh.company_id = score.company_id
                              AND fresh.period = score.period
                              AND fresh.starts_on = score.starts_on
                              AND fresh.subject_id = score.subject_id)
                )
                INSERT INTO pinbu_ranking_score AS score
                       (kind, company_id, period, starts_on, subject_id, team_id, partner_id,
                        value, sort_key, reached_at)
                SELECT %(kind)s, fresh.* FROM fresh
                    ON CONFLICT (company_id, kind, period, starts_on, subject_id) DO UPDATE
                   SET value = EXCLUDED.value, sort_key = EXCLUDED.sort_key,
                       reached_at = EXCLUDED.reached_at, partner_id = EXCLUDED.partner_id
                 WHERE (score.value, score.reached_at, score.partner_id)
                       IS DISTINCT FROM (EXCLUDED.value, EXCLUDED.reached_at, EXCLUDED.partner_id)
                """,
                kind=kind,
                subjects=subject_ids,
                owner=SQL.identifier("partner_id" if kind == "inviters" else "team_id"),
                scores=scores,
            )
        )

    def _zones(self):
        """:return: ``{company id: name of its time zone}``"""
        companies = self.env["res.company"].sudo().search_fetch([], ["country_id", "partner_id"])
        return {company.id: company._pinbu_timezone() for company in companies}

    def _sql_periods(self, moment, company):
        """:return: a lateral table ``period (name, starts_on)`` of the periods of `moment`"""
        zones = SQL(", ").join(
            SQL("(%s, %s)", company_id, zone) for company_id, zone in self._zones().items()
        )
        return SQL(
            """
            LATERAL (
                SELECT (%s AT TIME ZONE 'UTC' AT TIME ZONE zone.name)::date AS day
                  FROM (VALUES %s) zone (company_id, name) WHERE zone.company_id = %s
            ) local, LATERAL (
                VALUES ('today', local.day), ('week', date_trunc('week', local.day)::date),
                       ('all', %s::date)
            ) period (name, starts_on)
            """,
            moment,
            zones,
            company,
            EVER,
        )

    def _sql_hottest(self, team_ids):
        return SQL(
            """
            SELECT team.company_id, period.name AS period, period.starts_on,
                   team.id AS subject_id, team.id AS team_id, team.leader_id AS partner_id,
                   count(*)::int AS value, -count(*)::int AS sort_key,
                   MAX(seat.paid_at) AS reached_at
              FROM pinbu_team team
              JOIN pinbu_seat seat ON seat.team_id = team.id AND seat.state IN ('paid', 'won')
                   AND seat.paid_at IS NOT NULL,
                   %s
             WHERE team.id = ANY(%s)
          GROUP BY team.id, period.name, period.starts_on
            """,
            self._sql_periods(SQL("seat.paid_at"), SQL("team.company_id")),
            team_ids,
        )

    def _sql_fastest(self, team_ids):
        return SQL(
            """
            SELECT team.company_id, period.name AS period, period.starts_on,
                   team.id AS subject_id, team.id AS team_id, team.leader_id AS partner_id,
                   spent.seconds AS value, spent.seconds AS sort_key,
                   team.finished_at AS reached_at
              FROM pinbu_team team,
                   LATERAL (
                       SELECT EXTRACT(EPOCH FROM team.finished_at - team.opened_at)::int AS seconds
                   ) spent,
                   %s
             WHERE team.id = ANY(%s) AND team.state IN ('formed', 'shipped')
               AND team.leader_id IS NOT NULL AND team.merchant_places = 0
               AND spent.seconds IS NOT NULL
            """,
            self._sql_periods(SQL("team.finished_at"), SQL("team.company_id")),
            team_ids,
        )

    def _sql_inviters(self, inviter_ids):
        return SQL(
            """
            SELECT invite.company_id, period.name AS period, period.starts_on,
                   invite.inviter_id AS subject_id, NULL::int AS team_id,
                   invite.inviter_id AS partner_id, count(*)::int AS value,
                   -count(*)::int AS sort_key, MAX(invite.decided_at) AS reached_at
              FROM pinbu_invite invite,
                   %s
             WHERE invite.inviter_id = ANY(%s) AND invite.state IN ('held', 'earned')
          GROUP BY invite.company_id, invite.inviter_id, period.name, period.starts_on
            """,
            self._sql_periods(SQL("invite.decided_at"), SQL("invite.company_id")),
            inviter_ids,
        )

    # === BUSINESS METHODS: READING === #

    @api.model
    def _top(self, company, kind, period, starts_on, limit):
        """:return: the first scores of a ranking, in order"""
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_ranking_score
                 WHERE company_id = %s AND kind = %s AND period = %s AND starts_on = %s
              ORDER BY sort_key, reached_at, subject_id LIMIT %s
                """,
                company.id,
                kind,
                period,
                starts_on,
                limit,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())


class PinbuRankingQueue(models.Model):
    """Teams and inviters whose scores the scheduler counts anew: written by many, read by one."""

    _name = "pinbu.ranking.queue"
    _description = "Rankings to Bring up to Date"
    _log_access = False

    team_id = fields.Many2one("pinbu.team", readonly=True, ondelete="cascade")
    inviter_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade")
