"""Measures of who plays with whom: rings, one person under several names, farms."""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

# Functions, since PostgreSQL keeps the plan of what a function asks: to plan these joins takes ten
# times as long as to run them, and each checkout asks.
_FUNCTIONS = """
    CREATE OR REPLACE FUNCTION pinbu_risk_ring(
        this_team integer, this_partner integer, this_company integer, since timestamp)
    RETURNS bigint LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM pinbu_team WHERE id = this_team AND leader_id IS NOT NULL)
        THEN RETURN 0;
        END IF;
        RETURN (
            SELECT COALESCE(MAX(times) + 1, 0)
              FROM (SELECT count(DISTINCT mine.team_id) AS times
                      FROM pinbu_seat mine
                      JOIN pinbu_team team ON team.id = mine.team_id
                       AND team.leader_id IS NOT NULL AND team.id != this_team
                      JOIN pinbu_seat other ON other.team_id = team.id
                       AND other.partner_id != mine.partner_id
                       AND other.state IN ('paid', 'won', 'lost')
                      JOIN pinbu_seat here ON here.team_id = this_team
                       AND here.partner_id = other.partner_id
                       AND here.state IN ('held', 'paid')
                     WHERE mine.partner_id = this_partner AND mine.company_id = this_company
                       AND mine.state IN ('paid', 'won', 'lost') AND mine.paid_at >= since
                  GROUP BY other.partner_id) fellows);
    END $$;

    CREATE OR REPLACE FUNCTION pinbu_risk_failed_teams(
        newcomers integer[], this_partner integer, this_company integer, at timestamp,
        solitary integer)
    RETURNS bigint LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
    BEGIN
        RETURN (
            WITH played AS (
                SELECT seat.team_id, count(*) AS members,
                       bool_or(seat.partner_id = this_partner) AS is_mine
                  FROM pinbu_seat seat
                 WHERE seat.partner_id = ANY(newcomers) AND seat.company_id = this_company
                   AND seat.team_id IS NOT NULL AND seat.state IN ('paid', 'won', 'lost')
              GROUP BY seat.team_id
            ), outcome AS (
                SELECT played.*,
                       team.state IN ('formed', 'shipped') AS is_formed,
                       (team.state IN ('failed', 'settled')
                        OR team.state = 'forming' AND team.deadline <= at)
                       AND played.members = (
                           SELECT count(*) FROM pinbu_seat seat
                            WHERE seat.team_id = team.id
                              AND seat.state IN ('paid', 'won', 'lost')) AS is_failed
                  FROM played JOIN pinbu_team team ON team.id = played.team_id
            )
            SELECT CASE WHEN bool_or(is_failed AND is_mine)
                   THEN GREATEST(0, count(*) FILTER (WHERE is_failed AND members > 1)
                        + count(*) FILTER (WHERE is_failed AND members = 1) / solitary
                        - count(*) FILTER (WHERE is_formed))
                   ELSE 0 END
              FROM outcome);
    END $$;
"""
# No measure looks at more rows than that.
_AT_MOST = 1000
# So many failed teams of one single newcomer count as one: nobody joined them, which happens.
_SOLITARY = 5
_PERSON = ("phone", "delivery", "account")


class PinbuRiskRule(models.Model):
    _inherit = "pinbu.risk.rule"

    def init(self):
        super().init()
        self.env.cr.execute(_FUNCTIONS)

    @api.model
    def _sql_measure_ring(self, terms, facts):
        """In how many teams of the window the shopper sat with one and the same member of the team
        that they join now, this one included. The merchant's own teams, which everybody joins,
        do not count."""
        if not facts.team_id:
            return SQL("0")
        return SQL(
            "pinbu_risk_ring(%s, %s, %s, %s)",
            facts.team_id,
            facts.partner_id,
            facts.company_id,
            self._sql_since(terms, facts),
        )

    @api.model
    def _sql_measure_teammates(self, terms, facts):
        """How many members of the team that the shopper joins have the same phone, delivery
        address or account as they, as seen within the window; themselves included."""
        names = _PERSON if terms.subject == "person" else (terms.subject,)
        shared = [(name, getattr(facts, name)) for name in names if getattr(facts, name)]
        if not facts.team_id or not shared:
            return SQL("0")
        same = [
            SQL(
                "(SELECT partner_ref FROM pinbu_risk_event WHERE %s = %s AND kind = ANY(%s)"
                " AND create_date >= %s AND partner_ref IS NOT NULL LIMIT %s)",
                SQL.identifier(name),
                value,
                ["open", "join", "withdrawal"],
                self._sql_since(terms, facts),
                _AT_MOST,
            )
            for name, value in shared
        ]
        return SQL(
            """
            SELECT count(DISTINCT seat.partner_id) + 1
              FROM (%s) same
              JOIN pinbu_seat seat ON seat.partner_id = same.partner_ref
             WHERE seat.team_id = %s AND seat.state IN ('held', 'paid') AND seat.partner_id != %s
            """,
            SQL(" UNION ").join(same),
            facts.team_id,
            facts.partner_id,
        )

    @api.model
    def _sql_measure_failed_teams(self, terms, facts):
        """What a farm leaves behind: teams that failed, and whose members all logged in for the
        first time here within the window.

        The shopper sat in one of them; else it is nothing, so that who shares the address of a farm
        by chance is left alone. Teams of these newcomers that formed count against it: a crowd of
        friends behind one address fills teams as well.
        """
        return SQL(
            """
            CASE WHEN EXISTS (SELECT 1 FROM pinbu_seat WHERE partner_id = %s AND company_id = %s
                                 AND state IN ('paid', 'lost'))
            THEN pinbu_risk_failed_teams(
                ARRAY(SELECT DISTINCT partner_ref FROM (
                        SELECT partner_ref %s ORDER BY create_date DESC LIMIT %s) newest),
                %s, %s, %s, %s)
            ELSE 0 END
            """,
            facts.partner_id,
            facts.company_id,
            self._sql_events(terms, facts, ["registration"]),
            _AT_MOST,
            facts.partner_id,
            facts.company_id,
            SQL_NOW,
            _SOLITARY,
        )
