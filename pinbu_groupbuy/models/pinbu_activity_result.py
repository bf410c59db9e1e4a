"""What an activity has brought, from its first day until now: for its report."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_amount

# So many bars are still told apart on a page: of days, or of several days each.
MOST_BARS = 31
# So many teams are read at once.
PORTION = 2000


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    # === ACTION METHODS === #

    def action_export_result(self):
        """Download the result as a workbook."""
        self._check_may_see_result()
        return {
            "type": "ir.actions.act_url",
            "url": f"/pinbu/activities/{self.id}/result.xlsx",
            "target": "download",
        }

    def action_export_results(self):
        """Download the results of these, of several of them in the background."""
        if len(self) == 1:
            return self.action_export_result()
        self.check_access("read")
        job = self.env["pinbu.job"]._start(
            "results", self.env._("Activity results"), self.ids, self.ids
        )
        return job._open_progress()

    # === BUSINESS METHODS === #

    def _check_may_see_result(self):
        """:raise AccessError: for who does not work with group-buying, or in another company"""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(
                self.env._("The result of an activity is for those who run the group-buying.")
            )

    def _result(self):
        """All that the report says of this activity, apart from its teams.

        :return: ``figures``: a list of ``(label, value, unit)``, the unit as on the dashboard;
                 ``costs``: a list of ``(label, amount)``; ``days``: a list of ``(day, paid amount,
                 teams formed, teams failed)``
        :rtype: dict
        """
        self._check_may_see_result()
        self.env.flush_all()
        days = self.env["pinbu.activity.day"]
        today = days._today(self.company_id)
        total, _by_activity, by_day = days._read_figures(
            self.company_id,
            days._day_start(self.company_id, self._first_day()),
            days._day_start(self.company_id, today + timedelta(days=1)),
            self,
        )
        return {
            "figures": self._result_figures(total),
            "costs": self._result_costs(total),
            "days": [
                (day, row["paid_amount"], int(row["teams_formed"]), int(row["teams_failed"]))
                for day, row in sorted(by_day.items())
            ],
        }

    def _first_day(self):
        """:return: the company's day from which on something may have happened"""
        zone = self.with_context(tz=self.company_id._pinbu_timezone())
        first = min(self.create_date, self.starts_at)
        return fields.Datetime.context_timestamp(zone, first).date()

    def _result_period(self):
        """:return: the first and the last day of the activity, by the company's clock"""
        zone = self.with_context(tz=self.company_id._pinbu_timezone())
        moments = (self.starts_at, self.ends_at)
        return [fields.Datetime.context_timestamp(zone, moment).date() for moment in moments]

    def _result_figures(self, total):
        dashboard = self.env["pinbu.dashboard"]
        return [
            (self.env._("Teams opened"), total["teams_opened"], "count"),
            (self.env._("Teams formed"), total["teams_formed"], "count"),
            (self.env._("Teams failed"), total["teams_failed"], "count"),
            (self.env._("Teams forming"), self.teams_forming, "count"),
            (self.env._("Success rate"), dashboard._success_rate(total), "percent"),
            (self.env._("Fastest team"), total["fastest_seconds"] or None, "seconds"),
            (self.env._("Visitors"), total["views"], "count"),
            (self.env._("Checkouts"), total["checkouts"], "count"),
            (self.env._("Paid places"), total["seats_paid"], "count"),
            (self.env._("Conversion"), dashboard._conversion(total), "percent"),
            (self.env._("Amount paid"), total["paid_amount"], "money"),
            (self.env._("Sales"), total["sales_amount"], "money"),
            (
                self.env._("Average order"),
                dashboard._ratio(total["paid_amount"], total["seats_paid"]),
                "money",
            ),
            (self.env._("Newcomers"), total["newcomers"], "count"),
            (
                self.env._("Viral factor"),
                dashboard._ratio(total["newcomers_invited"], total["teams_opened"]),
                "factor",
            ),
            (
                self.env._("Returning winners"),
                dashboard._ratio(total["winners_again"], total["winners"]),
                "percent",
            ),
            (
                self.env._("Returning losers"),
                dashboard._ratio(total["losers_again"], total["losers"]),
                "percent",
            ),
        ]

    def _result_costs(self, total):
        """Hook: what the activity costs beside the goods, as ``(label, amount)``."""
        self.env.cr.execute(
            SQL(
                """
                SELECT COALESCE(SUM(seat.quantity * (price.list - COALESCE(
                           (terms.prices->>seat.product_id::text)::numeric, line.group_price))), 0)
                  FROM pinbu_seat seat JOIN pinbu_activity_line line ON line.id = seat.line_id
                  -- What was paid, whatever the group price is today.
             LEFT JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
                  JOIN (SELECT unnest(%s) AS line_id, unnest(%s::numeric[]) AS list) price
                    ON price.line_id = line.id
                 WHERE seat.activity_id = %s AND seat.state = 'won'
                """,
                self.line_ids.ids,
                self.line_ids.mapped("list_price"),
                self.id,
            )
        )
        return [
            (self.env._("Given up against today's list price"), float(self.env.cr.fetchone()[0]))
        ]

    def _result_bars(self, days):
        """The chart of the printed report: at most `MOST_BARS` bars of one or several days each.

        :param list days: as in `_result`
        :return: ``[(label, amount, share of the highest, from 0 to 1)]``
        """
        if not days:
            return []
        amounts = {day: amount for day, amount, _formed, _failed in days}
        first, last = days[0][0], days[-1][0]
        step = -(-((last - first).days + 1) // MOST_BARS)
        starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)]
        sums = [
            sum(amounts.get(start + timedelta(days=n), 0) for n in range(step)) for start in starts
        ]
        highest = max(sums) or 1
        return [
            (f"{start.month}/{start.day}", amount, amount / highest)
            for start, amount in zip(starts, sums, strict=True)
        ]

    @api.model
    def _result_text(self, value, unit):
        """:return: a figure as a person reads it"""
        match unit:
            case _ if value is None:
                return "–"
            case "money":
                return format_amount(self.env, value, self.env.company.currency_id)
            case "percent":
                return f"{100 * value:.1f}%"
            case "seconds":
                return str(timedelta(seconds=round(value)))
            case "factor":
                return f"{value:.2f}"
        return f"{round(value):,}"

    @api.model
    def _result_states(self):
        """:return: ``{state of a team: what a person reads}``"""
        return dict(self.env["pinbu.team"]._fields["state"]._description_selection(self.env))

    def _result_teams(self, limit):
        """The activity's teams, the newest first, read in portions.

        :return: yields ``(number, leader or None, state, size, paid, opened, finished or None,
                 paid amount)``; the moments are those of the company's clock
        """
        self._check_may_see_result()
        zone = self.company_id._pinbu_timezone()

        def local(column):
            return SQL(
                "(%s AT TIME ZONE 'UTC') AT TIME ZONE %s", SQL.identifier("team", column), zone
            )

        last = None
        while limit > 0:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT team.id, leader.name, team.state, team.size, team.seats_paid, %s, %s, (
                               SELECT COALESCE(SUM(bought.amount_total), 0)
                                 FROM pinbu_seat seat JOIN sale_order bought
                                   ON bought.id = seat.order_id
                                WHERE seat.team_id = team.id AND seat.paid_at IS NOT NULL)
                      FROM pinbu_team team
                 LEFT JOIN res_partner leader ON leader.id = team.leader_id
                     WHERE team.activity_id = %s AND %s ORDER BY team.id DESC LIMIT %s
                    """,
                    local("opened_at"),
                    local("finished_at"),
                    self.id,
                    SQL("team.id < %s", last) if last else SQL("TRUE"),
                    min(limit, PORTION),
                )
            )
            if not rows:
                return
            yield from rows
            last = rows[-1][0]
            limit -= len(rows)
