from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestActivityMoves(GroupBuyCase):
    """What a marketing person can do with an activity, and what shoppers are spared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "marketer", groups="pinbu_groupbuy.group_user")
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")
        cls.later = fields.Datetime.now() + timedelta(days=2)

    def mine(self, activity=None, **vals):
        """:return: an activity as the marketing person has it"""
        return (activity or self.make_activity(**vals)).with_user(self.marketer)

    def scheduled(self, **vals):
        return self.mine(starts_at=self.later, **vals)

    def test_publish_makes_it_scheduled_or_running(self):
        drafts = self.mine(publish=False), self.scheduled(publish=False)
        self.assertEqual({draft.state for draft in drafts}, {"draft"})
        for draft in drafts:
            draft.action_publish()
        self.assertEqual([draft.state for draft in drafts], ["running", "scheduled"])

    def test_start_now(self):
        activity = self.scheduled()
        activity.action_start_now()
        self.assertEqual(activity.state, "running")
        self.join(self.shopper("1"), activity=activity.sudo())
        with self.refusing("Only a scheduled"):
            activity.action_start_now()

    def test_start_now_opens_the_merchants_team(self):
        activity = self.scheduled(mode="super", size=100)
        self.assertFalse(activity.super_team_id)
        activity.action_start_now()
        self.assertEqual(activity.super_team_id.state, "forming")

    def test_end_now_while_nobody_has_joined(self):
        running, scheduled = self.mine(), self.scheduled()
        for activity in (running, scheduled):
            self.assertFalse(activity.has_members)
            activity.action_end_now()
            self.assertEqual(activity.state, "ended")
            with self.refusing("can be ended"):
                activity.action_end_now()

    def test_joined_is_not_ended_but_stopped(self):
        activity = self.mine()
        team = self.join(self.shopper("1"), activity=activity.sudo()).team_id
        activity.invalidate_recordset()
        self.assertTrue(activity.has_members)
        with self.refusing("Use Stop"):
            activity.action_end_now()
        with self.refusing("Use Stop"):
            activity.ends_at = self.env.cr.now().replace(microsecond=0)
        activity.action_stop()
        self.join(self.shopper("2"), team)
        self.assertEqual(team.seats_paid, 2)
        activity.action_resume()
        self.assertTrue(self.join(self.shopper("3"), activity=activity.sudo()).team_id)

    def test_who_is_at_checkout_has_joined(self):
        activity = self.mine()
        order = self.checkout(self.shopper("1"), activity=activity.sudo())
        with self.refusing("Use Stop"):
            activity.action_end_now()
        with self.refusing("still forms"):
            activity.action_archive()
        order._pinbu_cancel()
        self.env.invalidate_all()
        activity.action_end_now()
        self.assertEqual(activity.state, "ended")

    def test_ending_closes_the_merchants_empty_team(self):
        activity = self.mine(mode="super", size=100)
        team = activity.super_team_id
        activity.action_end_now()
        self.assertEqual((activity.state, team.state), ("ended", "failed"))
        activity.action_archive()

    def test_the_merchants_team_with_a_member_plays_on(self):
        activity = self.mine(mode="super", size=100)
        self.join(self.shopper("1"), activity.super_team_id.sudo())
        activity.invalidate_recordset()
        with self.refusing("plays on to its deadline"):
            activity.action_end_now()
        self.assertEqual(activity.super_team_id.state, "forming")

    def test_the_start_stays_once_somebody_has_joined(self):
        activity = self.mine()
        activity.starts_at -= timedelta(hours=1)
        self.join(self.shopper("1"), activity=activity.sudo())
        activity.invalidate_recordset()
        with self.refusing("start can no longer change"):
            activity.starts_at = self.later
        # What is sent again unchanged is no change; the end may move.
        activity.write({"starts_at": activity.starts_at, "ends_at": self.later})
        self.assertEqual((activity.state, activity.ends_at), ("running", self.later))

    def test_unpublish_while_nobody_took_part(self):
        activity = self.mine()
        activity.action_stop()
        activity.action_unpublish()
        self.assertEqual((activity.state, activity.is_stopped), ("draft", False))
        activity.action_publish()
        team = self.join(self.shopper("1"), activity=activity.sudo()).team_id
        activity.invalidate_recordset()
        for unpublish in (
            activity.action_unpublish,
            lambda: activity.write({"is_published": False}),
        ):
            with self.refusing("took part"):
                unpublish()
        self.pass_deadline(team)
        self.run_schedulers()
        with self.refusing("took part"):
            activity.action_unpublish()

    def test_the_merchants_open_team_is_not_hidden(self):
        activity = self.mine(mode="super", size=100)
        with self.refusing("merchant's team"):
            activity.action_unpublish()

    def test_archive_when_no_team_forms(self):
        activity = self.mine()
        other = self.mine()
        team = self.join(self.shopper("1"), activity=activity.sudo()).team_id
        with self.refusing("still forms"):
            (activity + other).action_archive()
        self.pass_deadline(team)
        self.run_schedulers()
        (activity + other).action_archive()
        self.assertFalse((activity + other).filtered("active"))
        activity.action_unarchive()
        self.assertEqual(activity.state, "running")

    def test_an_archived_one_is_not_published(self):
        activity = self.mine(publish=False)
        activity.action_archive()
        with self.refusing("unarchive it first"):
            activity.action_publish()

    def test_delete_while_nobody_took_part(self):
        self.mine().unlink()
        joined = self.mine()
        self.join(self.shopper("1"), activity=joined.sudo())
        with self.refusing("archive it instead"):
            joined.unlink()
        with self.refusing("kept in the records"):
            self.mine(mode="super", size=100).unlink()

    def test_a_copy_follows_on_its_original(self):
        activity = self.mine(quota=7, price=18.5)
        activity.image_ids = [fields.Command.create({"name": "Back", "image_1920": self.picture()})]
        self.join(self.shopper("1"), activity=activity.sudo())
        copy = activity.copy()
        self.assertEqual((copy.name, copy.state), (activity.name, "draft"))
        self.assertEqual(copy.starts_at, activity.ends_at)
        length = activity.ends_at - activity.starts_at
        self.assertEqual(copy.ends_at - copy.starts_at, length)
        line = copy.line_ids
        self.assertEqual((line.group_price, line.quota, line.quota_taken), (18.5, 7, 0))
        self.assertEqual(copy.image_ids.name, "Back")
        self.assertEqual(copy.user_id, self.marketer)
        self.assertIn("Copied from", copy.message_ids.mapped("body")[0])
        self.assertEqual(copy.terms_id.version, 1)

    def test_a_copy_of_what_is_over_starts_now(self):
        activity = self.mine()
        activity.write(
            {
                "starts_at": self.later - timedelta(days=30),
                "ends_at": self.later - timedelta(days=20),
            }
        )
        copy = activity.copy()
        self.assertLess(abs(copy.starts_at - fields.Datetime.now()), timedelta(seconds=60))
        self.assertEqual(copy.ends_at - copy.starts_at, timedelta(days=10))

    def test_a_clerk_moves_nothing(self):
        activity = self.activity.with_user(self.clerk)
        self.assertTrue(activity.name)
        scheduled = self.make_activity(starts_at=self.later).with_user(self.clerk)
        for move in (
            activity.action_unpublish,
            activity.action_stop,
            activity.action_end_now,
            activity.action_archive,
            activity.copy,
            activity.unlink,
            scheduled.action_start_now,
        ):
            with self.assertRaises(AccessError):
                move()

    def test_another_companys_marketing_moves_nothing(self):
        company = self.env["res.company"].create({"name": "Other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=company.id,
            company_ids=[fields.Command.set(company.ids)],
        )
        activity = self.activity.with_user(stranger)
        for move in (activity.action_stop, activity.action_end_now, activity.copy):
            with self.assertRaises(AccessError):
                move()

    @staticmethod
    def picture():
        # The smallest picture there is: a transparent point.
        return (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
            b"YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
        )
