"""Measures of who comes for the money alone."""

from odoo import api, models
from odoo.tools import SQL

# No measure looks at more friends than that.
_AT_MOST = 1000


class PinbuRiskRule(models.Model):
    _inherit = "pinbu.risk.rule"

    @api.model
    def _sql_measure_first_subsidy(self, terms, facts):
        """1 while the shopper's first money of a subsidy is not older than the window, else 0."""
        return SQL(
            """
            SELECT count(*) FROM (
                SELECT MIN(granted_at) AS first FROM pinbu_subsidy
                 WHERE partner_id = %s AND company_id = %s AND type = 'cash' AND granted_at <= %s
            ) money WHERE money.first >= %s
            """,
            facts.partner_id,
            facts.company_id,
            facts.now,
            self._sql_since(terms, facts),
        )

    @api.model
    def _sql_measure_friends_lost(self, terms, facts):
        """How many friends whom the subject brought have lost a team within the window; none, once
        one of them has ever won."""
        return SQL(
            """
            SELECT CASE WHEN bool_or(friend.has_won) THEN 0
                        ELSE count(*) FILTER (WHERE friend.has_lost) END
              FROM (
                SELECT EXISTS (SELECT 1 FROM pinbu_seat
                                WHERE partner_id = invite.partner_id AND state = 'won'
                                  AND paid_at < %(now)s) AS has_won,
                       EXISTS (SELECT 1 FROM pinbu_seat
                                WHERE partner_id = invite.partner_id AND state = 'lost'
                                  AND paid_at >= %(since)s AND paid_at < %(now)s) AS has_lost
                  FROM pinbu_invite invite
                 WHERE invite.inviter_id = %(inviter)s AND invite.company_id = %(company)s
                 LIMIT %(at_most)s) friend
            """,
            inviter=self._subject_of(terms, facts),
            company=facts.company_id,
            since=self._sql_since(terms, facts),
            now=facts.now,
            at_most=_AT_MOST,
        )
