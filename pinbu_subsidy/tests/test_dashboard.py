from datetime import date, datetime, time, timedelta

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import format_date

from .means_common import WITH_WALLET, MeansMixin


@tagged("post_install", "-at_install")
class TestDashboard(MeansMixin, TransactionCase):
    """What subsidies cost on the dashboard is what the ledger says, counted from the outside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.user = new_test_user(
            cls.env, "dashboard_marketing", groups="pinbu_groupbuy.group_user", lang="en_US"
        )
        cls.activity.user_id = cls.user

    def dashboard(self):
        self.env.flush_all()
        return self.env["pinbu.dashboard"].with_user(self.user).get_dashboard("today")

    def figures(self):
        return {
            figure["key"]: figure
            for section in self.dashboard()["sections"]
            for figure in section["figures"]
        }

    def alerts(self):
        return {alert["key"]: alert for alert in self.dashboard()["alerts"]}

    def tell(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.activity.with_env(api.Environment(cr, SUPERUSER_ID, {}))._cron_alert()
        self.env.invalidate_all()

    def tasks(self, name):
        type_ = self.env.ref(f"pinbu_subsidy.mail_activity_type_{name}")
        return self.activity.activity_ids.filtered(lambda task: task.activity_type_id == type_)

    def test_what_subsidies_cost(self):
        before = {key: figure["value"] for key, figure in self.figures().items()}
        ann, ben, carl = self.shoppers(3)
        self.fail_team(ann + ben)
        self.grant()
        self.env.cr.execute(
            "SELECT sum(amount_minor) FROM pinbu_wallet_entry WHERE kind = 'subsidy'"
            " AND card_id IN (SELECT id FROM loyalty_card WHERE partner_id = ANY(%s))",
            [(ann + ben).ids],
        )
        self.assertEqual(self.env.cr.fetchone()[0], 2000)
        figures = self.figures()
        self.assertEqual(figures["subsidy_amount"]["value"] - before["subsidy_amount"], 20)
        self.assertEqual(figures["subsidies"]["value"] - before["subsidies"], 2)
        records = figures["subsidy_amount"]["records"]
        found = self.env[records["model"]].with_user(self.user).search(records["domain"])
        self.assertEqual(sum(found.mapped("amount")), figures["subsidy_amount"]["value"])

        # Ten of it is spent for a team that is formed.
        team = self.pay(self.checkout(ann, means=WITH_WALLET)).seat_ids.team_id
        self.join(ben, team)
        self.join(carl, team)
        self.run_schedulers()
        after = self.figures()
        cost, sales = after["subsidy_amount"]["value"], after["sales_amount"]["value"]
        self.assertAlmostEqual(sales - before["sales_amount"], 3 * 19.9)
        self.assertAlmostEqual(after["subsidy_share"]["value"], cost / sales)
        self.assertAlmostEqual(after["newcomer_cost"]["value"], cost / after["newcomers"]["value"])
        spent = (before["subsidies_used"] or 0) * before["subsidy_amount"] + 10
        self.assertAlmostEqual(after["subsidies_used"]["value"], spent / cost)

    def test_what_is_taken_back_cost_nothing(self):
        ann, ben = self.shoppers(2)
        team = self.fail_team(ann + ben)
        self.grant()
        before = self.figures()
        cost = before["subsidy_amount"]["value"]
        team.subsidy_ids[0]._take_back("goods returned")
        after = self.figures()
        self.assertEqual(after["subsidy_amount"]["value"], cost - 10)
        self.assertEqual(after["subsidies"]["value"], before["subsidies"]["value"] - 1)

    def test_what_is_taken_back_long_afterwards_cost_nothing_either(self):
        """Days that are long over are counted once, and again only if something changed."""
        team = self.fail_team(self.shoppers(2))
        self.grant()
        given = team.subsidy_ids
        day = self.env["pinbu.activity.day"]._today(self.company) - timedelta(days=50)
        noon = datetime.combine(day, time(12))
        self.env.cr.execute("UPDATE pinbu_activity SET starts_at = %s", [noon - timedelta(days=9)])
        self.env.cr.execute(
            "UPDATE pinbu_subsidy SET granted_at = %s WHERE id = ANY(%s)", [noon, given.ids]
        )

        def costs_and_counted_at():
            self.env.flush_all()
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                days = self.env["pinbu.activity.day"].with_env(self.env(cr=cr))
                days._cron_count()
            self.env.cr.execute(
                "SELECT COALESCE(SUM(subsidy_amount), 0), MAX(counted_at) FROM pinbu_activity_day"
                " WHERE company_id = %s AND day = %s",
                [self.company.id, day],
            )
            return self.env.cr.fetchone()

        def long_ago(days):
            self.env.cr.execute(
                "UPDATE pinbu_activity_day SET counted_at = now() - %s WHERE day = %s"
                " RETURNING counted_at",
                [timedelta(days=days), day],
            )
            return self.env.cr.fetchone()[0]

        self.assertEqual(costs_and_counted_at()[0], 20)
        counted_at = long_ago(9)
        self.assertEqual(costs_and_counted_at(), (20, counted_at), "nothing has changed")
        given[0]._take_back("goods returned")
        self.assertEqual(costs_and_counted_at()[0], 10)
        counted_at = long_ago(9)
        self.env.cr.execute(
            "UPDATE pinbu_subsidy SET write_date = %s - interval '2 days' WHERE id = ANY(%s)",
            [counted_at, given.ids],
        )
        self.assertEqual(costs_and_counted_at(), (10, counted_at), "it was counted since")

    def test_what_was_spent_before_it_was_taken_back_is_a_cost(self):
        ann, ben = self.shoppers(2)
        team = self.fail_team(ann + ben)
        self.grant()
        cost = self.figures()["subsidy_amount"]["value"]
        self.company._pinbu_wallets(ann)[ann.id]._pinbu_post(
            [
                {
                    "card_id": self.company._pinbu_wallets(ann)[ann.id].id,
                    "kind": "withdrawal",
                    "amount_minor": -700,
                    "reference": "spent",
                    "idempotency_key": "spent before",
                }
            ]
        )
        given = team.subsidy_ids.filtered(lambda subsidy: subsidy.partner_id == ann)
        given._take_back("goods returned")
        self.assertEqual((given.state, given.taken_back), ("void", 3))
        figure = self.figures()["subsidy_amount"]
        self.assertEqual(figure["value"], cost - 3)
        found = self.env["pinbu.subsidy"].with_user(self.user).search(figure["records"]["domain"])
        self.assertIn(given, found)
        self.assertEqual(sum(found.mapped("amount")) - sum(found.mapped("taken_back")), cost - 3)
        # The report of the activity says the same.
        costs = dict(self.activity.with_user(self.user)._result()["costs"])
        self.assertEqual(sum(v for k, v in costs.items() if k.startswith("Subsidies")), 17)

    def test_what_is_held_back_is_said(self):
        self.assertNotIn("subsidies_blocked", self.alerts())
        team = self.fail_team(self.shoppers(2))
        team.subsidy_ids[0]._block("odd")
        alert = self.alerts()["subsidies_blocked"]
        self.assertEqual(
            self.env["pinbu.subsidy"].search(alert["records"]["domain"]), team.subsidy_ids[0]
        )
        self.tell()
        self.assertEqual(self.tasks("blocked").user_id, self.user)
        team.subsidy_ids._release()
        self.assertNotIn("subsidies_blocked", self.alerts())
        self.tell()
        self.assertFalse(self.tasks("blocked"))

    def test_a_budget_that_is_nearly_spent(self):
        left = self.figures()["budget_left"]["value"]
        self.rule.budget = 100
        self.assertEqual(self.figures()["budget_left"]["value"], left - 9_900)
        shoppers = self.shoppers(9)
        for number in range(8):
            self.join(shoppers[number])
        self.assertEqual(self.figures()["budget_left"]["value"], left - 9_900 - 80)
        self.assertNotIn("budget", self.alerts())
        last = self.checkout(shoppers[8]).seat_ids
        self.assertIn(self.activity.id, self.alerts()["budget"]["records"]["domain"][0][2])
        self.tell()
        self.assertEqual(self.tasks("budget").user_id, self.user)
        # Given up: it is free again, although the counter does not say so yet.
        last._release_hold("cancelled by the shopper")
        self.assertNotIn("budget", self.alerts())

    def test_books_that_differ(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        self.env["pinbu.books.check"].search([]).is_ok = True
        self.assertNotIn("books", self.alerts())
        self.env["pinbu.books.check"].create(
            {
                "company_id": self.company.id,
                "checked_at": "2020-01-01 19:30:00",
                "findings": [{"code": "no_bank"}],
                "is_ok": False,
            }
        )
        alert = self.alerts()["books"]
        # The company's day, not that of Greenwich.
        day = format_date(self.env["res.users"].with_user(self.user).env, date(2020, 1, 2))
        self.assertIn(day, alert["text"])
        self.assertIsNone(alert["records"], "marketing reads no books")

    def test_who_logged_in_by_a_link_was_invited(self):
        """Whether the order names the link again or not; not who was no newcomer after all."""
        before = self.figures()
        ann, ben, carl, dora = self.shoppers(4)
        for newcomer, state in ((ben, "joined"), (carl, "void")):
            self.env["pinbu.invite"].create(
                {
                    "partner_id": newcomer.id,
                    "inviter_id": ann.id,
                    "company_id": self.company.id,
                    "joined_at": self.env.cr.now(),
                    "state": state,
                }
            )
        team = self.join(ben).team_id
        self.join(carl, team)
        self.join(dora, team)
        after = self.figures()

        def invited(figures):
            return (figures["viral_factor"]["value"] or 0) * figures["teams_opened"]["value"]

        self.assertAlmostEqual(invited(after) - invited(before), 1)
        records = after["viral_factor"]["records"]
        found = self.env["pinbu.seat"].with_user(self.user).search(records["domain"])
        self.assertEqual(found.partner_id & (ben + carl + dora), ben)
        self.assertAlmostEqual(len(found), invited(after))

    def test_best_inviters(self):
        ann, ben, carl = self.shoppers(3)
        for newcomer, state in ((ben, "joined"), (carl, "void")):
            self.env["pinbu.invite"].create(
                {
                    "partner_id": newcomer.id,
                    "inviter_id": ann.id,
                    "company_id": self.company.id,
                    "joined_at": self.env.cr.now(),
                    "state": state,
                }
            )
        best = {one["key"]: one["rows"] for one in self.dashboard()["best"]}["inviters"]
        own = [row["value"] for row in best if row["name"] == ann.display_name]
        self.assertEqual(own, [1])
