from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .invite_common import InviteMixin


@tagged("post_install", "-at_install")
class TestInvites(InviteMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.activity.size = 2
        cls.env.flush_all()

    # === HELPERS === #

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def scene_of(self, token):
        return self.get("/me/invites/scene", token)["scene"]

    def come(self, name, scene=None):
        """:return: the token of a shopper who logs in by somebody's link"""
        answer = self.call("POST", "/session", {"code": f"demo:{name}", "inviter": scene})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["token"]

    def invite_of(self, name):
        partner = self.user_of(name).partner_id
        return self.env["pinbu.invite"].search([("partner_id", "=", partner.id)])

    def seat_of(self, order):
        return self.env["sale.order"].browse(order["id"]).seat_ids

    def win(self, name, token, with_whom="Stranger"):
        """A team of the two is formed and settled. :return: the first one's seat"""
        order = self.buy(token)
        self.buy(self.log_in(f"{with_whom} of {name}"), order["team"])
        self.run_schedulers()
        return self.seat_of(order)

    def lose_one(self, token):
        order = self.buy(token)
        seat = self.seat_of(order)
        self.pass_deadline(seat.team_id)
        self.run_schedulers()
        self.assertEqual(seat.state, "lost")
        return seat

    def granted(self, name):
        """:return: what this shopper was owed for invites and tasks"""
        return self.env["pinbu.subsidy"].search(
            [
                ("partner_id", "=", self.user_of(name).partner_id.id),
                ("reason", "in", ("invite", "task")),
            ],
            order="id",
        )

    # === SCENES === #

    def test_scenes_of_shares(self):
        ann = self.log_in("Ann")
        own = self.get("/me/invites/scene", ann)
        self.assertLessEqual(len(own["scene"]), 32)
        self.assertEqual(own["path"], f"pages/index/index?scene={own['scene']}")
        self.assertEqual(self.get("/me/invites/scene", ann), own)
        team = self.buy(ann)["team"]
        share = self.call("POST", f"/teams/{team['token']}/share", {"channel": "friend"}, ann)
        self.assertEqual(share.status, 200, share.text)
        self.assertEqual(set(share.data), {"path", "scene", "title", "image_url", "poster_url"})
        self.assertEqual(share.data["scene"], team["share"]["scene"])
        meaning = self.get(f"/scenes/{share.data['scene']}")
        self.assertEqual((meaning["kind"], meaning["team_token"]), ("team", team["token"]))
        self.assertEqual(meaning["inviter"]["name"], "A**")
        # Somebody else shares the same team as somebody else.
        ben = self.log_in("Ben")
        other = self.call("POST", f"/teams/{team['token']}/share", {}, ben).data
        self.assertNotEqual(other["scene"], share.data["scene"])
        self.assertEqual(self.get(f"/scenes/{other['scene']}")["inviter"]["name"], "B**")
        for path, body in (
            ("/me/invites", None),
            ("/me/invites/scene", None),
            (f"/teams/{team['token']}/share", {}),
        ):
            answer = self.call("GET" if body is None else "POST", path, body)
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"), path)
        self.assertEqual(self.call("POST", "/teams/nope/share", {}, ann).status, 404)

    def test_channels(self):
        clerk = new_test_user(self.env, "channels", "pinbu_groupbuy.group_user")
        scene = (
            self.env["pinbu.scene"]
            .with_user(clerk)
            .create({"name": "A blog", "activity_id": self.activity.id})
        )
        self.assertLessEqual(len(scene.code), 32)
        self.assertTrue(scene.qr_code)
        self.env.flush_all()
        self.assertEqual(
            self.get(f"/scenes/{scene.code}"),
            {"kind": "channel", "inviter": None, "activity_id": self.activity.id},
        )
        self.assertEqual(self.call("GET", f"/scenes/{scene.code}0").status, 404)
        ann, ben = self.come("Ann", scene.code), self.log_in("Ben")
        self.buy(ann, inviter=scene.code)
        self.buy(ben, inviter=scene.code)
        self.order(self.log_in("Carl"), inviter=scene.code)
        scene.invalidate_recordset()
        self.assertEqual((scene.shopper_count, scene.order_count), (3, 2))
        # Whoever came by a channel is not brought by a shopper later.
        self.come("Ann", self.scene_of(ben))
        self.assertEqual(self.invite_of("Ann").scene_id, scene)
        self.assertFalse(self.invite_of("Ann").inviter_id)
        scene.active = False
        self.env.flush_all()
        self.assertEqual(self.call("GET", f"/scenes/{scene.code}").status, 404)

    # === BINDING === #

    def test_the_first_inviter_stays(self):
        ann, ben = self.log_in("Ann"), self.log_in("Ben")
        carl = self.come("Carl", self.scene_of(ann))
        self.come("Carl", self.scene_of(ben))
        team = self.buy(ben)["team"]
        order = self.buy(carl, team, inviter=team["share"]["scene"])
        self.assertEqual(self.invite_of("Carl").inviter_id.name, "Ann")
        # The seat says whose link it came by.
        self.assertEqual(self.seat_of(order).inviter_id.name, "Ben")
        shown = self.get("/me/invites", ann)
        self.assertEqual((shown["total"], shown["rewarded"]), (1, 0))
        [item] = shown["items"]
        self.assertEqual(set(item), {"name", "joined_at", "outcome", "reward"})
        self.assertEqual((item["name"], item["reward"]), ("C**", None))
        self.assertEqual(self.get("/me/invites", ben)["items"], [])

    def test_only_newcomers_are_brought(self):
        ann, ben, carl = (self.log_in(name) for name in ("Ann", "Ben", "Carl"))
        team = self.buy(ben)["team"]
        self.come("Ben", self.scene_of(ann))
        self.assertFalse(self.invite_of("Ben"))
        # A first order binds as well.
        self.buy(carl, team, inviter=self.scene_of(ann))
        self.assertEqual(self.invite_of("Carl").inviter_id.name, "Ann")
        # Nobody invites themselves, and nonsense invites nobody.
        self.come("Ann", self.scene_of(ann))
        self.come("Ann", "nonsense")
        self.assertFalse(self.invite_of("Ann"))

    # === REWARDS === #

    def test_a_friend_who_wins(self):
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        order = self.buy(carl)
        self.assertEqual(self.get("/me/invites", ann)["items"][0]["outcome"], "forming")
        self.buy(self.log_in("Stranger"), order["team"])
        self.run_schedulers()
        seat = self.seat_of(order)
        self.reward_invites()
        invite = self.invite_of("Carl")
        self.assertEqual((invite.state, invite.outcome), ("held", "won"))
        self.deliver(seat)
        self.reward_invites()
        self.assertEqual(invite.state, "held")
        self.assertAlmostEqual(
            invite.look_at, fields.Datetime.now() + timedelta(days=7), delta=timedelta(hours=1)
        )
        self.pass_days(6)
        self.reward_invites()
        self.assertFalse(self.granted("Ann"))
        self.pass_days(2)
        self.reward_invites()
        [subsidy] = self.granted("Ann")
        self.assertEqual((subsidy.type, subsidy.reason, subsidy.state), ("coupon", "invite", "due"))
        self.assertEqual(subsidy.program_id.reward_ids.discount, 5.0)
        self.assertEqual(subsidy, invite.subsidy_id)
        self.reward_invites(3)
        self.assertEqual(self.granted("Ann"), subsidy)
        shown = self.get("/me/invites", ann)
        self.assertEqual((shown["total"], shown["rewarded"]), (1, 1))
        self.assertEqual(shown["items"][0]["outcome"], "won")
        self.assertEqual(shown["items"][0]["reward"]["reason"], "invite")
        # One level: nothing for whoever brought Ann, and nothing for the friend.
        self.assertFalse(self.granted("Carl"))

    def test_a_return_in_time_earns_nothing(self):
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        seat = self.win("Carl", carl)
        self.deliver(seat)
        self.reward_invites()
        self.send_back(seat)
        self.reward_invites()
        invite = self.invite_of("Carl")
        self.assertEqual((invite.state, invite.void_reason), ("void", "returned"))
        self.pass_days(30)
        self.reward_invites()
        self.assertFalse(self.granted("Ann"))

    def test_what_a_clerk_puts_back_on_the_shelf_did_not_come_back(self):
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        self.warehouse.delivery_steps = "pick_ship"
        seat = self.win("Carl", carl)
        # Taken from the shelf, put back there, and taken again.
        self.deliver(seat)
        self.send_back(seat)
        picking = seat.order_id.picking_ids.filtered(lambda p: p.picking_type_code == "outgoing")
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.reward_invites()
        self.pass_days(8)
        self.reward_invites()
        self.assertEqual(self.granted("Ann").state, "due")

    def test_a_late_return_takes_the_reward_back(self):
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        seat = self.win("Carl", carl)
        self.deliver(seat)
        self.reward_invites()
        self.pass_days(8)
        self.reward_invites()
        self.assertEqual(self.granted("Ann").state, "due")
        seat.transaction_id.action_refund()
        self.env.flush_all()
        self.reward_invites()
        self.assertEqual(self.granted("Ann").state, "void")
        self.assertEqual(self.invite_of("Carl").state, "void")
        self.assertEqual(self.get("/me/invites", ann)["rewarded"], 0)

    def test_a_friend_who_loses_counts_with_the_first_delivery(self):
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        self.lose_one(carl)
        self.reward_invites()
        invite = self.invite_of("Carl")
        self.assertEqual((invite.state, invite.outcome), ("held", "lost"))
        seat = self.win("Carl", carl)
        self.reward_invites()
        self.assertEqual(invite.state, "held")
        self.deliver(seat)
        self.reward_invites()
        self.assertEqual(self.granted("Ann").program_id.reward_ids.discount, 3.0)
        # That order comes back: so does the reward.
        self.send_back(seat)
        self.reward_invites()
        self.assertEqual(self.granted("Ann").state, "void")

    def test_the_rule_of_the_activity_comes_first(self):
        manager = new_test_user(self.env, "rules", "pinbu_groupbuy.group_manager")
        self.env["pinbu.invite.rule"].with_user(manager).create(
            {"activity_id": self.activity.id, "type": "cash", "amount": 2.0, "outcome": "won"}
        )
        marketing = new_test_user(self.env, "marketing", "pinbu_groupbuy.group_user")
        with self.assertRaises(AccessError):
            self.env["pinbu.invite.rule"].with_user(marketing).create({"amount": 1.0})
        ann = self.log_in("Ann")
        carl = self.come("Carl", self.scene_of(ann))
        seat = self.win("Carl", carl)
        self.deliver(seat)
        self.reward_invites()
        # What the rule said then is kept.
        self.env["pinbu.invite.rule"].search([("activity_id", "!=", False)]).amount = 1.0
        self.pass_days(8)
        self.reward_invites()
        [subsidy] = self.granted("Ann")
        self.assertEqual((subsidy.type, subsidy.amount_minor), ("cash", 200))
        self.grant()
        self.assertEqual(self.balance(self.user_of("Ann").partner_id), 2.0)

    # === RINGS AND CAPS === #

    def test_one_person_who_is_two_earns_nothing(self):
        address = {
            "name": "A",
            "phone": "138 0000 5678",
            "province": "Shanghai",
            "city": "Shanghai",
            "street": "1, Long Lane",
        }
        ann = self.log_in("Ann")
        self.call("POST", "/me/addresses", address, ann)
        for name, changed in (
            ("Same phone", {"phone": "+86 13800005678", "street": "2 Lane"}),
            ("Same address", {"phone": "13900000000", "street": "1 long lane"}),
            ("Another", {"phone": "13900000001", "street": "3 Lane"}),
        ):
            token = self.come(name, self.scene_of(ann))
            self.call("POST", "/me/addresses", {**address, **changed}, token)
            self.win(name, token)
        self.reward_invites()
        found = {name: self.invite_of(name) for name in ("Same phone", "Same address", "Another")}
        self.assertEqual(
            {name: (invite.state, invite.void_reason) for name, invite in found.items()},
            {
                "Same phone": ("void", "ring"),
                "Same address": ("void", "ring"),
                "Another": ("held", False),
            },
        )

    def test_people_who_bring_each_other_earn_nothing(self):
        ann = self.log_in("Ann")
        ben = self.come("Ben", self.scene_of(ann))
        carl = self.come("Carl", self.scene_of(ben))
        self.come("Ann", self.scene_of(carl))
        for name, token in (("Ann", ann), ("Ben", ben), ("Carl", carl)):
            self.win(name, token)
        self.reward_invites()
        for name in ("Ann", "Ben", "Carl"):
            self.assertEqual(self.invite_of(name).void_reason, "ring", name)

    def test_what_a_circle_has_earned_is_taken_back(self):
        self.company.pinbu_return_days = 0
        self.env.flush_all()
        ann = self.log_in("Ann")
        ben = self.come("Ben", self.scene_of(ann))
        seat = self.win("Ben", ben)
        self.deliver(seat)
        self.reward_invites(3)
        self.assertEqual(self.granted("Ann").state, "due")
        # Ann, who has bought nothing yet, lets Ben bring her.
        self.come("Ann", self.scene_of(ben))
        self.win("Ann", ann)
        self.reward_invites(3)
        self.assertEqual(self.granted("Ann").state, "void")
        self.assertFalse(self.granted("Ben"))
        for name in ("Ann", "Ben"):
            self.assertEqual(self.invite_of(name).void_reason, "ring", name)

    def test_caps(self):
        self.company.write({"pinbu_invites_per_day": 2, "pinbu_invites_for_life": 3})
        self.env.flush_all()
        ann = self.log_in("Ann")
        for name in ("F1", "F2", "F3"):
            self.win(name, self.come(name, self.scene_of(ann)))
        self.reward_invites()
        self.assertEqual(
            [self.invite_of(f"F{n}").state for n in (1, 2, 3)], ["held"] * 2 + ["void"]
        )
        self.assertEqual(self.invite_of("F3").void_reason, "cap_day")
        # The next day there is room for one more in a life.
        self.env.cr.execute("UPDATE pinbu_invite SET decided_at = decided_at - interval '1 day'")
        self.env.invalidate_all()
        for name in ("F4", "F5"):
            self.win(name, self.come(name, self.scene_of(ann)))
        self.reward_invites()
        self.assertEqual(self.invite_of("F4").state, "held")
        self.assertEqual(self.invite_of("F5").void_reason, "cap_life")

    # === TASKS === #

    def test_bring_two_get_points(self):
        program = self.env["loyalty.program"].create(
            {"name": "Points", "program_type": "loyalty", "company_id": self.company.id}
        )
        self.env["pinbu.invite.task"].create(
            {"friends": 2, "type": "points", "points": 50, "program_id": program.id}
        )
        self.env["pinbu.invite.rule"].search([]).active = False
        self.company.pinbu_return_days = 0
        self.env.flush_all()
        ann = self.log_in("Ann")
        seats = []
        for name in ("F1", "F2", "F3"):
            seat = self.win(name, self.come(name, self.scene_of(ann)))
            self.deliver(seat)
            self.reward_invites(3)
            seats.append(seat)
            self.assertEqual(len(self.granted("Ann")), name > "F1")
        [task] = self.granted("Ann")
        self.assertEqual((task.reason, task.points), ("task", 50))
        # Two are left; then only one.
        self.send_back(seats[0])
        self.reward_invites()
        self.assertEqual(task.state, "due")
        self.send_back(seats[1])
        self.reward_invites()
        self.assertEqual(task.state, "void")
        # The friend who comes instead earns it anew.
        seat = self.win("F4", self.come("F4", self.scene_of(ann)))
        self.deliver(seat)
        self.reward_invites(3)
        self.assertEqual(self.granted("Ann").mapped("state"), ["void", "due"])

    # === WHO SEES WHAT === #

    def test_a_shopper_reads_no_invites_but_through_the_api(self):
        ann = self.log_in("Ann")
        self.come("Carl", self.scene_of(ann))
        for model in ("pinbu.invite", "pinbu.scene", "pinbu.invite.rule", "pinbu.invite.task"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.user_of("Ann")).search([])
        self.assertNotIn("Carl", str(self.get("/me/invites", ann)))

    def test_another_company_sees_none(self):
        ann = self.log_in("Ann")
        self.come("Carl", self.scene_of(ann))
        other = self.env["res.company"].create({"name": "Other shop"})
        self.assertEqual(
            self.env["pinbu.invite.rule"].search_count([("company_id", "=", other.id)]), 2
        )
        user = new_test_user(
            self.env,
            "other_shop",
            "pinbu_groupbuy.group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        mine = new_test_user(self.env, "this_shop", "pinbu_groupbuy.group_user")
        for model in ("pinbu.invite", "pinbu.invite.rule"):
            found = self.env[model].with_user(user).search([])
            self.assertLessEqual(found.company_id, other, model)
            self.assertTrue(self.env[model].with_user(mine).search([]), model)

    def test_the_list_costs_the_same_for_many(self):
        ann = self.log_in("Ann")
        for number in range(12):
            self.come(f"Friend {number}", self.scene_of(ann))
        partner = self.user_of("Ann").partner_id
        counts = []
        # The first one fills caches that are not of its records.
        for limit in (2, 2, 10):
            query = type("Query", (), {"limit": limit, "cursor": None})
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            shown = self.env["pinbu.invite"]._api_list(partner, query)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(shown["items"]), limit)
        self.assertEqual(counts[1], counts[2])
