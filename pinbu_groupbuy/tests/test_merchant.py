from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.pinbu_groupbuy.api import limits

from .api_common import ApiCase
from .merchant_common import MerchantMixin

PATHS = {
    "activities": ("/activities", "/activities/{activity}"),
    "teams": ("/teams", "/teams/{team}"),
    "orders": ("/orders", "/orders/{order}"),
}


@tagged("post_install", "-at_install")
class TestMerchant(MerchantMixin, ApiCase):
    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann")
        self.order_ = self.buy(self.ann)
        self.manager = self.make_manager()

    def paths(self, scope):
        ids = {
            "activity": self.activity.id,
            "team": self.order_["team"]["token"],
            "order": self.order_["id"],
        }
        return [path.format(**ids) for path in PATHS[scope]]

    # === WHAT A KEY READS === #

    def test_reads(self):
        _record, key = self.make_key("activities", "teams", "orders", user=self.manager)
        self.product.default_code = "CRISPS-3"
        listed = self.read_with(key, "/activities")["items"]
        one = self.read_with(key, f"/activities/{self.activity.id}")
        self.assertIn(one, listed)
        self.assertEqual((one["state"], one["variants"][0]["sku"]), ("running", "CRISPS-3"))
        self.assertEqual(one["variants"][0]["group_price"], 1990)
        token = self.order_["team"]["token"]
        team = self.read_with(key, f"/teams/{token}")
        self.assertEqual((team["state"], team["seats_paid"], team["missing"]), ("forming", 1, 2))
        self.assertEqual(team["order_ids"], [self.order_["id"]])
        self.assertIn(team, self.read_with(key, "/teams?state=forming")["items"])
        self.assertNotIn(team, self.read_with(key, "/teams?state=formed")["items"])
        order = self.read_with(key, f"/orders/{self.order_['id']}")
        self.assertEqual((order["name"], order["state"]), (self.order_["name"], "forming"))
        self.assertEqual(order["customer"]["name"], "Ann")
        self.assertEqual((order["team_token"], order["sku"]), (token, "CRISPS-3"))
        self.assertEqual(order["amount"], self.order_["amount"])
        self.assertNotIn("actions", order)
        [shown] = [
            item
            for item in self.read_with(key, "/orders?state=forming")["items"]
            if item["id"] == order["id"]
        ]
        self.assertEqual(shown["customer"], order["customer"])
        self.assertNotIn(
            order["id"], [o["id"] for o in self.read_with(key, "/orders?state=won")["items"]]
        )

    def test_drafts_and_pages(self):
        _record, key = self.make_key("activities", user=self.manager)
        drafts = [self.make_activity(publish=False) for _number in range(3)]
        page = self.read_with(key, "/activities?state=draft&limit=2")
        self.assertEqual([a["id"] for a in page["items"]], [drafts[2].id, drafts[1].id])
        rest = self.read_with(key, f"/activities?state=draft&limit=2&cursor={page['next_cursor']}")
        self.assertEqual(rest["items"][0]["id"], drafts[0].id)
        # A shopper sees none of them.
        self.assertEqual(self.call("GET", f"/activities/{drafts[0].id}").status, 404)
        self.assertEqual(self.read_with(key, "/activities?state=nonsense", 400), "invalid_request")

    def test_orders_that_are_none(self):
        _record, key = self.make_key("orders", user=self.manager)
        plain = self.env["sale.order"].create({"partner_id": self.shopper("Eve").id})
        self.assertEqual(self.read_with(key, f"/orders/{plain.id}", 404), "not_found")
        ids = [order["id"] for order in self.read_with(key, "/orders")["items"]]
        self.assertNotIn(plain.id, ids)

    # === WHO MAY === #

    def test_only_its_scopes(self):
        for scope, others in (("activities", ("teams", "orders")), ("orders", ("teams",))):
            _record, key = self.make_key(scope, user=self.manager)
            for path in self.paths(scope):
                self.read_with(key, path)
            for other in others:
                for path in self.paths(other):
                    self.assertEqual(self.read_with(key, path, 403), "forbidden")

    def test_nobody_without_a_key(self):
        record, key = self.make_key("activities", "teams", "orders", user=self.manager)
        last = "A" if key[-1] != "A" else "B"
        tried = (
            None,
            self.ann,  # a shopper's token
            f"{key[:-1]}{last}",
            key.replace(record.prefix, "0" * 12),
            key[: len("pinbu_") + 12],
            f"pinbu_{record.prefix}_",
            "x" * 5000,
        )
        for scope in PATHS:
            for path in self.paths(scope):
                for token in tried:
                    answer = self.call("GET", f"/merchant{path}", token=token)
                    self.assertEqual((answer.status, answer.code), (401, "unauthenticated"))
                    self.assertNotIn("Crisps", answer.text)
        # Nor is a key a shopper's token.
        self.assertEqual(self.call("GET", "/me", token=key).code, "unauthenticated")
        self.assertEqual(self.call("GET", "/activities", token=key).code, "unauthenticated")

    def test_guessing_is_limited(self):
        refusing = patch.object(limits, "check_address", return_value=30)
        with refusing as checking:
            answer = self.call("GET", "/merchant/orders", token="pinbu_guess")
        self.assertEqual((answer.status, answer.code), (429, "rate_limited"))
        self.assertTrue(checking.called)

    def test_revoked_expired_renewed(self):
        record, key = self.make_key("activities", user=self.manager)
        self.read_with(key, "/activities")
        renewed = record.action_make()["context"]["default_key"]
        self.assertEqual(self.read_with(key, "/activities", 401), "unauthenticated")
        self.read_with(renewed, "/activities")
        record.expires_on = fields.Date.today() - timedelta(days=1)
        self.assertEqual(record.state, "expired")
        self.read_with(renewed, "/activities", 401)
        record.expires_on = fields.Date.today() + timedelta(days=2)
        self.read_with(renewed, "/activities")
        record.action_revoke()
        self.assertEqual(record.state, "none")
        self.read_with(renewed, "/activities", 401)

    def test_dies_with_who_made_it(self):
        _record, key = self.make_key("activities", "orders", user=self.manager)
        self.read_with(key, "/activities")
        for group, status in (("base.group_user", 401), ("pinbu_groupbuy.group_user", 200)):
            self.manager.group_ids = [Command.set(self.env.ref(group).ids)]
            self.read_with(key, "/activities", status)
        self.manager.active = False
        self.read_with(key, "/activities", 401)

    def test_companies_apart(self):
        other = self.env["res.company"].create({"name": "Another shop"})
        stranger = self.make_manager(
            "key stranger", company_id=other.id, company_ids=[Command.set(other.ids)]
        )
        scopes = tuple(PATHS)
        record, key = self.make_key(*scopes, user=stranger, company_id=other.id)
        for scope in scopes:
            listing, one = self.paths(scope)
            self.assertEqual(self.read_with(key, listing)["items"], [])
            self.assertEqual(self.read_with(key, one, 404), "not_found")
        # Whoever is of both companies still reads one with one key.
        self.manager.company_ids = [Command.link(other.id)]
        _record, key = self.make_key(*scopes, user=self.manager, company_id=other.id)
        self.assertEqual(self.read_with(key, "/orders")["items"], [])
        self.manager.company_ids = [Command.unlink(other.id)]
        self.read_with(key, "/orders", 401)
        with self.assertRaises(AccessError):
            record.with_user(self.manager).action_make()

    def test_a_colleagues_key_does_not_reach_another_company(self):
        """Who made it may read both companies, who has it at hand only one."""
        other = self.env["res.company"].create({"name": "Another shop"})
        both = self.make_manager("key both")
        both.company_ids = [Command.link(other.id)]
        record, _key = self.make_key("orders", user=both, company_id=self.company.id)
        mine = record.with_user(self.manager)
        mine.action_make()
        with self.assertRaises(AccessError):
            mine.company_id = other.id
        self.assertEqual(record.company_id, self.company)

    def test_who_makes_keys(self):
        record, key = self.make_key("orders", user=self.manager)
        # What is kept is not the key.
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM pinbu_api_key WHERE id = %s", [record.id])
        self.assertNotIn(key.rpartition("_")[2], str(self.env.cr.fetchone()))
        with self.assertRaises(AccessError):
            record.read(["secret_hash"])
        with self.assertRaises(AccessError):
            record.write({"secret_hash": "0" * 64})
        for groups in ("pinbu_groupbuy.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"key {groups}", groups=groups)
            with self.assertRaises(AccessError):
                record.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                record.with_user(user).action_make()
            with self.assertRaises(AccessError):
                record.with_user(user).action_revoke()

    def test_last_use_is_known_and_costs_little(self):
        record, key = self.make_key("activities", user=self.manager)
        self.assertFalse(record.last_used_at)
        self.read_with(key, "/activities")
        self.env.invalidate_all()
        used = record.last_used_at
        self.assertTrue(used)
        self.read_with(key, "/activities")
        self.env.invalidate_all()
        self.assertEqual(record.last_used_at, used)
