import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.api import scenes
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

THREADS = 6


@tagged("post_install", "-at_install")
class TestInviteConcurrency(ConcurrentCase):
    """Caps and prizes are counted exactly, whoever works on them at the same time."""

    rivals = 14

    @classmethod
    def clean_teams(cls):
        for table in (
            "pinbu_ranking_winner",
            "pinbu_ranking_closing",
            "pinbu_ranking_prize",
            "pinbu_ranking_queue",
            "pinbu_ranking_score",
            "pinbu_invite",
            "pinbu_subsidy",
        ):
            cls.open_cr.execute(f"DELETE FROM {table}")
        super().clean_teams()

    def tearDown(self):
        self.look_again()
        self.company.write({"pinbu_invites_per_day": 10, "pinbu_invites_for_life": 100})
        self.clean_teams()
        super().tearDown()

    def run_at_once(self, function, times=THREADS):
        """Call `function(env)` in so many processes at once; what it raises is raised."""
        barrier = threading.Barrier(times)

        def run(_number):
            with self.registry.cursor() as cr:
                barrier.wait(timeout=20)
                function(api.Environment(cr, SUPERUSER_ID, {}))

        with mute_logger("odoo.sql_db"), ThreadPoolExecutor(times) as pool:
            list(pool.map(run, range(times)))
        self.look_again()

    def brought(self, inviter, friends):
        """Committed: these friends have lost their first team, and nobody has judged them yet."""
        team = self.open_team(inviter)
        seats = self.env["pinbu.seat"]
        for friend in friends:
            seats |= seats.create(
                {
                    "team_id": team.id,
                    "activity_id": self.activity.id,
                    "line_id": self.activity.line_ids.id,
                    "product_id": self.product.id,
                    "partner_id": friend.id,
                    "company_id": self.company.id,
                    "state": "lost",
                }
            )
        invites = self.env["pinbu.invite"].create(
            [
                {
                    "partner_id": seat.partner_id.id,
                    "inviter_id": inviter.id,
                    "company_id": self.company.id,
                    "joined_at": fields.Datetime.now(),
                    "seat_id": seat.id,
                    "look_at": fields.Datetime.now() - timedelta(minutes=1),
                }
                for seat in seats
            ]
        )
        # Shoppers of these tests live at one address.
        for number, person in enumerate(inviter | friends):
            person.street = f"{number} Lane"
        self.open_cr.commit()
        return invites

    def test_caps_hold_when_friends_are_judged_at_once(self):
        inviter, friends = self.people[0], self.people[1:]
        invites = self.brought(inviter, friends)
        self.company.write({"pinbu_invites_per_day": 4})
        self.open_cr.commit()
        ids = iter(invites.ids)
        lock = threading.Lock()

        def judge(env):
            while True:
                with lock:
                    invite_id = next(ids, None)
                if invite_id is None:
                    return
                env["pinbu.invite"].browse(invite_id)._judge()

        with self.slow("pinbu.invite", "_is_ring"):
            self.run_at_once(judge)
        states = sorted(invites.mapped("state"))
        self.assertEqual(states, ["held"] * 4 + ["void"] * 9)
        self.assertEqual(set(invites.mapped("void_reason")), {False, "cap_day"})

    def test_schedulers_at_once_reward_a_friend_once(self):
        inviter, friends = self.people[0], self.people[1:5]
        invites = self.brought(inviter, friends)
        self.run_at_once(lambda env: env["pinbu.invite"]._cron_invites())
        self.run_at_once(lambda env: env["pinbu.invite"]._cron_invites())
        self.assertEqual(set(invites.mapped("state")), {"held"})
        self.sql(
            "UPDATE pinbu_invite SET outcome = 'won', look_at = now() at time zone 'UTC'"
            " - interval '1 minute'"
        )
        seats = invites.seat_id.ids
        self.sql("UPDATE pinbu_seat SET state = 'won' WHERE id = ANY(%s)", seats)
        delivered_at = {seat_id: fields.Datetime.now() - timedelta(days=30) for seat_id in seats}
        with self.patched("pinbu.seat", "_delivered_at", lambda seats: delivered_at):
            for _run in range(3):
                self.run_at_once(lambda env: env["pinbu.invite"]._cron_invites())
                self.sql("UPDATE pinbu_invite SET look_at = '2025-01-01' WHERE state = 'held'")
        subsidies = self.env["pinbu.subsidy"].search([("partner_id", "=", inviter.id)])
        self.assertEqual(len(subsidies), len(friends))
        self.assertEqual(set(invites.mapped("state")), {"earned"})

    def patched(self, model, method, replacement):
        from unittest.mock import patch

        return patch.object(
            self.registry[model], method, lambda records, *args: replacement(records)
        )

    def test_two_inviters_at_once_and_one_stays(self):
        friend, inviters = self.people[0], self.people[1:9]
        users = self.env["res.users"].create(
            [
                {"name": p.name, "login": f"inviter {p.id}", "partner_id": p.id}
                | {"group_ids": [(6, 0, self.env.ref("base.group_portal").ids)]}
                for p in inviters
            ]
        )
        self.open_cr.commit()
        codes = [scenes.encode(self.env, "shopper", partner=p) for p in inviters]

        def come(env, code):
            env["res.partner"].browse(friend.id)._came_by(code)

        try:
            self.at_once(come, codes)
            invite = self.env["pinbu.invite"].search([("partner_id", "=", friend.id)])
            self.assertEqual(len(invite), 1)
            self.assertIn(invite.inviter_id, inviters)
        finally:
            self.look_again()
            self.clean_teams()
            users.unlink()
            self.open_cr.commit()

    def test_a_period_is_closed_once_whoever_is_killed(self):
        team = self.open_team(self.people[0])
        others = [self.open_team(person) for person in self.people[1:4]]
        teams = team.browse([team.id, *[other.id for other in others]])
        self.env["pinbu.ranking.prize"].create(
            {"kind": "hottest", "type": "cash", "amount": 2.0, "rank_to": 3}
        )
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, teams)
        self.open_cr.commit()
        self.run_at_once(lambda env: env["pinbu.ranking.score"]._cron_rankings())
        self.sql("UPDATE pinbu_team SET state = 'formed' WHERE id = ANY(%s)", teams.ids)
        self.sql("UPDATE pinbu_ranking_score SET starts_on = starts_on - 1 WHERE period = 'today'")
        self.sql("UPDATE pinbu_ranking_prize SET create_date = create_date - interval '1 day'")

        class Killed(BaseException):
            """Nothing in the code catches it, as nothing catches a kill."""

        def kill(_records, *_args):
            raise Killed

        # Winners are written, and the process dies before the last of them is owed.
        with self.patched("pinbu.subsidy", "_owe", kill), self.assertRaises(Killed):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["pinbu.ranking.score"]._cron_rankings()
        self.look_again()
        self.assertFalse(self.env["pinbu.ranking.closing"].search([]))
        with self.slow("pinbu.ranking.winner", "_settle"):
            self.run_at_once(lambda env: env["pinbu.ranking.score"]._cron_rankings())
        self.run_at_once(lambda env: env["pinbu.ranking.score"]._cron_rankings())
        winners = self.env["pinbu.ranking.winner"].search([])
        self.assertEqual(sorted(winners.mapped("rank")), [1, 2, 3])
        self.assertEqual(set(winners.mapped("state")), {"owed"})
        subsidies = self.env["pinbu.subsidy"].search([("reason", "=", "prize")])
        self.assertEqual(len(subsidies), 3)
        self.assertEqual(winners.subsidy_id, subsidies)
