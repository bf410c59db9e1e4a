"""Pages that are built once: never another shopper's, and never older than what is committed."""

import re
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.sql_db import Cursor
from odoo.tests import TransactionCase, tagged

from ..api import live
from ..hooks import uninstall_hook
from .api_common import ApiCase
from .common import GroupBuyMixin
from .concurrent_common import ConcurrentCase
from .test_api_reads import picture

# Named in the versions of teams and activities, or the same for as long as a registry lives.
NAMED = {
    "pinbu_activity_terms",  # never changed
    "pinbu_live_change",
    "pinbu_seat",
    "pinbu_team",
    "res_partner",  # of the members shown
    "res_users",
    "stock_quant",
}
TABLE = re.compile(r'\b(?:FROM|JOIN)\s+"?([a-z_0-9]+)"?', re.IGNORECASE)


def forget(env):
    """As a worker that has just begun."""
    env["pinbu.live"]._memory().__init__()


class LivePagesMixin(GroupBuyMixin):
    def tables_read(self, function):
        """:return: the database's tables that `function` reads, with nothing in the ORM's cache"""
        self.env.flush_all()
        self.env.invalidate_all()
        read = set()
        execute = Cursor.execute

        def spy(cr, query, *args, **kwargs):
            read.update(TABLE.findall(getattr(query, "code", query)))
            return execute(cr, query, *args, **kwargs)

        with patch.object(Cursor, "execute", spy):
            function()
        self.env.cr.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return read & {row[0] for row in self.env.cr.fetchall()}

    def assertAllWatched(self, records):
        """Whatever these pages show is watched by triggers or named in their versions."""
        read = self.tables_read(lambda: records._to_api())
        self.assertIn(records._table, read)
        # Pictures by triggers of their own.
        watched = {*self.env["pinbu.live"]._watched_columns(), "ir_attachment"}
        self.assertFalse(read - watched - NAMED, "missing in pinbu.live._watched_columns")


@tagged("post_install", "-at_install")
class TestWatchedTables(LivePagesMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def test_activity(self):
        self.activity.category_id = self.env["pinbu.activity.category"].create({"name": "Nuts"})
        self.activity.image_ids = [Command.create({"image_1920": picture()})]
        self.join(self.shopper("Ann"))
        self.assertAllWatched(self.activity)

    def test_team(self):
        self.assertAllWatched(self.join(self.shopper("Ann")).team_id)

    def test_a_table_that_came_later_is_watched(self):
        trigger = "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'pinbu_live'"
        self.env.cr.execute("DROP TRIGGER pinbu_live ON product_category")
        self.env["pinbu.live"]._register_hook()
        self.env.cr.execute(trigger, ["product_category"])
        self.assertTrue(self.env.cr.fetchone())

    def test_nothing_of_it_outlives_the_module(self):
        uninstall_hook(self.env)
        self.env.cr.execute("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname ~ 'pinbu_live'")
        self.assertFalse(self.env.cr.fetchall())
        self.product.product_tmpl_id.list_price += 1
        self.env.flush_all()

    def test_columns_exist(self):
        """A column that was renamed would be watched no more."""
        for table, columns in self.env["pinbu.live"]._watched_columns().items():
            self.env.cr.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )
            self.assertLessEqual(set(columns), {row[0] for row in self.env.cr.fetchall()}, table)


