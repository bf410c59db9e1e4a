"""The app's first screen: what the shop brings, beside the same length of time before."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .payment_transaction_worker import UNFINISHED

# How many days each choice of the screen shows, the last of them being today or yesterday.
PERIODS = {"today": (1, 0), "yesterday": (1, 1), "week": (7, 0), "month": (30, 0)}
# A year and a bit: more would be read in the analyses.
MOST_DAYS = 400
# So many activities stand side by side, products and inviters in a list.
SHOWN_ACTIVITIES = 50
SHOWN_BEST = 5
_NOT_COMPARED = object()


class PinbuDashboard(models.AbstractModel):
    """Figures of the current company, whose currency they are in.

    A *figure* is a dict: ``key``, ``label``, ``help`` (what it counts, in words), ``value`` and
    ``previous`` (numbers, or None for what cannot be said, such as a rate of nothing; ``previous``
    is missing for what is true now), ``unit`` (``count``, ``money``, ``percent``: of 1, ``seconds``
    or ``factor``), ``good`` (``up``, ``down`` or ``""``: what is good news), and ``records``:
    ``{name, model, domain}`` of what was counted, or None.
    """

    _name = "pinbu.dashboard"
    _description = "Group-buying Dashboard"

    # === WHAT THE SCREEN ASKS FOR === #

    @api.model
    @api.readonly
    def get_dashboard(self, period="today", first=None, last=None):
        """All that the screen shows.

        :param str period: ``today``, ``yesterday``, ``week``, ``month`` or ``custom``
        :param str first: with ``custom``: its first day, as ISO date; ``last``: its last one
        :rtype: dict
        :raise AccessError: for who does not work with group-buying
        """
        if not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(self.env._("The dashboard is for those who run the group-buying."))
        self.env.flush_all()
        span = self._span(period, first, last)
        days = self.env["pinbu.activity.day"]
        company = self.env.company
        now = days._read_figures(company, span["start"], span["end"])
        before = days._read_figures(company, span["before_start"], span["before_end"])
        return {
            "currency_id": company.currency_id.id,
            "period": period,
            "first": fields.Date.to_string(span["first"]),
            "last": fields.Date.to_string(span["last"]),
            "before_first": fields.Date.to_string(span["before_first"]),
            "before_last": fields.Date.to_string(span["before_last"]),
            "sections": self._sections(now[0], before[0], span),
            "activities": self._side_by_side(now[1], span),
            "days": self._by_day(now[2], span),
            "best": self._best(now[1], span),
            "alerts": self._pinbu_alerts(),
            "start": self._pinbu_start(),
            "is_empty": not self.env["pinbu.activity"].search_count(
                [("company_id", "=", company.id)], limit=1
            ),
        }

    # === HOOKS === #

    @api.model
    def _sections(self, now, before, span):
        """Hook: the figures by what they are about.

        :param dict now: the totals of the period, by figure of ``pinbu.activity.day``
        :param dict before: those of the time before
        :param dict span: see `_span`
        :return: ``[{key, title, icon, figures: [figure]}]``
        :rtype: list[dict]
        """
        return [
            {
                "key": "teams",
                "title": self.env._("Teams"),
                "icon": "fa-users",
                "figures": self._team_figures(now, before, span),
            },
            {
                "key": "sales",
                "title": self.env._("Sales"),
                "icon": "fa-shopping-cart",
                "figures": self._sales_figures(now, before, span),
            },
            {
                "key": "shoppers",
                "title": self.env._("Shoppers"),
                "icon": "fa-user-plus",
                "figures": self._shopper_figures(now, before, span),
            },
            {
                "key": "refunds",
                "title": self.env._("Refunds"),
                "icon": "fa-undo",
                "figures": self._refund_figures(),
            },
        ]

    @api.model
    def _pinbu_alerts(self):
        """Hook: what needs a person now, in the current company, the worst first.

        :return: ``[{key, level: danger | warning | info, text, records: {name, model, domain} |
                 None}]``; the text says how much of it there is
        :rtype: list[dict]
        """
        return []

    @api.model
    def _best(self, by_activity, span):
        """Hook: short lists of the best.

        :return: ``[{key, title, icon, empty, rows: [{name, value, unit, records}]}]``
        """
        products = {}
        for activity in self.env["pinbu.activity"].browse(filter(None, by_activity)):
            places = by_activity[activity.id]["seats_paid"]
            product = activity.product_tmpl_id
            products[product] = products.get(product, 0) + places
        hottest = sorted(products.items(), key=lambda pair: (-pair[1], pair[0].id))[:SHOWN_BEST]
        return [
            {
                "key": "products",
                "title": self.env._("Hottest products"),
                "icon": "fa-fire",
                "empty": self.env._("Nothing was paid for in this time."),
                "rows": [
                    {
                        "name": product.display_name,
                        "value": places,
                        "unit": "count",
                        "records": self._records(
                            product.display_name,
                            "pinbu.seat",
                            [
                                *self._within("paid_at", span),
                                ("product_id.product_tmpl_id", "=", product.id),
                            ],
                        ),
                    }
                    for product, places in hottest
                    if places
                ],
            }
        ]

    @api.model
    def _columns(self):
        """Hook: what stands side by side for each activity.

        :return: ``[{label, unit, value: a function of its figures}]``
        """
        return [
            {
                "label": self.env._("Amount paid"),
                "unit": "money",
                "value": lambda row: row["paid_amount"],
            },
            {
                "label": self.env._("Paid places"),
                "unit": "count",
                "value": lambda row: row["seats_paid"],
            },
            {
                "label": self.env._("Opened"),
                "unit": "count",
                "value": lambda row: row["teams_opened"],
            },
            {
                "label": self.env._("Formed"),
                "unit": "count",
                "value": lambda row: row["teams_formed"],
            },
            {
                "label": self.env._("Failed"),
                "unit": "count",
                "value": lambda row: row["teams_failed"],
            },
            {"label": self.env._("Success"), "unit": "percent", "value": self._success_rate},
            {"label": self.env._("Conversion"), "unit": "percent", "value": self._conversion},
            {
                "label": self.env._("Newcomers"),
                "unit": "count",
                "value": lambda row: row["newcomers"],
            },
        ]

    @api.model
    def _invited_domain(self):
        """Hook: a domain of seats, those whose shopper came by another one's link."""
        return [("inviter_id", "!=", False)]

    # === FIGURES === #

    def _team_figures(self, now, before, span):
        finished = self._within("finished_at", span)
        return [
            self._figure(
                "teams_opened",
                self.env._("Teams opened"),
                self.env._("Teams whose leader paid in this time, and the merchant's own."),
                now["teams_opened"],
                before["teams_opened"],
                records=("pinbu.team", self._within("opened_at", span)),
            ),
            self._figure(
                "teams_formed",
                self.env._("Teams formed"),
                self.env._("Teams whose last place was paid, or completed, in this time."),
                now["teams_formed"],
                before["teams_formed"],
                records=("pinbu.team", [*finished, ("state", "in", ["formed", "shipped"])]),
            ),
            self._figure(
                "teams_failed",
                self.env._("Teams failed"),
                self.env._("Teams that ended in this time without being formed."),
                now["teams_failed"],
                before["teams_failed"],
                good="down",
                records=("pinbu.team", [*finished, ("state", "in", ["failed", "settled"])]),
            ),
            self._figure(
                "success_rate",
                self.env._("Success rate"),
                self.env._("Teams formed / (teams formed + teams failed)."),
                self._success_rate(now),
                self._success_rate(before),
                unit="percent",
                records=("pinbu.team", finished),
            ),
            self._figure(
                "fastest",
                self.env._("Fastest team"),
                self.env._("The shortest time from opening to forming of a team formed."),
                now["fastest_seconds"] or None,
                before["fastest_seconds"] or None,
                unit="seconds",
                good="down",
                records=("pinbu.team", [*finished, ("state", "in", ["formed", "shipped"])]),
            ),
        ]

    def _sales_figures(self, now, before, span):
        paid = ("pinbu.seat", self._within("paid_at", span))
        return [
            self._figure(
                "paid_amount",
                self.env._("Amount paid"),
                self.env._(
                    "Totals of the orders paid for in this time, delivery included, whatever "
                    "became of them since."
                ),
                now["paid_amount"],
                before["paid_amount"],
                unit="money",
                records=paid,
            ),
            self._figure(
                "sales_amount",
                self.env._("Sales"),
                self.env._(
                    "Totals of the orders whose team was formed in this time, delivery included. "
                    "What was returned or refunded later is not taken off."
                ),
                now["sales_amount"],
                before["sales_amount"],
                unit="money",
                records=(
                    "pinbu.seat",
                    [("state", "=", "won"), *self._within("team_id.finished_at", span)],
                ),
            ),
            self._figure(
                "average_order",
                self.env._("Average order"),
                self.env._("Amount paid / paid places."),
                self._ratio(now["paid_amount"], now["seats_paid"]),
                self._ratio(before["paid_amount"], before["seats_paid"]),
                unit="money",
                records=paid,
            ),
            self._figure(
                "views",
                self.env._("Visitors"),
                self.env._(
                    "Visitors who looked at an activity, one per activity and day; estimated from "
                    "the sample of visitors whose visits are kept. Behind it are the visits of "
                    "that sample: one visitor often makes several."
                ),
                now["views"],
                before["views"],
                records=("pinbu.event", [("activity_id", "!=", False), *self._within("at", span)]),
                records_name=self.env._("Visits"),
            ),
            self._figure(
                "checkouts",
                self.env._("Checkouts"),
                self.env._("Places taken at checkout, paid or not."),
                now["checkouts"],
                before["checkouts"],
                records=("pinbu.seat", self._within("create_date", span)),
            ),
            self._figure(
                "seats_paid",
                self.env._("Paid places"),
                self.env._("Places paid for, whatever became of them since."),
                now["seats_paid"],
                before["seats_paid"],
                records=paid,
            ),
            self._figure(
                "conversion",
                self.env._("Conversion"),
                self.env._("Paid places / visitors."),
                self._conversion(now),
                self._conversion(before),
                unit="percent",
            ),
        ]

    def _shopper_figures(self, now, before, span):
        finished = self._within("team_id.finished_at", span)
        return [
            self._figure(
                "newcomers",
                self.env._("Newcomers"),
                self.env._("Shoppers who paid for their first place ever in this time."),
                now["newcomers"],
                before["newcomers"],
                records=("pinbu.seat", [("is_first", "=", True), *self._within("paid_at", span)]),
            ),
            self._figure(
                "viral_factor",
                self.env._("Viral factor"),
                self.env._(
                    "Newcomers who came by another shopper's link / teams opened: how many new "
                    "shoppers one team brings."
                ),
                self._ratio(now["newcomers_invited"], now["teams_opened"]),
                self._ratio(before["newcomers_invited"], before["teams_opened"]),
                unit="factor",
                records=(
                    "pinbu.seat",
                    [
                        ("is_first", "=", True),
                        *self._invited_domain(),
                        *self._within("paid_at", span),
                    ],
                ),
            ),
            self._figure(
                "winners_again",
                self.env._("Returning winners"),
                self.env._(
                    "Of the shoppers whose team was formed in this time, how many paid for another "
                    "place within 30 days afterwards. Of the last 30 days it still grows."
                ),
                self._ratio(now["winners_again"], now["winners"]),
                self._ratio(before["winners_again"], before["winners"]),
                unit="percent",
                records=("pinbu.seat", [("state", "=", "won"), *finished]),
            ),
            self._figure(
                "losers_again",
                self.env._("Returning losers"),
                self.env._(
                    "Of the shoppers whose team failed in this time, how many paid for another "
                    "place within 30 days afterwards. Of the last 30 days it still grows."
                ),
                self._ratio(now["losers_again"], now["losers"]),
                self._ratio(before["losers_again"], before["losers"]),
                unit="percent",
                records=("pinbu.seat", [("state", "=", "lost"), *finished]),
            ),
        ]

    def _refund_figures(self):
        self.env.cr.execute(
            SQL(
                """
                SELECT COUNT(*), COALESCE(-SUM(amount), 0),
                       EXTRACT(EPOCH FROM %s - MIN(create_date))
                  FROM payment_transaction
                 WHERE pinbu_refund_reason IS NOT NULL AND state != 'done' AND company_id = %s
                   AND state = ANY(%s)
                """,
                self.env.cr.now(),
                self.env.company.id,
                list(UNFINISHED),
            )
        )
        count, amount, oldest = self.env.cr.fetchone()
        records = (
            "payment.transaction",
            [
                ("pinbu_refund_reason", "!=", False),
                ("state", "in", list(UNFINISHED)),
                ("company_id", "=", self.env.company.id),
            ],
        )
        return [
            self._figure(
                "refunds_pending",
                self.env._("Refunds under way"),
                self.env._("Refunds owed now that the provider has not made yet."),
                count,
                good="down",
                records=records,
            ),
            self._figure(
                "refunds_amount",
                self.env._("Money under way"),
                self.env._("What the refunds under way come to."),
                float(amount),
                unit="money",
                good="down",
                records=records,
            ),
            self._figure(
                "refunds_age",
                self.env._("Oldest refund"),
                self.env._("How long the oldest refund under way has been owed."),
                float(oldest) if oldest else None,
                unit="seconds",
                good="down",
                records=records,
            ),
        ]

    @staticmethod
    def _ratio(part, whole):
        """:return: None where there is nothing to compare with"""
        return part / whole if whole else None

    def _success_rate(self, row):
        return self._ratio(row["teams_formed"], row["teams_formed"] + row["teams_failed"])

    def _conversion(self, row):
        return self._ratio(row["seats_paid"], row["views"])

    def _figure(
        self,
        key,
        label,
        explanation,
        value,
        previous=_NOT_COMPARED,
        unit="count",
        good="up",
        records=None,
        records_name=None,
    ):
        """:param tuple records: model and domain of what was counted
        :param str records_name: what they are called, where the label says something else
        :return: a figure, see the class
        """
        figure = {
            "key": key,
            "label": label,
            "help": explanation,
            "value": value,
            "unit": unit,
            "good": good,
            "records": records and self._records(records_name or label, *records),
        }
        if previous is not _NOT_COMPARED:
            figure["previous"] = previous
        return figure

    def _records(self, name, model, domain):
        """:return: where a figure leads; None for who may not read it"""
        if not self.env[model].has_access("read"):
            return None
        return {"name": name, "model": model, "domain": domain}

    # === TIME === #

    def _span(self, period, first, last):
        """The period and the one before it: as many days, up to the same time of the last one.

        :return: days ``first``, ``last``, ``before_first``, ``before_last``, and UTC moments
                 ``start``, ``end``, ``before_start``, ``before_end``
        :raise UserError: for days that are none
        """
        days = self.env["pinbu.activity.day"]
        company = self.env.company
        today = days._today(company)
        if period in PERIODS:
            length, back = PERIODS[period]
            last = today - timedelta(days=back)
            first = last - timedelta(days=length - 1)
        else:
            first, last = self._chosen_days(first, last, today)
            length = (last - first).days + 1
        now = self.env.cr.now().replace(tzinfo=UTC).astimezone(ZoneInfo(company._pinbu_timezone()))
        before_last = last - timedelta(days=length)
        end = days._day_start(company, last + timedelta(days=1))
        before_end = days._day_start(company, before_last + timedelta(days=1))
        if last == today:
            # Nothing lies in the future; what is compared with ends at the same time of day.
            until = now - timedelta(days=length)
            before_end = min(before_end, until.astimezone(UTC).replace(tzinfo=None))
        return {
            "first": first,
            "last": last,
            "start": days._day_start(company, first),
            "end": end,
            "before_first": first - timedelta(days=length),
            "before_last": before_last,
            "before_start": days._day_start(company, first - timedelta(days=length)),
            "before_end": before_end,
        }

    def _chosen_days(self, first, last, today):
        try:
            first, last = fields.Date.to_date(first), fields.Date.to_date(last)
        except ValueError:
            first = last = None
        if not first or not last or first > last:
            raise UserError(self.env._("Choose a first day, and a last one that is not before it."))
        last = min(last, today)
        if first > today or (last - first).days >= MOST_DAYS:
            raise UserError(self.env._("Choose at most %s days, none of them to come.", MOST_DAYS))
        return first, last

    def _within(self, field, span):
        """:return: a domain, as JSON would carry it: the company's records of the period"""
        company = f"{field.rpartition('.')[0]}.company_id".lstrip(".")
        return [
            (company, "=", self.env.company.id),
            (field, ">=", fields.Datetime.to_string(span["start"])),
            (field, "<", fields.Datetime.to_string(span["end"])),
        ]

    # === TABLE AND CHART === #

    def _side_by_side(self, by_activity, span):
        columns = self._columns()
        activities = (
            self.env["pinbu.activity"]
            .with_context(active_test=False)
            .search([("id", "in", [id_ for id_ in by_activity if id_])])
        )
        ordered = sorted(activities, key=lambda one: (-by_activity[one.id]["paid_amount"], one.id))
        return {
            "columns": [{"label": column["label"], "unit": column["unit"]} for column in columns],
            "rows": [
                {
                    "id": activity.id,
                    "name": activity.name,
                    "values": [column["value"](by_activity[activity.id]) for column in columns],
                }
                for activity in ordered[:SHOWN_ACTIVITIES]
            ],
            "left_out": max(0, len(ordered) - SHOWN_ACTIVITIES),
        }

    def _by_day(self, by_day, span):
        length = (span["last"] - span["first"]).days + 1
        days = [span["first"] + timedelta(days=number) for number in range(length)]
        return [
            {
                "day": fields.Date.to_string(day),
                **{
                    name: by_day.get(day, {}).get(name, 0)
                    for name in ("paid_amount", "teams_formed", "teams_failed")
                },
            }
            for day in days
        ]
