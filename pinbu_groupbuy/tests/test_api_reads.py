import base64
import io
from datetime import timedelta

from PIL import Image

from odoo import Command, fields
from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.api import render, scenes, schemas

from .api_common import ApiCase
from .common import GroupBuyMixin

ACTIVITY_FIELDS = {
    "id",
    "name",
    "mode",
    "state",
    "zone",
    "category",
    "image_url",
    "product",
    "attributes",
    "variants",
    "currency",
    "list_price",
    "group_price",
    "size",
    "tiers",
    "leader_price",
    "starts_at",
    "ends_at",
    "validity_hours",
    "limit_per_user",
    "quota",
    "sold",
    "can_open",
    "can_join",
    "subsidy",
    "rules",
    "best_team",
    "team_token",
    "teams_forming",
    "participants",
    "delivery",
    "share",
    "viewer",
    "server_time",
}
TEAM_FIELDS = {
    "token",
    "activity",
    "state",
    "size",
    "seats_paid",
    "seats_held",
    "missing",
    "deadline",
    "opened_at",
    "finished_at",
    "leader",
    "members",
    "members_total",
    "share",
    "failure",
    "live",
    "viewer",
    "server_time",
}


def picture():
    data = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(data, "PNG")
    return base64.b64encode(data.getvalue())