@tagged("post_install", "-at_install")
class TestLivePages(ApiCase):
    def setUp(self):
        super().setUp()
        self.ann, self.bob = self.log_in("Ann"), self.log_in("Bob")
        self.team = self.buy(self.ann)["team"]["token"]
        self.paths = (
            "/activities",
            f"/activities/{self.activity.id}",
            f"/activities/{self.activity.id}/teams",
            f"/teams/{self.team}",
        )

    def shown(self, path, token=None):
        """What a caller sees, whether it was kept or not."""
        kept = self.call("GET", path, token=token)
        forget(self.env)
        built = self.call("GET", path, token=token)
        self.assertEqual(kept.status, built.status)
        self.assertEqual(kept.headers["ETag"], built.headers["ETag"], path)
        return kept

    def see_all(self):
        return {
            (path, token): self.shown(path, token).headers["ETag"]
            for path in self.paths
            for token in (None, self.ann, self.bob)
        }

    def assertChanges(self, change, *, paths=None):
        """Each of the pages is another one after `change`, for everybody."""
        before = self.see_all()
        change()
        self.env.flush_all()
        after = self.see_all()
        for page in before:
            if page[0] in (paths or self.paths):
                self.assertNotEqual(before[page], after[page], page)

    def set(self, record, **values):
        self.assertChanges(lambda: record.write(values))

    def sql(self, query, *params):
        self.env.cr.execute(query, params)
        self.env.invalidate_all()

    def test_the_catalogue_changes(self):
        self.set(self.activity, name="Crisps again")
        self.set(self.activity, image_1920=picture())
        self.set(self.activity.line_ids, group_price=18)
        activity_paths = self.paths[:2]
        self.assertChanges(
            lambda: self.product.product_tmpl_id.write({"list_price": 40}), paths=activity_paths
        )
        self.assertChanges(
            lambda: self.activity.write({"rules_text": "<p>Be kind.</p>"}), paths=activity_paths
        )
        self.assertChanges(lambda: self.activity.write({"is_stopped": True}), paths=activity_paths)

    def test_stock_changes(self):
        quant = self.product.stock_quant_ids.filtered(
            lambda quant: quant.location_id.usage == "internal"
        )
        self.assertChanges(
            lambda: quant.with_context(inventory_mode=True).write({"quantity": 7}),
            paths=self.paths[:2],
        )

    def test_a_team_fills_up(self):
        cat = self.log_in("Cat")
        held = {}
        self.assertChanges(
            lambda: held.update(self.order(cat, {"token": self.team}).data), paths=self.paths[2:]
        )
        self.assertChanges(lambda: self.buy(self.log_in("Dan"), {"token": self.team}))
        reference = self.call("POST", f"/orders/{held['id']}/payment", {}, cat, "pay").data
        # The last place: nothing to join here any more.
        self.assertChanges(
            lambda: self.provider_notifies(reference["reference"]),
            paths=[path for path in self.paths if not path.endswith("/teams")],
        )

    def test_a_member_changes_their_name(self):
        self.assertChanges(
            lambda: self.user_of("Ann").partner_id.write({"name": "Zoe"}), paths=self.paths[2:]
        )

    def test_a_hold_lapses(self):
        self.order(self.log_in("Cat"), {"token": self.team})
        self.assertChanges(
            lambda: self.sql(
                "UPDATE pinbu_seat SET hold_until = (now() AT TIME ZONE 'UTC') WHERE state = 'held'"
            ),
            paths=self.paths[2:],
        )

    def test_a_deadline_passes(self):
        self.assertChanges(
            lambda: self.sql(
                "UPDATE pinbu_team SET deadline = (now() AT TIME ZONE 'UTC') WHERE token = %s",
                self.team,
            )
        )
        self.assertEqual(self.call("GET", f"/teams/{self.team}").data["state"], "failed")

    def test_nobody_sees_what_is_anothers(self):
        for _round in range(2):
            for path in self.paths:
                found = {}
                for name, token in (("Ann", self.ann), ("Bob", self.bob), (None, None)):
                    answer = self.call("GET", path, token=token)
                    item = answer.data["items"][0] if "items" in answer.data else answer.data
                    found[name] = item["viewer"], item["share"]["scene"]
                    if not name:
                        self.assertIsNone(item["viewer"])
                        self.assertNotIn(".", item["share"]["scene"])
                self.assertEqual(len({scene for _viewer, scene in found.values()}), 3, path)
                self.assertNotEqual(found["Ann"][0], found["Bob"][0], path)
        viewer = self.call("GET", f"/teams/{self.team}", token=self.bob).data["viewer"]
        self.assertEqual((viewer["is_member"], viewer["order_id"]), (False, None))

    def test_languages_and_hosts_are_kept_apart(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.activity.with_context(lang="zh_CN").name = "三包薯片"
        self.env.flush_all()
        path = f"/activities/{self.activity.id}"
        for _round in range(2):
            self.assertEqual(self.call("GET", path).data["name"], self.activity.name)
            chinese = self.call("GET", path, headers={"Accept-Language": "zh-CN"})
            self.assertEqual(chinese.data["name"], "三包薯片")
        self.activity.image_1920 = picture()
        self.env.flush_all()
        for host in ("shop.example", "other.example", "shop.example"):
            url = self.call("GET", path, headers={"Host": host}).data["image_url"]
            self.assertTrue(url.startswith(f"http://{host}/"), url)

    def test_headers(self):
        for path in self.paths:
            answer = self.call("GET", path)
            self.assertEqual(answer.headers["Cache-Control"], "public, max-age=1, s-maxage=1")
            self.assertEqual(answer.headers["Vary"], "Authorization, Accept-Language")
            mine = self.call("GET", path, token=self.ann)
            self.assertEqual(mine.headers["Cache-Control"], "private")
            for host in ("evil.example", "evil.example:80@127.0.0.1", "127.0.0.1:80@evil.example"):
                forged = self.call("GET", path, headers={"Host": host})
                self.assertEqual(forged.headers["Cache-Control"], "private", host)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("pinbu_groupbuy.hosts", "shop.example, other.example")
        parameters.set_param("web.base.url", "https://main.example")
        for host in ("main.example", "Other.example:8069"):
            answer = self.call("GET", self.paths[0], headers={"Host": host})
            self.assertEqual(answer.headers["Cache-Control"], "public, max-age=1, s-maxage=1")
        poster = f"/pinbu/api/v1/teams/{self.team}/poster.png"
        for host, who in (("main.example", "public"), ("evil.example", "private")):
            answer = self.url_open(poster, headers={"Host": host})
            self.assertEqual(answer.headers["Cache-Control"], f"{who}, max-age=5")
        missing = self.call("GET", "/teams/nope")
        self.assertEqual(missing.headers["Cache-Control"], "no-store")


@tagged("post_install", "-at_install")
class TestLiveMemory(ConcurrentCase):
    """With committed data: what another transaction does meanwhile."""

    rivals = 3

    def look(self, partner=None):
        """:return: the live.Answer of the team's page, read in a transaction of its own"""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return env["pinbu.team"]._live_page(self.team.token, partner).answer

    def fresh(self):
        forget(self.env)
        return self.look()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_teams)
        self.addCleanup(self.look_again)
        self.team = self.open_team(self.people[0])
        forget(self.env)

    def test_it_holds_while_nothing_is_committed(self):
        for _try in range(200):  # whoever else works in this cluster commits as well
            first = self.look()
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"allowed_company_ids": self.company.ids})
                before = cr.sql_log_count
                again = env["pinbu.team"]._live_page(self.team.token, None).answer
                queries = cr.sql_log_count - before
            if queries == 1:
                break
        self.assertEqual(queries, 1)
        self.assertIs(again, first)

    def test_after_a_commit_elsewhere_it_is_not_built_again(self):
        first = self.look()
        self.sql("UPDATE res_partner SET comment = 'x' WHERE id = %s", self.people[2].id)
        with patch.object(self.registry["pinbu.team"], "_to_api", side_effect=AssertionError):
            again = self.look()
        self.assertEqual(again, first)

    def assertSeenWhenCommitted(self, query, *params):
        """Not before, though pages were built while the change was under way."""
        before = self.look()
        with self.registry.cursor() as cr:
            cr.execute(query, params)
            self.assertEqual(self.look(), before)
            self.assertEqual(self.fresh(), before)
            self.assertEqual(self.look(), before)
        after = self.look()
        self.assertNotEqual(after, before)
        self.assertEqual(self.fresh(), after)

    def test_a_change_that_was_under_way(self):
        self.assertSeenWhenCommitted(
            "UPDATE pinbu_team SET deadline = deadline - interval '1 minute' WHERE id = %s",
            self.team.id,
        )
        self.assertSeenWhenCommitted(
            "UPDATE pinbu_activity_line SET group_price = group_price - 1 WHERE activity_id = %s",
            self.activity.id,
        )
        self.assertSeenWhenCommitted(
            "UPDATE res_partner SET name = 'Zoe' WHERE id = %s", self.people[0].id
        )

    def test_one_who_edits_the_catalogue_later_may_commit_earlier(self):
        with self.registry.cursor() as early, self.registry.cursor() as late:
            query = "UPDATE %s SET %s WHERE id = %s"
            early.execute(
                query % ("pinbu_activity", 'name = \'{"en_US": "Early"}\'', self.activity.id)
            )
            line = self.activity.line_ids
            late.execute(query % ("pinbu_activity_line", "group_price = 7.5", line.id))
            late.commit()
            self.assertIn(b'"group_price":750', self.look().pieces[0])
            early.commit()
            self.assertIn(b'"Early"', self.look().pieces[0])
        self.addCleanup(
            self.sql,
            "UPDATE pinbu_activity SET name = %s WHERE id = %s",
            '{"en_US": "Three bags of crisps"}',
            self.activity.id,
        )

    def test_a_change_whose_mark_is_forgotten_meanwhile(self):
        def forget_marks():
            self.sql("UPDATE pinbu_live_change SET changed_at = now() - interval '2 days'")
            with self.registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["pinbu.live"]._gc_changes()

        price = "UPDATE pinbu_activity_line SET group_price = %s WHERE activity_id = %s"
        self.addCleanup(self.sql, price, self.activity.line_ids[0].group_price, self.activity.id)
        forget_marks()
        self.look()
        # Nobody looks until the mark is gone: not even what has long been seen comes again.
        self.sql(price, 6.5, self.activity.id)
        forget_marks()
        self.assertIn(b'"group_price":650', self.look().pieces[0])

    def test_the_clock_alone(self):
        soon = fields.Datetime.now() + timedelta(seconds=3)
        self.sql("UPDATE pinbu_team SET deadline = %s WHERE id = %s", soon, self.team.id)
        self.assertIn(b'"state":"forming"', self.look().pieces[0])
        self.sql("SELECT pg_sleep(3.1)")
        self.assertIn(b'"state":"failed"', self.look().pieces[0])

    def test_memory_is_bounded(self):
        store = live.Store(1000)
        for number in range(100):
            store.put(number, number, 100)
        self.assertEqual([number for number in range(100) if store.get(number)], [*range(90, 100)])
        store.put(99, "x", 100)
        self.assertEqual(store.get(90), 90)
