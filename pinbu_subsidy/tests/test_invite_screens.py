from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import SubsidyMixin

# The client logs an error for whatever it cannot show, and an error fails the test.
SHOWN = '!!document.querySelector(".o_action_manager %s")'


@tagged("post_install", "-at_install")
class TestInviteScreens(SubsidyMixin, HttpCase):
    """The pages of invites and rankings open in a browser for the people who need them."""

    def setUp(self):
        super().setUp()
        self.set_up_shop()
        new_test_user(self.env, "invites", "pinbu_groupbuy.group_manager", lang="en_US")
        self.inviter, self.friend = self.shoppers(2)
        self.invite = self.env["pinbu.invite"].create(
            {
                "inviter_id": self.inviter.id,
                "partner_id": self.friend.id,
                "company_id": self.company.id,
                "joined_at": fields.Datetime.now(),
            }
        )

    def test_named_while_being_filled(self):
        """No reward is called "False" while what it gives is not chosen yet."""
        for model in ("pinbu.invite.rule", "pinbu.invite.task", "pinbu.ranking.prize"):
            reward = self.env[model].new({"type": "gift"})
            gift = dict(reward._fields["type"]._description_selection(self.env))["gift"]
            self.assertEqual(reward.worth, gift)
            self.assertIn(gift, reward.display_name)

    def open(self, path, shown):
        self.browser_js(
            f"/odoo/{path}",
            "console.log('test successful')",
            ready=SHOWN % shown,
            login="invites",
        )

    def test_lists_and_forms(self):
        scene = self.env["pinbu.scene"].create({"name": "A blog"})
        self.env["pinbu.invite.task"].create({"amount": 2.0})
        prize = self.env["pinbu.ranking.prize"].create({"type": "cash", "amount": 2.0})
        today = self.company._pinbu_period_start("today", fields.Datetime.now())
        self.env["pinbu.ranking.score"].create(
            {
                "company_id": self.company.id,
                "kind": "hottest",
                "period": "today",
                "starts_on": today,
                "subject_id": 1,
                "partner_id": self.inviter.id,
                "value": 3,
                "sort_key": -3,
                "reached_at": fields.Datetime.now(),
            }
        )
        closing = self.env["pinbu.ranking.closing"].create(
            {
                "company_id": self.company.id,
                "kind": "hottest",
                "period": "today",
                "starts_on": today,
                "closed_at": fields.Datetime.now(),
            }
        )
        self.env["pinbu.ranking.winner"].create(
            {
                "closing_id": closing.id,
                "rank": 1,
                "partner_id": self.inviter.id,
                "value": 3,
                "prize_id": prize.id,
            }
        )
        for path in (
            "invites",
            "invite-rules",
            "invite-tasks",
            "channels",
            "rankings",
            "ranking-prizes",
            "ranking-winners",
        ):
            with self.subTest(path=path):
                self.open(path, ".o_list_view .o_data_row")
        for path, shown in (
            (f"invites/{self.invite.id}", "[name=inviter_id]"),
            (f"channels/{scene.id}", "[name=qr_code] img"),
            (f"ranking-prizes/{prize.id}", "[name=kind]"),
        ):
            with self.subTest(path=path):
                self.open(path, f".o_form_view {shown}")

    def test_the_shoppers_form(self):
        for partner in (self.inviter, self.friend):
            self.open(
                f"action-base.action_partner_form/{partner.id}",
                ".o_form_view .nav-link[name=pinbu_invites]",
            )
