"""The circuit breaker: where too many teams fail, or subsidies eat the sales, cash is promised no
more until somebody has looked. What was promised stands."""

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

# So many of an activity's last teams are looked at, once there are so many.
TEAMS = 50
TEAMS_AT_LEAST = 10


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    fallback_program_id = fields.Many2one(
        "loyalty.program",
        string="Fallback Coupon",
        check_company=True,
        ondelete="restrict",
        domain="[('program_type', 'in', ('coupons', 'next_order_coupons'))]",
        help="Stands in where cash is not promised any more. Empty: that of the company.",
    )
    is_subsidy_braked = fields.Boolean(
        string="Subsidies Paused",
        readonly=True,
        copy=False,
        tracking=True,
        help="Too many of the last teams failed, or their subsidies cost too much: new orders are "
        "promised the fallback coupon, or nothing without one.",
    )
    brake_released_at = fields.Datetime(
        readonly=True, copy=False, help="Teams that ended before do not count any more."
    )

    # === ACTION METHODS === #

    def action_release_brake(self):
        """Promise again what the rules say."""
        # The clock by which teams end.
        [(now,)] = self.env.execute_query(SQL("SELECT %s", SQL_NOW))
        self.write({"is_subsidy_braked": False, "brake_released_at": now})

    # === BUSINESS METHODS === #

    def _check_brake(self):
        """Pause the subsidies of those activities whose last teams went beyond a limit."""
        watched = self.sudo().filtered(
            lambda activity: activity.offered_rule_ids and not activity.is_subsidy_braked
        )
        if not watched:
            return
        for activity, figures in watched._brake_figures().items():
            if reason := activity._brake_reason(*figures):
                activity.is_subsidy_braked = True
                activity._alert_brake(reason)

    def _brake_figures(self):
        """:return: ``{activity: (teams, failed, sales, subsidies)}`` of the last teams, the last
        two in the activity's currency"""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT activity.id, COUNT(*), COUNT(*) FILTER (WHERE ended.is_failed),
                       SUM(ended.sales), SUM(ended.subsidies)
                  FROM pinbu_activity activity, LATERAL (
                       SELECT team.state IN ('failed', 'settled') AS is_failed,
                              (SELECT COALESCE(SUM(amount_total), 0)
                                 FROM pinbu_seat seat
                                 JOIN sale_order ordered ON ordered.id = seat.order_id
                                WHERE seat.team_id = team.id AND seat.state = 'won') AS sales,
                              (SELECT COALESCE(SUM(amount), 0) FROM pinbu_subsidy subsidy
                                WHERE subsidy.team_id = team.id
                                  AND subsidy.state != 'void') AS subsidies
                         FROM pinbu_team team
                        WHERE team.activity_id = activity.id AND team.finished_at IS NOT NULL
                          AND team.finished_at
                              > COALESCE(activity.brake_released_at, '-infinity'::timestamp)
                     ORDER BY team.finished_at DESC LIMIT %s) ended
                 WHERE activity.id = ANY(%s) GROUP BY activity.id
                """,
                TEAMS,
                self.ids,
            )
        )
        return {
            self.browse(activity_id): (teams, failed, float(sales), float(subsidies))
            for activity_id, teams, failed, sales, subsidies in rows
        }

    def _brake_reason(self, teams, failed, sales, subsidies):
        """:return: why subsidies must pause, in the responsible's language, or None"""
        company = self.company_id
        told = self.with_context(lang=self._responsible_user().lang).env
        if teams < TEAMS_AT_LEAST:
            return None
        limit = company.pinbu_brake_failed_percent
        if limit and 100 * failed > limit * teams:
            return told._(
                "%(failed)s of the last %(teams)s teams failed.", failed=failed, teams=teams
            )
        limit = company.pinbu_brake_subsidy_percent
        if limit and 100 * subsidies > limit * sales:
            return told._(
                "The last %(teams)s teams cost %(subsidies)s of subsidies and sold for %(sales)s.",
                teams=teams,
                subsidies=self.currency_id.format(subsidies),
                sales=self.currency_id.format(sales),
            )
        return None

    def _alert_brake(self, reason):
        user = self._responsible_user()
        told = self.with_context(lang=user.lang).env
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=told._("Subsidies are paused: %s", self.display_name),
            note=told._(
                "%s New orders are promised the fallback coupon, or nothing without one. What was "
                "promised is paid. Look at the rules, then resume on the activity.",
                reason,
            ),
            user_id=user.id,
        )


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    _finished_idx = models.Index("(activity_id, finished_at) WHERE finished_at IS NOT NULL")
