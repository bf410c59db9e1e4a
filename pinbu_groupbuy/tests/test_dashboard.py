from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestDashboard(GroupBuyCase):
    """The figures are what SQL counts from the outside, and what their records are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A shop of its own: whatever else the database holds is another company's.
        cls.company.partner_id.tz = "Asia/Shanghai"
        cls.zone = ZoneInfo("Asia/Shanghai")
        cls.user = new_test_user(
            cls.env, "dashboard_marketing", groups="pinbu_groupbuy.group_user", lang="en_US"
        )
        cls.clerk = new_test_user(cls.env, "dashboard_clerk", groups="stock.group_stock_user")
        cls.days = cls.env["pinbu.activity.day"]
        cls.activity = cls.make_activity(limit_per_user=0)
        cls.env.cr.execute("UPDATE pinbu_seat SET paid_at = NULL, create_date = '2001-01-01'")
        cls.env.cr.execute(
            "UPDATE pinbu_team SET opened_at = '2001-01-01', finished_at = NULL,"
            " deadline = '2100-01-01'"
        )
        cls.env.cr.execute("DELETE FROM pinbu_event")
        cls.env.invalidate_all()

    # === WHAT HAPPENS === #

    def play(self):
        """Two teams formed, one failed, one forming, one checkout that nobody paid."""
        formed = self.form_team("winner", activity=self.activity)
        self.cheap = self.make_activity(self.make_product("Nuts", 50), price=8, size=2)
        also_formed = self.form_team("other", activity=self.cheap)
        failed = self.join(self.shopper("loser"), activity=self.cheap).team_id
        self.pass_deadline(failed)
        self.run_schedulers()
        self.env.flush_all()
        # `pass_deadline` has moved the payment away from today.
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = create_date WHERE team_id = %s", [failed.id]
        )
        self.env.invalidate_all()
        forming = self.join(self.shopper("waiting")).team_id
        winner = formed.seat_ids[0].partner_id
        self.join(winner, forming)
        self.checkout(self.shopper("idle"))
        self.teams = formed + also_formed + failed + forming
        self.formed, self.failed = formed, failed
        self.env.flush_all()

    def shift(self, days):
        """All that was played happened so many days earlier."""
        self.env.flush_all()
        for table, columns in (
            ("pinbu_seat", ("create_date", "paid_at")),
            ("pinbu_team", ("opened_at", "finished_at")),
            ("pinbu_activity", ("starts_at",)),
        ):
            for column in columns:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %(table)s SET %(column)s = %(column)s - %(days)s"
                        " WHERE %(column)s > '2002-01-01'",
                        table=SQL.identifier(table),
                        column=SQL.identifier(column),
                        days=timedelta(days=days),
                    )
                )
        self.env.invalidate_all()

    def today(self):
        return datetime.now(UTC).astimezone(self.zone).date()

    def dashboard(self, *args, user=None):
        return self.env["pinbu.dashboard"].with_user(user or self.user).get_dashboard(*args)

    def figures(self, *args):
        return {
            figure["key"]: figure
            for section in self.dashboard(*args)["sections"]
            for figure in section["figures"]
        }

    def values(self, *args):
        return {key: figure["value"] for key, figure in self.figures(*args).items()}

    def ask(self, query, *args):
        """:return: what psql would answer"""
        self.env.cr.execute(query, args)
        return self.env.cr.fetchone()[0]

    # === TESTS === #

    def test_figures_are_what_sql_counts(self):
        self.play()
        values = self.values("today")
        started = datetime.combine(self.today(), time(), self.zone)
        since = started.astimezone(UTC).replace(tzinfo=None)
        company = self.company.id
        paid = "FROM pinbu_seat s JOIN sale_order o ON o.id = s.order_id"
        expected = {
            "teams_opened": self.ask(
                "SELECT count(*) FROM pinbu_team WHERE company_id = %s AND opened_at >= %s",
                company,
                since,
            ),
            "teams_formed": self.ask(
                "SELECT count(*) FROM pinbu_team WHERE company_id = %s AND finished_at >= %s"
                " AND state IN ('formed', 'shipped')",
                company,
                since,
            ),
            "teams_failed": self.ask(
                "SELECT count(*) FROM pinbu_team WHERE company_id = %s AND finished_at >= %s"
                " AND state IN ('failed', 'settled')",
                company,
                since,
            ),
            "paid_amount": self.ask(
                f"SELECT sum(o.amount_total) {paid} WHERE s.company_id = %s AND s.paid_at >= %s",
                company,
                since,
            ),
            "sales_amount": self.ask(
                f"SELECT sum(o.amount_total) {paid} JOIN pinbu_team t ON t.id = s.team_id"
                " WHERE s.company_id = %s AND s.state = 'won' AND t.finished_at >= %s",
                company,
                since,
            ),
            "seats_paid": self.ask(
                "SELECT count(*) FROM pinbu_seat WHERE company_id = %s AND paid_at >= %s",
                company,
                since,
            ),
            "checkouts": self.ask(
                "SELECT count(*) FROM pinbu_seat WHERE company_id = %s AND create_date >= %s",
                company,
                since,
            ),
            "newcomers": self.ask(
                "SELECT count(*) FROM (SELECT partner_id, min(paid_at) AS at FROM pinbu_seat"
                " WHERE company_id = %s AND state IN ('paid', 'won', 'lost')"
                " GROUP BY partner_id) f WHERE at >= %s",
                company,
                since,
            ),
        }
        # What was played, so that two equal zeros prove nothing.
        self.assertEqual(
            {key: round(float(value), 2) for key, value in expected.items()},
            {
                "teams_opened": 4,
                "teams_formed": 2,
                "teams_failed": 1,
                "paid_amount": 123.5,  # 5 at 19.90 and 3 at 8
                "sales_amount": 75.7,  # 3 at 19.90 and 2 at 8
                "seats_paid": 8,
                "checkouts": 9,
                "newcomers": 7,
            },
        )
        for key, value in expected.items():
            self.assertAlmostEqual(values[key], float(value), msg=key)
        self.assertAlmostEqual(values["success_rate"], 2 / 3)
        self.assertAlmostEqual(values["average_order"], 123.5 / 8)
        # One of the five winners has paid again; the loser has not.
        self.assertAlmostEqual(values["winners_again"], 1 / 5)
        self.assertEqual(values["losers_again"], 0)

    def test_nobody_is_fastest_where_none_was_formed(self):
        team = self.join(self.shopper("alone"), activity=self.activity).team_id
        self.pass_deadline(team)
        self.run_schedulers()
        figures = self.values("today")
        self.assertEqual((figures["teams_failed"], figures["fastest"]), (1, None))
        # Nor does a day like that make the teams of other days slower or faster.
        formed = self.form_team("slow", activity=self.activity)
        self.env.cr.execute(
            "UPDATE pinbu_team SET opened_at = finished_at - interval '90.5 s' WHERE id = %s",
            [formed.id],
        )
        self.shift(2)
        self.env.cr.execute(
            "UPDATE pinbu_team SET finished_at = finished_at - interval '1 day' WHERE id = %s",
            [team.id],
        )
        self.assertEqual(self.values("week")["fastest"], 91)
        self.run_count()
        self.assertEqual(self.values("week")["fastest"], 91)

    def test_counted_days_say_the_same(self):
        """A day that the scheduler has counted, and one that is counted when it is asked for."""
        self.play()
        self.shift(3)
        day = self.today() - timedelta(days=3)
        args = ("custom", day.isoformat(), day.isoformat())
        live = self.dashboard(*args)
        self.assertEqual(self.values(*args)["teams_formed"], 2)
        self.run_count()
        stored = self.days.search([("day", "=", day), ("company_id", "=", self.company.id)])
        self.assertEqual(sum(stored.mapped("teams_formed")), 2)
        self.assertIn(self.cheap, stored.activity_id)
        self.assertEqual(self.dashboard(*args), live)
        # It is read from there.
        self.env.cr.execute(
            "UPDATE pinbu_activity_day SET teams_formed = 7 WHERE id = %s",
            [stored.filtered(lambda row: row.activity_id == self.cheap).id],
        )
        self.assertEqual(self.values(*args)["teams_formed"], 8)

    def run_count(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.days.with_env(self.env(cr=cr))._cron_count()
        self.env.invalidate_all()

    def test_the_month_before_is_counted_again(self):
        """Who comes back later counts for the day on which they won."""
        self.play()
        self.shift(5)
        day = self.today() - timedelta(days=5)
        self.run_count()
        winner = self.formed.seat_ids[1].partner_id
        self.join(winner, activity=self.cheap)
        row = [("day", "=", day), ("activity_id", "=", self.activity.id)]
        self.run_count()
        self.assertEqual(self.days.search(row).winners_again, 1, "counted once a day")
        self.env.cr.execute(
            "UPDATE pinbu_activity_day SET counted_at = counted_at - interval '1 day'"
        )
        self.run_count()
        self.assertEqual(self.days.search(row).winners_again, 2)

    def test_compared_with_as_long_before(self):
        self.play()
        self.shift(20)
        self.move_teams("-1 ms")
        figures = self.figures("today")
        self.assertEqual(figures["teams_opened"]["value"], 0)
        self.assertEqual(figures["teams_opened"]["previous"], 4)
        self.assertIsNone(figures["success_rate"]["value"], "nothing was decided")
        self.assertAlmostEqual(figures["success_rate"]["previous"], 2 / 3)
        # Yesterday after this time of day is not compared with today.
        self.move_teams("1 s")
        self.assertEqual(self.figures("today")["teams_opened"]["previous"], 0)
        week = self.dashboard("week")
        self.assertEqual(week["before_last"], (self.today() - timedelta(days=7)).isoformat())
        self.assertEqual(len(week["days"]), 7)

    def move_teams(self, later):
        """Yesterday, so much after this time of day."""
        at = self.ask("SELECT now() AT TIME ZONE 'UTC' - interval '1 day' + %s::interval", later)
        self.env.cr.execute(
            "UPDATE pinbu_team SET opened_at = %s,"
            " finished_at = CASE WHEN finished_at IS NOT NULL THEN %s::timestamp END"
            " WHERE id = ANY(%s)",
            [at, at, self.teams.ids],
        )

    def test_a_day_ends_at_the_companys_midnight(self):
        self.play()
        midnight = datetime.combine(self.today() - timedelta(days=2), time(), self.zone)
        for seconds, expected in ((-1, 3), (0, 2)):
            at = (midnight + timedelta(seconds=seconds)).astimezone(UTC).replace(tzinfo=None)
            self.env.cr.execute(
                "UPDATE pinbu_team SET opened_at = %s WHERE id = %s", [at, self.teams[0].id]
            )
            day = (self.today() - timedelta(days=expected)).isoformat()
            self.assertEqual(self.values("custom", day, day)["teams_opened"], 1)

    def test_records_are_what_was_counted(self):
        self.play()
        figures = self.figures("today")
        counted = {
            "teams_opened",
            "teams_formed",
            "teams_failed",
            "checkouts",
            "seats_paid",
            "newcomers",
        }
        for key in counted:
            records = figures[key]["records"]
            found = self.env[records["model"]].with_user(self.user).search(records["domain"])
            self.assertEqual(len(found), figures[key]["value"], key)
            action = self.env["pinbu.dashboard"].with_user(self.user).get_records_action(records)
            self.assertEqual(
                (action["res_model"], action["domain"]), (records["model"], records["domain"])
            )
        with self.assertRaises(UserError):
            self.env["pinbu.dashboard"].get_records_action(
                {"name": "Users", "model": "res.users", "domain": []}
            )

    def test_activities_stand_side_by_side(self):
        self.play()
        table = self.dashboard("today")["activities"]
        labels = [column["label"] for column in table["columns"]]
        rows = {row["id"]: dict(zip(labels, row["values"], strict=True)) for row in table["rows"]}
        cheap = rows[self.cheap.id]
        self.assertEqual((cheap["Formed"], cheap["Failed"], cheap["Amount paid"]), (1, 1, 24))
        self.assertEqual(cheap["Success"], 0.5)
        self.assertEqual([row["id"] for row in table["rows"]], [self.activity.id, self.cheap.id])
        best = {row["name"]: row["value"] for row in self.dashboard("today")["best"][0]["rows"]}
        self.assertEqual(best, {"Crisps": 5, "Nuts": 3})

    def test_views_are_estimated_from_the_sample(self):
        self.company.pinbu_event_percent = 20
        for visitor in ("a", "a", "b"):
            self.env["pinbu.event"].create(
                {
                    "at": datetime.now(UTC).replace(tzinfo=None),
                    "name": "view",
                    "activity_id": self.activity.id,
                    "company_id": self.company.id,
                    "visitor": visitor,
                }
            )
        self.assertEqual(self.values("today")["views"], 10)

    def test_views_stay_when_visits_are_kept_no_longer(self):
        """The month before is counted again, each night: its visits may be gone by then."""
        self.company.pinbu_event_percent = 20
        day = self.today() - timedelta(days=4)
        noon = datetime.combine(day, time(12), self.zone).astimezone(UTC).replace(tzinfo=None)
        self.shift(5)

        def view(*visitors):
            values = {"at": noon, "name": "view", "activity_id": self.activity.id}
            for visitor in visitors:
                self.env["pinbu.event"].create(
                    {**values, "company_id": self.company.id, "visitor": visitor}
                )

        def count_again(hours):
            """:param int hours: so long after the day it was counted the last time"""
            self.env.cr.execute(
                "UPDATE pinbu_activity_day SET counted_at = %s WHERE day = %s",
                [noon + timedelta(hours=12 + hours), day],
            )
            self.run_count()
            return self.values("custom", day.isoformat(), day.isoformat())["views"]

        view("a", "b")
        self.run_count()
        # What a client had kept for some hours is counted in the next night.
        view("late")
        self.assertEqual(count_again(1), 15)
        self.company.pinbu_event_percent = 100
        self.assertEqual(count_again(25), 15, "each of them stood for five at that time")
        self.env.cr.execute("DELETE FROM pinbu_event")
        self.assertEqual(count_again(1), 15)
        self.assertEqual(count_again(25), 15)

    def test_who_may_look(self):
        self.play()
        for user in (self.clerk, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self.dashboard("today", user=user)
        with self.assertRaises(AccessError):
            self.days.with_user(self.clerk).search([])

    def test_a_company_sees_its_own(self):
        self.play()
        other = self.env["res.company"].create({"name": "The other shop"})
        self.user.company_ids = [Command.link(other.id)]
        theirs = self.env["pinbu.dashboard"].with_user(self.user).with_company(other)
        data = theirs.get_dashboard("today")
        self.assertTrue(data["is_empty"])
        figures = {f["key"]: f["value"] for s in data["sections"] for f in s["figures"]}
        self.assertFalse(figures["teams_opened"])
        self.shift(2)
        self.run_count()
        self.user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(self.days.with_user(self.user).search([("activity_id", "!=", False)]))

    def test_days_that_are_none(self):
        tomorrow = (self.today() + timedelta(days=1)).isoformat()
        today = self.today().isoformat()
        for first, last in (
            (None, None),
            ("nonsense", today),
            (today, date(2020, 1, 1).isoformat()),
            (tomorrow, tomorrow),
            ("2020-01-01", today),
        ):
            with self.assertRaises(UserError):
                self.dashboard("custom", first, last)

    def test_queries_do_not_grow_with_the_shop(self):
        self.play()
        self.dashboard("month")
        self.env.invalidate_all()
        with self.assertQueryCount(40):
            self.dashboard("month")
