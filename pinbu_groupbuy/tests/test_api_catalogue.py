"""The shop's first page, its zones, and finding an activity."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..api import paging
from ..pinyin import searchable
from .api_common import BASE, ApiCase
from .test_api_shop import picture


@tagged("post_install", "-at_install")
class TestApiCatalogue(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        others = cls.env["pinbu.activity"].search([("id", "!=", cls.activity.id)])
        others.is_published = False

    def listed(self, query=""):
        answer = self.call("GET", f"/activities?{query}")
        self.assertEqual(answer.status, 200, answer.text)
        return [item["id"] for item in answer.data["items"]]

    # === ZONES AND HOME === #

    def test_zones(self):
        flash = self.make_activity(name="Flash", zone="flash")
        today = self.make_activity(name="Today", zone="today")
        self.assertEqual(self.listed("zone=flash"), flash.ids)
        self.assertEqual(self.listed("zone=today"), today.ids)
        shown = self.call("GET", f"/activities/{flash.id}").data
        self.assertEqual(shown["zone"], "flash")
        self.assertIsNone(self.call("GET", f"/activities/{self.activity.id}").data["zone"])

    def test_home_names_zones_with_their_ends(self):
        self.assertEqual(self.call("GET", "/home").data["zones"], [])
        self.company.partner_id.tz = "Asia/Shanghai"
        end = fields.Datetime.now().replace(microsecond=0) + timedelta(days=3)
        self.make_activity(zone="today")
        self.make_activity(zone="flash", ends_at=end)
        self.make_activity(zone="flash", ends_at=end + timedelta(days=1))
        today, flash = self.call("GET", "/home").data["zones"]
        self.assertEqual((today["code"], flash["code"]), ("today", "flash"))
        self.assertEqual(today["title"], "Today's Deals")
        self.assertTrue(today["ends_at"].endswith("T16:00:00Z"), "midnight in Shanghai")
        self.assertLess(fields.Datetime.now(), self.moment(today["ends_at"]))
        self.assertLessEqual(
            self.moment(today["ends_at"]), fields.Datetime.now() + timedelta(days=1)
        )
        self.assertEqual(self.moment(flash["ends_at"]), end)

    def moment(self, text):
        return fields.Datetime.from_string(text.replace("T", " ").rstrip("Z"))

    def test_home_shows_banners_that_lead_somewhere(self):
        marketing = new_test_user(self.env, "marketing", groups="pinbu_groupbuy.group_user")
        banners = self.env["pinbu.banner"].with_user(marketing)
        image = base64.b64encode(picture((1500, 600)))
        now = fields.Datetime.now()
        gone = self.make_activity()
        gone.action_end_now()
        elsewhere = self.env["res.company"].create({"name": "Other shop"})
        plain, offer, *hidden = [
            banners.sudo(bool(values.get("company_id"))).create(
                {"name": "Banner", "image_1920": image, **values}
            )
            for values in (
                {"path": "pages/rules/index", "sequence": 2},
                {
                    "activity_id": self.activity.id,
                    "sequence": 1,
                    "starts_at": now - timedelta(hours=1),
                    "ends_at": now + timedelta(hours=1),
                },
                {"starts_at": now + timedelta(hours=1)},
                {"ends_at": now - timedelta(hours=1)},
                {"activity_id": gone.id},
                {"active": False},
                {"company_id": elsewhere.id},
            )
        ]
        answer = self.call("GET", "/home")
        self.assertEqual(
            [banner["path"] for banner in answer.data["banners"]],
            [f"pages/activity/index?scene=a{self.activity.id}", "pages/rules/index"],
        )
        url = answer.data["banners"][0]["image_url"]
        served = self.url_open(url[url.index(BASE) :])
        self.assertEqual(served.headers["Content-Type"], "image/png")
        for banner in hidden:
            self.assertEqual(self.call("GET", f"/images/banners/{banner.id}").status, 404)
        again = self.call("GET", "/home", headers={"If-None-Match": answer.headers["ETag"]})
        self.assertEqual(again.status, 304)
        offer.unlink()
        plain.unlink()
        self.assertEqual(self.call("GET", "/home").data["banners"], [])

    def test_a_shopper_makes_no_banner(self):
        self.log_in("Ann")
        banners = self.env["pinbu.banner"].with_user(self.user_of("Ann"))
        with self.assertRaises(AccessError):
            banners.create({"name": "Mine", "image_1920": base64.b64encode(picture())})

    def test_home_shows_categories_with_something_in_them(self):
        image = base64.b64encode(picture())
        categories = self.env["pinbu.activity.category"]
        snacks = categories.create({"name": "Snacks", "image_1920": image, "sequence": -2})
        nuts = categories.create({"name": "Nuts", "sequence": -1})
        empty = categories.create({"name": "Empty", "image_1920": image})
        self.activity.category_id = snacks
        self.make_activity(category_id=nuts.id)
        shown = self.call("GET", "/home").data["categories"]
        self.assertEqual([one["id"] for one in shown], (snacks + nuts).ids)
        self.assertIsNone(shown[1]["image_url"])
        url = shown[0]["image_url"]
        self.assertEqual(self.url_open(url[url.index(BASE) :]).status_code, 200)
        self.assertEqual(self.call("GET", f"/images/categories/{empty.id}").status, 404)

    # === SEARCH === #

    def test_search_by_chinese_pinyin_and_initials(self):
        nuts = self.make_activity(name="每日坚果 · 双人团")
        self.activity.name = "重庆薯片３包装"
        for words, found in (
            ("坚果", nuts),
            ("双人 坚果", nuts),
            ("jianguo", nuts),
            ("mrjg", nuts),
            ("MRJG", nuts),
            ("薯片3包", self.activity),
            ("ＳＰ３", self.activity),
            ("chongqing", self.activity),
            ("cqsp", self.activity),
            ("crisps", nuts + self.activity),  # the product's name
            ("坚果 薯片", nuts.browse()),
            ("%", nuts.browse()),
            ("_", nuts.browse()),
            ("\\\\", nuts.browse()),
        ):
            with self.subTest(words=words):
                self.assertEqual(
                    sorted(self.listed(f"q={words.replace('%', '%25')}")), sorted(found.ids)
                )

    def test_search_follows_names(self):
        self.assertEqual(self.listed("q=chaxin"), [])
        category = self.env["pinbu.activity.category"].create({"name": "茶"})
        self.activity.category_id = category
        self.assertEqual(self.listed("q=茶"), self.activity.ids)
        category.name = "茶新"
        self.assertEqual(self.listed("q=chaxin"), self.activity.ids)
        self.product.product_tmpl_id.name = "Oolong"
        self.assertEqual(self.listed("q=oolo"), self.activity.ids)
        self.env["res.lang"]._activate_lang("zh_CN")
        self.activity.with_context(lang="zh_CN").name = "乌龙"
        self.assertEqual(self.listed("q=wulong"), self.activity.ids)
        self.assertEqual(self.listed("q=three"), self.activity.ids, "by any language")

    def test_what_is_stored_for_a_search(self):
        self.assertEqual(searchable(["薯片 A", "", None, "薯片 A"]), "薯片 a\nshupiana\nspa")
        self.assertEqual(searchable(["Crisps"]), "crisps")

    # === PAGES === #

    def turn_pages(self, query, between):
        """:return: the ids of all pages; `between(number of the page)` runs after each"""
        seen, cursor, number = [], "", 0
        while cursor is not None:
            page = self.call("GET", f"/activities?limit=2&{query}{cursor}").data
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
            number += 1
            between(number)
        return seen

    def test_pages_stay_whole_while_rows_change_their_place(self):
        activities = self.activity
        for number in range(6):
            activities += self.make_activity(price=10 + number)
        lines = activities.line_ids

        def sell(number):
            # What was last sells best, what was first no longer does, and both change their price.
            for line, taken, price in ((lines[-number], 50 + number, 1), (lines[number], 0, 20)):
                self.env.cr.execute(
                    "UPDATE pinbu_activity_line SET quota_taken = %s, group_price = %s"
                    " WHERE id = %s",
                    [taken, price, line.id],
                )
            self.env.invalidate_all()

        for sort in ("hot", "price"):
            seen = self.turn_pages(f"sort={sort}", sell)
            self.assertEqual(sorted(seen), sorted(activities.ids), sort)

    def test_pages_beyond_what_a_cursor_can_name(self):
        activities = self.activity
        for _number in range(6):
            activities += self.make_activity()
        with patch.object(paging, "MAX_SHOWN", 3):
            seen = self.turn_pages("sort=ending", lambda number: None)
        self.assertEqual(sorted(seen), sorted(activities.ids))
        self.assertEqual(len(seen), len(activities))

    def test_a_cursor_of_many_ids_is_short(self):
        ids = list(range(5, 5 + 3 * paging.MAX_SHOWN, 3))
        cursor = paging.encode_cursor("k", [1.5, 2], reversed(ids))
        self.assertLess(len(cursor), 1500)
        self.assertEqual(paging.decode_cursor(self.env, "k", cursor, 2), ([1.5, 2], ids))
        far = [2**31 - 1]
        cursor = paging.encode_cursor("k", [1], far)
        self.assertEqual(paging.decode_cursor(self.env, "k", cursor, 1)[1], far)

    def test_made_up_cursors(self):
        self.make_activity()
        cursor = self.call("GET", "/activities?limit=1").data["next_cursor"]
        start = cursor.split(".")[0]
        for made_up in (
            f"{start}.gA",  # a number that does not end
            f"{start}.______9_",  # beyond any id
            f"{start}.{'AA' * 2000}",  # more than were shown
            "x",
        ):
            answer = self.call("GET", f"/activities?limit=1&cursor={made_up}")
            self.assertEqual((answer.status, answer.code), (400, "invalid_cursor"), made_up)

    # === REVIEWS === #

    def test_no_reviews_of_what_nobody_has_rated(self):
        answer = self.call("GET", f"/activities/{self.activity.id}/reviews")
        self.assertEqual(answer.data, {"items": [], "next_cursor": None})
        shown = self.call("GET", f"/activities/{self.activity.id}").data
        self.assertIsNone(shown["product"]["rating"])
