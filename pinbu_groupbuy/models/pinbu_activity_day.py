"""What the dashboard, the analyses and the reports count: one row per activity and day."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW
from .pinbu_event import OLDEST

# Within this time after the outcome of a team a further paid place counts as coming back.
COMEBACK_DAYS = 30
# What happened longer ago does not change any more: nobody comes back within `COMEBACK_DAYS`.
SETTLED_DAYS = COMEBACK_DAYS + 1


@dataclass(frozen=True)
class DaySource:
    """Some rows of the database that count on the day of their `moment`.

    :param SQL rows: what stands after FROM
    :param SQL where: which of them; the company and the time are added
    :param SQL moment: the UTC column that says on which day they count
    :param SQL company: the column of their company
    :param SQL activity: their activity; NULL for what belongs to none
    :param dict figures: ``{figure's field: an SQL aggregate}``
    """

    rows: SQL
    where: SQL
    moment: SQL
    company: SQL
    activity: SQL
    figures: dict


class PinbuActivityDay(models.Model):
    """What one activity brought on one day of its company, which ends at midnight of its time zone.

    A copy of what the other tables say, so that a month of a million seats is read at once. Each
    night the scheduler counts yesterday, and the month before again, since shoppers come back, and
    older days of which something changed after all. Days that it has not counted yet, today above
    all, are counted whenever they are asked for: figures are never older than the last night. Each
    counted day has a row without an activity, which holds what belongs to none and says when it was
    counted.
    """

    _name = "pinbu.activity.day"
    _description = "Figures of an Activity and Day"
    _order = "day desc, activity_id"
    _log_access = False
    _rec_name = "day"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    activity_id = fields.Many2one("pinbu.activity", readonly=True, index=True, ondelete="cascade")
    day = fields.Date(required=True, readonly=True)
    counted_at = fields.Datetime(required=True, readonly=True)

    views = fields.Integer(
        string="Visitors",
        readonly=True,
        help="Visitors who looked at the activity, one per activity and day. Estimated from the "
        "sample of visitors whose visits are kept.",
    )
    checkouts = fields.Integer(readonly=True, help="Places taken at checkout, paid or not.")
    seats_paid = fields.Integer(
        string="Paid Places", readonly=True, help="Places paid for, whatever became of them since."
    )
    paid_amount = fields.Monetary(
        readonly=True,
        help="Totals of the orders paid for, delivery included, whatever became of them since.",
    )
    teams_opened = fields.Integer(readonly=True)
    teams_formed = fields.Integer(readonly=True, help="By the moment at which they were full.")
    teams_failed = fields.Integer(readonly=True, help="By the moment at which they failed.")
    fastest_seconds = fields.Integer(
        string="Fastest Team (s)",
        readonly=True,
        aggregator="min",
        help="From the opening to the forming of the fastest team that was formed. 0: none was.",
    )
    seats_won = fields.Integer(
        string="Won Places", readonly=True, help="Places in teams that were formed."
    )
    sales_amount = fields.Monetary(
        string="Sales",
        readonly=True,
        help="Totals of the orders of teams that were formed, delivery included. What was returned "
        "or refunded later is not taken off.",
    )
    newcomers = fields.Integer(
        readonly=True, help="Shoppers who paid for their first place in the company's shop."
    )
    newcomers_invited = fields.Integer(
        string="Invited Newcomers",
        readonly=True,
        help="Those of the newcomers who came by another shopper's link.",
    )
    winners = fields.Integer(
        readonly=True, help="Shoppers whose team was formed, one per activity and day."
    )
    winners_again = fields.Integer(
        string="Winners Who Came Back",
        readonly=True,
        help="Those of the winners who paid for another place within 30 days afterwards.",
    )
    losers = fields.Integer(
        readonly=True, help="Shoppers whose team failed, one per activity and day."
    )
    losers_again = fields.Integer(
        string="Losers Who Came Back",
        readonly=True,
        help="Those of the losers who paid for another place within 30 days afterwards.",
    )

    _day_unique = models.UniqueIndex("(company_id, day, COALESCE(activity_id, 0))")

    # === HOOKS === #

    @api.model
    def _sources(self):
        """Hook: what is counted. Another module adds its fields to this model, and their sources.

        :rtype: list[DaySource]
        """
        return [
            DaySource(
                rows=SQL("pinbu_event event JOIN res_company shop ON shop.id = event.company_id"),
                where=SQL("event.activity_id IS NOT NULL AND shop.pinbu_event_percent > 0"),
                moment=SQL("event.at"),
                company=SQL("event.company_id"),
                activity=SQL("event.activity_id"),
                figures={
                    "views": SQL(
                        "ROUND(COUNT(DISTINCT event.visitor)"
                        " * 100.0 / MIN(shop.pinbu_event_percent))"
                    )
                },
            ),
            DaySource(
                rows=SQL("pinbu_seat seat"),
                where=SQL("TRUE"),
                moment=SQL("seat.create_date"),
                company=SQL("seat.company_id"),
                activity=SQL("seat.activity_id"),
                figures={"checkouts": SQL("COUNT(*)")},
            ),
            self._source_paid(),
            DaySource(
                rows=SQL("pinbu_team team"),
                where=SQL("TRUE"),
                moment=SQL("team.opened_at"),
                company=SQL("team.company_id"),
                activity=SQL("team.activity_id"),
                figures={"teams_opened": SQL("COUNT(*)")},
            ),
            DaySource(
                rows=SQL("pinbu_team team"),
                where=SQL("TRUE"),
                moment=SQL("team.finished_at"),
                company=SQL("team.company_id"),
                activity=SQL("team.activity_id"),
                figures={
                    "teams_formed": SQL(
                        "COUNT(*) FILTER (WHERE team.state IN ('formed', 'shipped'))"
                    ),
                    "teams_failed": SQL(
                        "COUNT(*) FILTER (WHERE team.state IN ('failed', 'settled'))"
                    ),
                    # Whoever is full in the same second took one. Where none was formed, nobody
                    # did: GREATEST of nothing and one would be one.
                    "fastest_seconds": SQL(
                        "MIN(GREATEST(1, CEIL(EXTRACT(EPOCH FROM team.finished_at"
                        " - team.opened_at))))"
                        " FILTER (WHERE team.state IN ('formed', 'shipped'))"
                    ),
                },
            ),
            self._source_outcomes(),
        ]

    def _source_paid(self):
        return DaySource(
            rows=SQL(
                """
                pinbu_seat seat
                LEFT JOIN sale_order bought ON bought.id = seat.order_id
                CROSS JOIN LATERAL (
                    SELECT seat.state IN ('paid', 'won', 'lost') AND NOT EXISTS (
                        SELECT 1 FROM pinbu_seat earlier
                         WHERE earlier.partner_id = seat.partner_id
                           AND earlier.company_id = seat.company_id
                           AND earlier.state IN ('paid', 'won', 'lost')
                           AND (earlier.paid_at, earlier.id) < (seat.paid_at, seat.id)
                    ) AS is_newcomer
                    -- Looked up once for each seat, however many figures ask for it.
                    OFFSET 0) first
                """
            ),
            where=SQL("TRUE"),
            moment=SQL("seat.paid_at"),
            company=SQL("seat.company_id"),
            activity=SQL("seat.activity_id"),
            figures={
                "seats_paid": SQL("COUNT(*)"),
                "paid_amount": SQL("SUM(bought.amount_total)"),
                "newcomers": SQL("COUNT(*) FILTER (WHERE first.is_newcomer)"),
                "newcomers_invited": SQL(
                    "COUNT(*) FILTER (WHERE first.is_newcomer AND %s)", self._sql_is_invited()
                ),
            },
        )

    @api.model
    def _sql_is_invited(self):
        """Hook: a condition on `seat`, whether its shopper came by another one's link; the same as
        the dashboard's `_invited_domain`."""
        return SQL("seat.inviter_id IS NOT NULL")

    def _source_outcomes(self):
        def shoppers(state, which):
            return SQL(
                "COUNT(DISTINCT seat.partner_id) FILTER (WHERE seat.state = %s AND %s)",
                state,
                which,
            )

        everybody, again = SQL("TRUE"), SQL("next.is_back")
        return DaySource(
            rows=SQL(
                """
                pinbu_team team
                JOIN pinbu_seat seat ON seat.team_id = team.id AND seat.state IN ('won', 'lost')
                LEFT JOIN sale_order bought ON bought.id = seat.order_id
                CROSS JOIN LATERAL (
                    SELECT EXISTS (
                        SELECT 1 FROM pinbu_seat later
                         WHERE later.partner_id = seat.partner_id
                           AND later.company_id = seat.company_id
                           AND later.state IN ('paid', 'won', 'lost')
                           AND later.paid_at > team.finished_at
                           AND later.paid_at <= team.finished_at + %s * interval '1 day'
                    ) AS is_back) next
                """,
                COMEBACK_DAYS,
            ),
            where=SQL("TRUE"),
            moment=SQL("team.finished_at"),
            company=SQL("team.company_id"),
            activity=SQL("team.activity_id"),
            figures={
                "seats_won": SQL("COUNT(*) FILTER (WHERE seat.state = 'won')"),
                "sales_amount": SQL("SUM(bought.amount_total) FILTER (WHERE seat.state = 'won')"),
                "winners": shoppers("won", everybody),
                "winners_again": shoppers("won", again),
                "losers": shoppers("lost", everybody),
                "losers_again": shoppers("lost", again),
            },
        )

    @api.model
    def _days_changed(self, company):
        """Hook: days that were counted and may have changed since, although they are long over.

        :rtype: set[datetime.date]
        """
        return set()

    @api.model
    def _figures(self):
        """:return: ``{name of each figure's field: SUM or MIN}``"""
        return {
            name: field.aggregator.upper()
            for name, field in self._fields.items()
            if field.store and field.aggregator in ("sum", "min") and name != "id"
        }

    # === BUSINESS METHODS: READING === #

    @api.model
    def _day_start(self, company, day):
        """:return: the UTC moment at which this day of the company begins"""
        midnight = datetime.combine(day, time(), ZoneInfo(company._pinbu_timezone()))
        return midnight.astimezone(UTC).replace(tzinfo=None)

    @api.model
    def _today(self, company):
        zone = ZoneInfo(company._pinbu_timezone())
        return self.env.cr.now().replace(tzinfo=UTC).astimezone(zone).date()

    @api.model
    def _read_figures(self, company, start, end, activities=None):
        """What was brought between two moments of one company.

        One statement, beside the one that asks which days are counted.

        :param datetime start: UTC, the beginning of a day
        :param datetime end: UTC; the last day may be cut short
        :param pinbu.activity activities: only these; None for all and for what belongs to none
        :return: ``(total, by activity id, by day)``: each is ``{figure: number}``; activity None
                 is what belongs to none
        :rtype: tuple[dict, dict[int | None, dict], dict[datetime.date, dict]]
        """
        figures = self._figures()
        days, runs = self._days_to_count(company, start, end)
        parts = [
            SQL(
                "SELECT activity_id, day, %s FROM pinbu_activity_day"
                " WHERE company_id = %s AND day = ANY(%s::date[])",
                SQL(", ").join(
                    SQL("%s::numeric AS %s", SQL.identifier(name), SQL.identifier(name))
                    for name in figures
                ),
                company.id,
                days,
            ),
            *(self._sql_counted(company, first, until) for first, until in runs),
        ]
        wanted = SQL("activity_id = ANY(%s)", activities.ids) if activities is not None else None
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT activity_id, day, GROUPING(activity_id, day) AS grouped, %s
                  FROM (%s) counted WHERE %s
              GROUP BY GROUPING SETS ((activity_id), (day), ())
                """,
                SQL(", ").join(self._sql_aggregates(figures)),
                SQL(" UNION ALL ").join(parts),
                wanted or SQL("TRUE"),
            )
        )
        total, by_activity, by_day = dict.fromkeys(figures, 0), {}, {}
        for row in rows:
            activity_id, day, grouped = row.pop("activity_id"), row.pop("day"), row.pop("grouped")
            values = {name: float(value or 0) for name, value in row.items()}
            if grouped == 3:
                total = values
            elif grouped == 1:
                by_activity[activity_id] = values
            else:
                by_day[day] = values
        return total, by_activity, by_day

    def _sql_aggregates(self, figures):
        # Nobody is fastest where no team was formed.
        return [
            SQL(
                "%s(%s) AS %s",
                SQL(how),
                SQL("NULLIF(%s, 0)", SQL.identifier(name))
                if how == "MIN"
                else SQL.identifier(name),
                SQL.identifier(name),
            )
            for name, how in figures.items()
        ]

    def _days_to_count(self, company, start, end):
        """Which days of a stretch of time stand in the table, and which are to be counted now.

        :return: (the days that stand there, stretches of moments that do not)
        :rtype: tuple[list[datetime.date], list[tuple[datetime, datetime]]]
        """
        zone = ZoneInfo(company._pinbu_timezone())
        day = start.replace(tzinfo=UTC).astimezone(zone).date()
        counted = {row[0]: row[1] for row in self._counted_days(company, day)}
        days, runs = [], []
        while (begins := self._day_start(company, day)) < end:
            ends = self._day_start(company, day + timedelta(days=1))
            if ends <= end and day in counted and counted[day] >= ends:
                days.append(day)
            elif runs and runs[-1][1] == begins:
                runs[-1] = (runs[-1][0], min(ends, end))
            else:
                runs.append((begins, min(ends, end)))
            day += timedelta(days=1)
        return days, runs

    def _counted_days(self, company, first):
        return self.env.execute_query(
            SQL(
                "SELECT day, counted_at FROM pinbu_activity_day"
                " WHERE company_id = %s AND activity_id IS NULL AND day >= %s",
                company.id,
                first,
            )
        )

    @api.model
    def _sql_counted(self, company, start, end):
        """:return: a SELECT of ``activity_id``, ``day`` and all figures, counted now"""
        figures = self._figures()
        zone = company._pinbu_timezone()
        parts = [
            SQL(
                """
                SELECT %(activity)s AS activity_id,
                       ((%(moment)s AT TIME ZONE 'UTC') AT TIME ZONE %(zone)s)::date AS day,
                       %(figures)s
                  FROM %(rows)s
                 WHERE %(where)s AND %(company)s = %(id)s
                   AND %(moment)s >= %(start)s AND %(moment)s < %(end)s
              GROUP BY 1, 2
                """,
                activity=source.activity,
                moment=source.moment,
                zone=zone,
                figures=SQL(", ").join(
                    SQL(
                        "(%s)::numeric AS %s",
                        source.figures.get(name, SQL("NULL")),
                        SQL.identifier(name),
                    )
                    for name in figures
                ),
                rows=source.rows,
                where=source.where,
                company=source.company,
                id=company.id,
                start=start,
                end=end,
            )
            for source in self._sources()
        ]
        return SQL(
            "SELECT activity_id, day, %s FROM (%s) counted_now GROUP BY activity_id, day",
            SQL(", ").join(self._sql_aggregates(figures)),
            SQL(" UNION ALL ").join(parts),
        )

    # === SCHEDULER === #

    @api.model
    def _cron_count(self):
        """Count the days that are over and not counted, or not counted since they may have
        changed; the youngest first, each in a transaction of its own."""
        work = [
            (company, day)
            for company in self.env["res.company"].sudo().search([])
            for day in self._days_due(company)
        ]
        for left, (company, day) in zip(range(len(work) - 1, -1, -1), work, strict=True):
            self._count_day(company, day)
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                break

    def _days_due(self, company):
        today = self._today(company)
        began = self.env.execute_query(
            SQL(
                "SELECT LEAST(MIN(create_date), MIN(starts_at)) FROM pinbu_activity"
                " WHERE company_id = %s",
                company.id,
            )
        )[0][0]
        if not began:
            return []
        zone = ZoneInfo(company._pinbu_timezone())
        first = began.replace(tzinfo=UTC).astimezone(zone).date()
        counted = dict(self._counted_days(company, first))
        changed = self._days_changed(company)
        midnight = self._day_start(company, today)
        changing_from = today - timedelta(days=SETTLED_DAYS)
        days = [today - timedelta(days=back) for back in range(1, (today - first).days + 1)]
        return [
            day
            for day in days
            if day not in counted
            or (counted[day] < midnight and (day >= changing_from or day in changed))
        ]

    def _count_day(self, company, day):
        figures = self._figures()
        names = SQL(", ").join(SQL.identifier(name) for name in figures)
        ends = self._day_start(company, day + timedelta(days=1))
        are_final, views = self._views_counted(company, day, ends)
        self.env.cr.execute(
            SQL(
                "DELETE FROM pinbu_activity_day WHERE company_id = %s AND day = %s",
                company.id,
                day,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                WITH counted AS (
                    SELECT activity_id, day, %(merged)s FROM (
                        SELECT activity_id, day, %(fresh)s FROM (%(counted)s) fresh
                         UNION ALL
                        SELECT activity_id, %(day)s::date, %(kept)s
                          FROM unnest(%(activities)s::int[], %(views)s::int[])
                            AS kept (activity_id, kept_views)
                    ) parts GROUP BY activity_id, day
                )
                INSERT INTO pinbu_activity_day
                       (company_id, activity_id, day, counted_at, %(names)s)
                SELECT %(company)s, activity_id, %(day)s, %(now)s, %(values)s FROM (
                    SELECT * FROM counted
                     UNION ALL
                    SELECT NULL, %(day)s::date, %(nothing)s
                     WHERE NOT EXISTS (SELECT 1 FROM counted WHERE activity_id IS NULL)
                ) complete
                """,
                # Of each activity there is one row of each part.
                merged=SQL(", ").join(
                    SQL("MAX(%(name)s) AS %(name)s", name=SQL.identifier(name)) for name in figures
                ),
                fresh=SQL(", ").join(
                    SQL("NULL::numeric AS views")
                    if are_final and name == "views"
                    else SQL.identifier(name)
                    for name in figures
                ),
                kept=SQL(", ").join(
                    SQL("kept_views") if name == "views" else SQL("NULL") for name in figures
                ),
                activities=list(views),
                views=list(views.values()),
                counted=self._sql_counted(company, self._day_start(company, day), ends),
                names=names,
                values=SQL(", ").join(
                    SQL("COALESCE(%s, 0)", SQL.identifier(name)) for name in figures
                ),
                nothing=SQL(", ").join([SQL("0")] * len(figures)),
                company=company.id,
                day=day,
                now=SQL_NOW,
            )
        )
        self.invalidate_model(flush=False)

    def _views_counted(self, company, day, ends):
        """What is known of a day's views when it is counted again: visits are kept for a time
        only, and estimated from a share of the visitors that the merchant may change.

        :param datetime ends: the UTC moment at which the day is over
        :return: whether no more can come, and ``{activity id: views}``
        :rtype: tuple[bool, dict[int, int]]
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT activity_id, views, counted_at FROM pinbu_activity_day"
                " WHERE company_id = %s AND day = %s",
                company.id,
                day,
            )
        )
        views = {activity_id: views for activity_id, views, _at in rows if activity_id and views}
        return any(at >= ends + OLDEST for _activity, _views, at in rows), views
