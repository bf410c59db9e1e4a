from contextlib import nullcontext
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .common import SubsidyMixin
from .invite_common import InviteMixin


class RankingMixin(SubsidyMixin):
    def rank(self):
        """Run the scheduled action that keeps the rankings and closes periods."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.ranking.score"]._cron_rankings()
        self.env.invalidate_all()

    def days_pass(self, days):
        """Let all that was ranked, and its prizes, be so many days older."""
        self.env.flush_all()
        for table, columns in (
            ("pinbu_ranking_score", ("starts_on", "reached_at")),
            ("pinbu_ranking_prize", ("create_date", "ended_at")),
        ):
            for column in columns:
                unit = "1" if column == "starts_on" else "interval '1 day'"
                self.env.cr.execute(
                    f"UPDATE {table} SET {column} = {column} - {days} * {unit}"
                    + (" WHERE period = 'today'" if table.endswith("score") else "")
                )
        self.env.invalidate_all()

    def prize(self, **values):
        return self.env["pinbu.ranking.prize"].create(
            {"kind": "hottest", "period": "today", "type": "cash", "amount": 8.0, **values}
        )

    def prizes_of(self, partner):
        return self.env["pinbu.subsidy"].search(
            [("partner_id", "=", partner.id), ("reason", "=", "prize")]
        )


@tagged("post_install", "-at_install")
class TestRankings(RankingMixin, InviteMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env["pinbu.ranking.score"].search([]).unlink()
        cls.env.flush_all()

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_hottest(self):
        ann, ben = self.log_in("Ann"), self.log_in("Ben")
        team = self.buy(ann)["team"]
        self.buy(self.log_in("Carl"), team)
        other = self.buy(ben)["team"]
        self.run_schedulers()
        self.rank()
        for period in ("today", "week", "all"):
            shown = self.get(f"/rankings?kind=hottest&period={period}")
            self.assertEqual(
                [(i["rank"], i["name"], i["value"], i["unit"]) for i in shown["items"]],
                [(1, "A**", 2, "seats"), (2, "B**", 1, "seats")],
            )
            self.assertEqual(shown["items"][0]["team_token"], team["token"])
            self.assertIsNone(shown["mine"])
            self.assertEqual(shown["period_ends_at"] is None, period == "all")
        mine = self.get("/rankings", ben)["mine"]
        self.assertEqual(
            mine, {"rank": 2, "value": 1, "unit": "seats", "team_token": other["token"]}
        )
        self.assertNotIn("Ann", str(self.get("/rankings", ann)))
        # What a failed team was paid does not count any more.
        failed = self.env["pinbu.team"].search([("token", "=", team["token"])])
        self.pass_deadline(failed)
        self.run_schedulers()
        self.rank()
        shown = self.get("/rankings?kind=hottest&period=all")
        self.assertEqual([item["name"] for item in shown["items"]], ["B**"])

    def test_a_day_ends_at_the_companys_midnight(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        moment = fields.Datetime.to_datetime("2025-06-30 16:30:00")  # a Tuesday there
        self.assertEqual(str(self.company._pinbu_period_start("today", moment)), "2025-07-01")
        self.assertEqual(str(self.company._pinbu_period_start("week", moment)), "2025-06-30")
        team = self.join(self.shopper("Ann")).team_id
        self.env.flush_all()
        self.env.cr.execute("UPDATE pinbu_seat SET paid_at = %s", [moment])
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, team)
        self.rank()
        scores = self.env["pinbu.ranking.score"].search([("team_id", "=", team.id)])
        self.assertEqual(
            {score.period: str(score.starts_on) for score in scores},
            {"today": "2025-07-01", "week": "2025-06-30", "all": "1970-01-01"},
        )

    def test_fastest(self):
        slow, fast = self.form_team("slow"), self.form_team("fast")
        self.env.flush_all()
        for team, seconds in ((slow, 500), (fast, 20)):
            self.env.cr.execute(
                "UPDATE pinbu_team SET opened_at = finished_at - %s * interval '1 second'"
                " WHERE id = %s",
                [seconds, team.id],
            )
            self.env["pinbu.ranking.score"]._enqueue(self.env.cr, team)
        self.rank()
        shown = self.get("/rankings?kind=fastest")
        self.assertEqual(
            [(i["value"], i["unit"], i["team_token"]) for i in shown["items"]],
            [(20, "seconds", fast.token), (500, "seconds", slow.token)],
        )

    def test_inviters(self):
        self.activity.size = 2
        self.env.flush_all()
        ann = self.log_in("Ann")
        scene = self.get("/me/invites/scene", ann)["scene"]
        self.call("POST", "/session", {"code": "demo:Carl", "inviter": scene})
        order = self.buy(self.log_in("Carl"))
        self.buy(self.log_in("Dora"), order["team"])
        self.run_schedulers()
        self.reward_invites()
        self.rank()
        shown = self.get("/rankings?kind=inviters&period=week", ann)
        self.assertEqual(
            shown["items"], [{"rank": 1, "name": "A**", "value": 1, "unit": "friends"}]
        )
        self.assertEqual(shown["mine"], {"rank": 1, "value": 1, "unit": "friends"})
        # A ring is no friend.
        invite = self.env["pinbu.invite"].search([("inviter_id.name", "=", "Ann")])
        invite._void("returned")
        self.rank()
        self.assertEqual(self.get("/rankings?kind=inviters&period=week")["items"], [])

    def test_wrong_questions(self):
        for query in ("kind=richest", "period=year", "limit=101", "limit=0"):
            answer = self.call("GET", f"/rankings?{query}")
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), query)

    # === PRIZES === #

    def test_prizes_at_the_end_of_the_day(self):
        first, second = self.form_team("first"), self.join(self.shopper("Second")).team_id
        self.run_schedulers()
        self.prize()
        self.prize(rank_from=2, rank_to=3, amount=3.0)
        shown = self.get("/rankings")["prizes"]
        self.assertEqual(
            [(p["rank_from"], p["rank_to"], p["type"], p["amount"]) for p in shown],
            [(1, 1, "cash", 800), (2, 3, "cash", 300)],
        )
        self.rank()
        self.assertFalse(self.prizes_of(first.leader_id), "the day is not over")
        self.days_pass(1)
        self.rank()
        self.rank()
        [subsidy] = self.prizes_of(first.leader_id)
        self.assertEqual((subsidy.amount_minor, subsidy.reason), (800, "prize"))
        # The second one's team still forms.
        self.assertFalse(self.prizes_of(second.leader_id))
        winner = self.env["pinbu.ranking.winner"].search([("team_id", "=", second.id)])
        self.assertEqual((winner.rank, winner.state), (2, "waiting"))
        self.pass_deadline(second)
        self.run_schedulers()
        self.rank()
        self.assertEqual(winner.state, "none")
        self.assertFalse(self.prizes_of(second.leader_id))
        self.assertEqual(len(self.env["pinbu.ranking.closing"].search([])), 1)

    def test_a_tie_goes_to_who_was_there_first(self):
        teams = [self.form_team(name) for name in ("b", "a")]
        self.env.flush_all()
        self.env.cr.execute("UPDATE pinbu_seat SET paid_at = %s", [fields.Datetime.now()])
        for minutes, team in enumerate(reversed(teams)):
            self.env.cr.execute(
                "UPDATE pinbu_seat SET paid_at = paid_at + %s * interval '1 second'"
                " WHERE team_id = %s",
                [minutes, team.id],
            )
            self.env["pinbu.ranking.score"]._enqueue(self.env.cr, team)
        self.rank()
        shown = self.get("/rankings?period=all")["items"]
        self.assertEqual([i["team_token"] for i in shown], [teams[1].token, teams[0].token])

    def test_a_prize_that_is_shown_is_paid(self):
        manager = new_test_user(self.env, "prizes", "pinbu_groupbuy.group_manager")
        team = self.form_team("first")
        self.rank()
        prize = self.prize().with_user(manager)
        with self.assertRaises(UserError):
            prize.amount = 0.01
        prize.active = False
        self.assertEqual(len(self.get("/rankings")["prizes"]), 1, "until the day is over")
        self.days_pass(1)
        self.env.cr.execute("UPDATE pinbu_ranking_prize SET ended_at = now() at time zone 'UTC'")
        self.env.invalidate_all()
        self.rank()
        self.assertTrue(self.prizes_of(team.leader_id))
        # The next day it is not there any more.
        self.env.cr.execute(
            "UPDATE pinbu_ranking_prize SET ended_at = ended_at - interval '2 days'"
        )
        self.env.invalidate_all()
        self.assertEqual(self.get("/rankings")["prizes"], [])

    def test_a_prize_made_later_is_not_for_yesterday(self):
        team = self.form_team("first")
        self.rank()
        self.env.cr.execute(
            "UPDATE pinbu_ranking_score SET starts_on = starts_on - 1 WHERE period = 'today'"
        )
        self.prize()
        self.rank()
        self.assertFalse(self.prizes_of(team.leader_id))

    # === WHO SEES WHAT === #

    def test_rights(self):
        self.log_in("Ann")
        marketing = new_test_user(self.env, "ranks", "pinbu_groupbuy.group_user")
        self.form_team("first")
        self.rank()
        self.assertTrue(self.env["pinbu.ranking.score"].with_user(marketing).search([]))
        with self.assertRaises(AccessError):
            self.env["pinbu.ranking.prize"].with_user(marketing).create(
                {"type": "cash", "amount": 1.0}
            )
        for model in ("score", "prize", "closing", "winner", "queue"):
            with self.assertRaises(AccessError):
                self.env[f"pinbu.ranking.{model}"].with_user(self.user_of("Ann")).search([])

    def test_reading_costs_the_same_for_many(self):
        partner = self.shopper("Ann")
        scores = self.env["pinbu.ranking.score"]
        today = self.company._pinbu_period_start("today", fields.Datetime.now())
        rivals = self.env["res.partner"].create([{"name": f"Rival {n}"} for n in range(30)])
        counts = []
        for batch in (rivals[:3], rivals[3:], rivals[:0]):
            scores.create(
                [
                    {
                        "company_id": self.company.id,
                        "kind": "inviters",
                        "period": "today",
                        "starts_on": today,
                        "subject_id": rival.id,
                        "partner_id": rival.id,
                        "value": 5,
                        "sort_key": -5,
                        "reached_at": fields.Datetime.now() - timedelta(seconds=rival.id),
                    }
                    for rival in batch
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            scores._api_ranking("inviters", "today", 20, partner)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[1], counts[0])