@tagged("post_install", "-at_install")
class TestApiReads(ApiCase):
    def test_activity(self):
        path = f"/activities/{self.activity.id}"
        shown = self.call("GET", path)
        self.assertEqual(shown.data.keys(), ACTIVITY_FIELDS)
        self.assertEqual(shown.data["state"], "running")
        self.assertEqual((shown.data["list_price"], shown.data["group_price"]), (3000, 1990))
        self.assertEqual(shown.data["variants"][0]["product_id"], self.product.id)
        self.assertEqual(shown.data["variants"][0]["available"], 100)
        self.assertTrue(shown.data["can_open"])
        self.assertIsNone(shown.data["viewer"])
        self.assertEqual(shown.headers["Cache-Control"], "public, max-age=1, s-maxage=1")
        token = self.log_in("Ann")
        mine = self.call("GET", path, token=token)
        self.assertEqual(mine.headers["Cache-Control"], "private")
        for answer in (shown, mine):
            self.assertEqual(answer.headers["Vary"], "Authorization, Accept-Language")
        self.assertEqual(mine.data["viewer"]["remaining"], self.activity.limit_per_user or None)
        order = self.buy(token)
        mine = self.call("GET", path, token=token).data
        self.assertEqual(mine["viewer"]["team_token"], order["team"]["token"])
        self.assertEqual(mine["best_team"]["token"], order["team"]["token"])
        self.assertEqual((mine["sold"], mine["participants"]), (1, 1))
        self.assertTrue(mine["can_join"])

    def test_what_is_not_published_does_not_exist(self):
        hidden = self.make_activity(publish=False)
        other = self.env["res.company"].create({"name": "Other shop"})
        for path in ("", "/teams"):
            answer = self.call("GET", f"/activities/{hidden.id}{path}")
            self.assertEqual((answer.status, answer.code), (404, "not_found"))
        self.assertEqual(self.call("GET", f"/images/activities/{hidden.id}").status, 404)
        self.env.cr.execute(
            "UPDATE pinbu_activity SET company_id = %s WHERE id = %s", [other.id, self.activity.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.call("GET", f"/activities/{self.activity.id}").status, 404)

    def test_list(self):
        cheap = self.make_activity(name="Cheap", price=1.5, sequence=20)
        soon = self.make_activity(
            name="Soon", sequence=30, ends_at=fields.Datetime.now() + timedelta(days=2)
        )
        past = self.make_activity()
        past.action_end_now()
        ours = self.activity | cheap | soon | past
        self.env["pinbu.activity"].search([("id", "not in", ours.ids)]).is_published = False

        def listed(query=""):
            items = self.call("GET", f"/activities?{query}").data["items"]
            return self.env["pinbu.activity"].browse(item["id"] for item in items)

        self.assertEqual(listed(), self.activity + cheap + soon)
        self.assertEqual(listed("sort=price")[0], cheap)
        self.assertEqual(listed("sort=ending")[0], soon)
        self.assertEqual(listed("sort=new")[0], soon)
        self.buy(self.log_in("Ann"), activity_id=cheap.id)
        self.assertEqual(listed("sort=hot")[0], cheap)
        self.assertEqual(listed("q=chea"), cheap)
        self.assertEqual(listed("mode=super"), past.browse())
        self.assertEqual(listed("mode=trial"), past.browse())
        for sort in ("", "&sort=price", "&sort=ending", "&sort=new", "&sort=hot"):
            seen, cursor = [], ""
            while cursor is not None:
                page = self.call("GET", f"/activities?limit=1{sort}{cursor}").data
                seen += [item["id"] for item in page["items"]]
                cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
            self.assertEqual(seen, listed(sort).ids, sort)

    def test_teams_of_an_activity(self):
        self.activity.limit_per_user = 0
        first = self.buy(self.log_in("Ann"))["team"]
        second = self.buy(self.log_in("Bob"))["team"]
        path = f"/activities/{self.activity.id}/teams"
        teams = self.call("GET", path).data["items"]
        self.assertEqual([team["token"] for team in teams], [first["token"], second["token"]])
        self.buy(self.log_in("Cat"), second)
        teams = self.call("GET", path).data["items"]
        self.assertEqual([team["token"] for team in teams], [second["token"], first["token"]])
        page = self.call("GET", f"{path}?limit=1").data
        rest = self.call("GET", f"{path}?limit=1&cursor={page['next_cursor']}").data
        self.assertEqual(rest["items"][0]["token"], first["token"])
        # Full, or about to end: nothing to join.
        self.buy(self.log_in("Dan"), second)
        self.env.cr.execute(
            "UPDATE pinbu_team SET deadline = (now() AT TIME ZONE 'UTC') + interval '1 minute'"
            " WHERE token = %s",
            [first["token"]],
        )
        self.env.invalidate_all()
        self.assertEqual(self.call("GET", path).data["items"], [])

    def test_team(self):
        ann = self.log_in("张三")
        order = self.buy(ann)
        path = f"/teams/{order['team']['token']}"
        team = self.call("GET", path)
        self.assertEqual(team.data.keys(), TEAM_FIELDS)
        self.assertEqual(team.data["leader"], {"name": "张**", "avatar_url": None})
        self.assertEqual([m["name"] for m in team.data["members"]], ["张**"])
        self.assertNotIn("张三", team.text)
        self.assertEqual(team.headers["Cache-Control"], "public, max-age=1, s-maxage=1")
        bob = self.log_in("Bob")
        self.order(bob, order["team"])
        team = self.call("GET", path, token=bob).data
        self.assertEqual((team["seats_paid"], team["seats_held"], team["missing"]), (1, 1, 2))
        self.assertEqual(team["viewer"]["is_member"], False)
        self.assertTrue(team["viewer"]["order_id"])
        members = self.call("GET", f"{path}/members").data
        self.assertEqual([m["name"] for m in members["items"]], ["张**"])
        self.assertEqual(self.call("GET", "/teams/nope/members").status, 404)

    def test_unchanged_reads_are_304(self):
        token = self.log_in("Ann")
        team = self.buy(token)["team"]["token"]
        activity = f"/activities/{self.activity.id}"
        for path in ("/activities", activity, f"{activity}/teams", f"/teams/{team}"):
            first = self.call("GET", path)
            tag = first.headers["ETag"]
            same = self.call("GET", path, headers={"If-None-Match": tag})
            self.assertEqual((same.status, same.text), (304, ""), path)
            self.assertEqual(same.headers["ETag"], tag)
            # The server's own, and only that.
            self.assertEqual(same.headers["Date"].count("GMT"), 1)
            mine = self.call("GET", path, token=token, headers={"If-None-Match": tag})
            self.assertEqual(mine.status, 200, path)
            self.assertNotEqual(mine.headers["ETag"], tag)
        path = f"/teams/{team}"
        tag = self.call("GET", path).headers["ETag"]
        self.buy(self.log_in("Bob"), {"token": team})
        self.assertEqual(self.call("GET", path, headers={"If-None-Match": tag}).status, 200)

    def test_images(self):
        self.assertIsNone(self.call("GET", f"/activities/{self.activity.id}").data["image_url"])
        self.assertEqual(self.call("GET", f"/images/activities/{self.activity.id}").status, 404)
        self.product.image_1920 = picture()
        self.activity.image_1920 = self.product.image_1920
        self.env.flush_all()
        url = self.call("GET", f"/activities/{self.activity.id}").data["image_url"]
        answer = self.url_open(url)
        self.assertEqual(answer.headers["Content-Type"], "image/png")
        self.assertIn("immutable", answer.headers["Cache-Control"])
        missing = f"/images/activities/{self.activity.id}/{2**31 - 1}"
        self.assertEqual(self.call("GET", missing).code, "not_found")

    def test_scenes(self):
        ann = self.log_in("Ann")
        team = self.buy(ann)["team"]
        scene = team["share"]["scene"]
        self.assertLessEqual(len(scene), 32)
        self.assertEqual(team["share"]["path"], f"pages/team/index?scene={scene}")
        meaning = self.call("GET", f"/scenes/{scene}").data
        self.assertEqual(meaning["kind"], "team")
        self.assertEqual(meaning["team_token"], team["token"])
        self.assertEqual(meaning["inviter"], {"name": "A**", "avatar_url": None})
        share = self.call("GET", f"/activities/{self.activity.id}").data["share"]
        meaning = self.call("GET", f"/scenes/{share['scene']}").data
        self.assertEqual(
            meaning, {"kind": "activity", "activity_id": self.activity.id, "inviter": None}
        )
        for unknown in ("x", "t", "tnope", "a0", "a99999999", "aé", "a1.zzzzzz", "t.x", "s"):
            self.assertEqual(self.call("GET", f"/scenes/{unknown}").status, 404, unknown)

    def test_nobody_makes_up_the_scene_of_somebody(self):
        ann = self.log_in("Ann")
        scene = self.buy(ann)["team"]["share"]["scene"]
        shared, _dot, who = scene.partition(".")
        for made_up in (
            scene[:-1] + ("0" if scene[-1] != "0" else "1"),
            f"{shared}.{'1' * len(who)}",
            # Who shared one thing did not share another.
            f"a{self.activity.id}.{who}",
            f"s.{who}",
        ):
            self.assertEqual(self.call("GET", f"/scenes/{made_up}").status, 404, made_up)

    def test_a_shoppers_own_scene_leads_to_no_offer(self):
        self.log_in("Ann")
        scene = scenes.encode(self.env, "shopper", "", self.user_of("Ann").partner_id)
        self.assertEqual(
            self.call("GET", f"/scenes/{scene}").data,
            {"kind": "channel", "inviter": {"name": "A**", "avatar_url": None}},
        )

    def test_a_scene_of_somebody_who_is_no_shopper(self):
        scene = scenes.encode(
            self.env, "activity", self.activity.id, self.env.ref("base.partner_admin")
        )
        self.assertIsNone(self.call("GET", f"/scenes/{scene}").data["inviter"])

    def test_config_and_health(self):
        config = self.call("GET", "/config").data
        self.assertEqual(config["shop"]["name"], self.company.name)
        self.assertEqual(
            config.keys(), {"shop", "consent_version", "subscribe_templates", "timezone"}
        )
        health = self.call("GET", "/health")
        self.assertEqual(health.status, 200)
        self.assertEqual(health.data["status"], "ok")
        self.assertIn("oldest_due_settlement_seconds", health.data)


@tagged("post_install", "-at_install")
class TestApiRendering(GroupBuyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop(size=3)
        cls.viewer = cls.shopper("Viewer")

    def queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        function()  # what is cached for good is cached now
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        return self.env.cr.sql_log_count - before

    def assertConstant(self, records, render):
        """Rendering many takes as many queries as rendering one."""
        self.assertGreater(len(records), 2)
        one = self.queries(lambda: render(records[:1]))
        self.assertLessEqual(self.queries(lambda: render(records)), one)

    def test_activities_take_constant_queries(self):
        for number in range(4):
            activity = self.make_activity(
                name=f"Activity {number}",
                category_id=self.env["pinbu.activity.category"].create({"name": f"C{number}"}).id,
                image_ids=[Command.create({"image_1920": picture()})],
            )
            self.join(self.shopper("Leader"), activity=activity)
        activities = self.env["pinbu.activity"].search([("company_id", "=", self.company.id)])
        self.assertConstant(activities, lambda records: records._to_api())
        self.assertConstant(activities, lambda records: records._to_api(self.viewer))

    def test_teams_take_constant_queries(self):
        teams = self.env["pinbu.team"]
        for number in range(4):
            team = self.join(self.shopper(f"Leader {number}")).team_id
            self.join(self.shopper(f"Member {number}"), team)
            teams |= team
        self.assertConstant(teams, lambda records: records._to_api())
        self.assertConstant(teams, lambda records: records._to_api(self.viewer))

    def test_orders_take_constant_queries(self):
        self.activity.limit_per_user = 0
        orders = self.env["sale.order"]
        for _number in range(4):
            orders |= self.join(self.viewer).order_id
        self.assertConstant(orders, lambda records: records._to_api())

    def test_variants(self):
        attribute = self.env["product.attribute"].create(
            {
                "name": "Taste",
                "value_ids": [Command.create({"name": n}) for n in ("Salt", "Chili")],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "Crisps with taste",
                "list_price": 30,
                "taxes_id": False,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        first, second = template.product_variant_ids
        activity = self.make_activity(
            product=first,
            line_ids=[
                Command.create({"product_id": first.id, "group_price": 10, "quota": 5}),
                Command.create({"product_id": second.id, "group_price": 9.99, "quota": 6}),
            ],
        )
        shown = activity._to_api()[0]
        self.assertEqual(shown["attributes"][0]["name"], "Taste")
        values = {value["id"]: value["name"] for value in shown["attributes"][0]["values"]}
        self.assertEqual(sorted(values.values()), ["Chili", "Salt"])
        self.assertEqual([v["name"] for v in shown["variants"]], ["Salt", "Chili"])
        self.assertEqual([v["group_price"] for v in shown["variants"]], [1000, 999])
        self.assertEqual(values[shown["variants"][0]["value_ids"][0]], "Salt")
        self.assertEqual((shown["group_price"], shown["quota"]), (999, 11))

    def test_money_in_minor_units(self):
        yuan, yen = self.env.ref("base.CNY"), self.env.ref("base.JPY")
        for amount, minor in ((19.9, 1990), (0.1 + 0.2, 30), (1.005, 101), (0, 0), (1e7, 10**9)):
            self.assertEqual(render.to_minor(amount, yuan), minor)
        self.assertEqual(render.to_minor(500.0, yen), 500)

    def test_masks(self):
        self.assertEqual(render.mask_name("张三"), "张**")
        self.assertEqual(render.mask_name(" "), "**")
        self.assertEqual(render.mask_phone("13800005678"), "138****5678")
        self.assertEqual(render.mask_phone("1234567"), "****")
        self.assertIsNone(render.mask_phone(False))

    def test_scenes_hide_ids_and_come_back(self):
        for number in (1, 7, 65535, 65536, 2**31 - 1):
            partner = self.env["res.partner"].browse(number)
            for kind, ref in (("team", self.env["pinbu.team"]._new_token()), ("activity", "7")):
                scene = scenes.encode(self.env, kind, ref, partner)
                self.assertLessEqual(len(scene), 32)
                self.assertEqual(scenes.decode(self.env, scene), (kind, ref, number))
                # One digit is in many a code by chance; a whole number is not.
                if number > 9:
                    self.assertNotIn(str(number), scene[1 + len(ref) :])

    def test_super_team_is_led_by_the_merchant(self):
        activity = self.make_activity(mode="super", size=100)
        team = activity.super_team_id
        self.assertEqual(activity._to_api()[0]["team_token"], team.token)
        shown = team._to_api()[0]
        self.assertEqual(shown["leader"]["name"], self.company.name)
        self.assertEqual((shown["members"], shown["members_total"]), ([], 0))

    def test_members_shown_and_members_in_all(self):
        activity = self.make_activity(size=20, max_quantity=1)
        team = self.join(self.shopper("Leader"), activity=activity).team_id
        others = self.env["res.partner"].create([{"name": f"Member {n}"} for n in range(24)])
        # The rest joins without orders: only the count matters here.
        self.env.cr.execute(
            """
            INSERT INTO pinbu_seat (team_id, activity_id, line_id, product_id, quantity, partner_id,
                                    company_id, stock_policy, state, is_leader, paid_at)
            SELECT team_id, activity_id, line_id, product_id, 1, partner.id, seat.company_id,
                   stock_policy, 'paid', FALSE, seat.paid_at + interval '1 minute'
              FROM pinbu_seat seat, res_partner partner
             WHERE seat.team_id = %s AND partner.id = ANY(%s)
            """,
            [team.id, others.ids],
        )
        self.env.invalidate_all()
        shown = team._to_api()[0]
        self.assertEqual(len(shown["members"]), 20)
        self.assertTrue(shown["members"][0]["is_leader"])
        self.assertEqual(shown["members_total"], 25)
        query = schemas.PageQuery(limit=100)
        self.assertEqual(len(team._api_members(query)[0]), 25)
