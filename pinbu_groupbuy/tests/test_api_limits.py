import threading
from unittest.mock import patch

import requests

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import AccessError
from odoo.service import model as service_model
from odoo.tests import BaseCase, HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.api import limits

from .api_common import BASE, ApiCase


class TestBuckets(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.buckets = limits.Buckets(size=10, clock=lambda: self.now)

    def test_a_minutes_worth_and_then_evenly(self):
        self.assertEqual([self.buckets.take("a", 6) for _call in range(6)], [0] * 6)
        self.assertAlmostEqual(self.buckets.take("a", 6), 10)
        self.assertEqual(self.buckets.take("b", 6), 0)
        self.now += 9.9
        self.assertAlmostEqual(self.buckets.take("a", 6), 0.1)
        self.now += 0.2
        self.assertEqual(self.buckets.take("a", 6), 0)
        self.assertGreater(self.buckets.take("a", 6), 0)
        # However long somebody was quiet, a minute's worth is all there is.
        self.now += 3600
        self.assertEqual([bool(self.buckets.take("a", 6)) for _call in range(7)], [False] * 6 + [1])

    def test_memory_is_bounded(self):
        for key in range(1000):
            self.buckets.take(key, 6)
            self.assertLessEqual(len(self.buckets._full_at), 10)
        # Those who are full again go first.
        self.now += 3600
        self.buckets.close("closed", 60)
        for key in range(8):
            self.now += 11
            self.buckets.take(f"later {key}", 6)
        self.buckets.close("closed", 60)
        for key in range(3):
            self.buckets.take(f"last {key}", 6)
        self.assertAlmostEqual(self.buckets.closed_for("closed"), 60)

    def test_what_counts_as_one_address(self):
        for addresses in (
            ("192.0.2.7", "::ffff:192.0.2.7"),
            ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:9::"),
            ("unknown",),
        ):
            self.assertEqual(len({limits.network_of(address) for address in addresses}), 1)
        self.assertNotEqual(limits.network_of("192.0.2.7"), limits.network_of("192.0.2.8"))
        self.assertNotEqual(limits.network_of("2001:db8::"), limits.network_of("2001:db8:0:1::"))


@tagged("post_install", "-at_install")
class TestApiLimits(ApiCase):
    def setUp(self):
        super().setUp()
        # What other tests called from this address counts for nothing here.
        for name in ("_buckets", "_refused"):
            self.forget(name)
        self.env["pinbu.api.bucket"].search([]).unlink()
        self.ann, self.bob = self.log_in("Ann"), self.log_in("Bob")

    def forget(self, name):
        # In these no time passes: on a slow machine calls would come back during the test.
        self.patch(limits, name, limits.Buckets(clock=lambda: 1000.0))

    def limit(self, kind, who, calls):
        self.env["ir.config_parameter"].set_param(limits.PARAMETER % (kind, who), calls)

    def trust(self, networks):
        self.env["ir.config_parameter"].set_param(limits.TRUSTED, networks)

    def rename(self, token, **kwargs):
        return self.call("PATCH", "/me", {"name": "Anna"}, token, **kwargs).status

    def assertLimited(self, answer, longest):
        self.assertEqual((answer.status, answer.code), (429, "rate_limited"), answer.text)
        self.assertIn(answer.details["retry_after"], range(1, longest + 1))
        self.assertEqual(answer.headers["Retry-After"], str(answer.details["retry_after"]))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_writes_of_a_shopper(self):
        self.limit("write", "shopper", 3)
        self.assertEqual([self.rename(self.ann) for _call in range(5)], [200] * 3 + [429] * 2)
        self.assertLimited(self.call("PATCH", "/me", {"name": "A"}, self.ann), 20)
        self.assertEqual(self.rename(self.bob), 200)
        # Other classes have buckets of their own.
        self.assertEqual(self.call("GET", "/me", token=self.ann).status, 200)
        self.assertEqual(self.call("POST", "/session/renew", token=self.ann).status, 200)
        payment = self.call("POST", f"/orders/{2**31 - 1}/payment", {}, self.ann, "k")
        self.assertEqual(payment.status, 404)

    def test_a_bucket_fills_again(self):
        self.limit("write", "shopper", 3)
        calls = [self.rename(self.ann) for _call in range(4)]
        self.assertEqual(calls, [200] * 3 + [429])
        self.forget("_refused")
        self.env.cr.execute("UPDATE pinbu_api_bucket SET full_at = full_at - interval '21 seconds'")
        self.assertEqual([self.rename(self.ann) for _call in range(2)], [200, 429])

    def test_writes_from_an_address(self):
        self.limit("write", "address", 3)
        forged = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
        calls = [
            self.rename(self.ann),
            self.rename(self.bob),
            self.rename(self.ann),
            self.rename(self.bob),
            self.rename(self.ann, headers=forged),
        ]
        self.assertEqual(calls, [200] * 3 + [429] * 2)

    def test_trusted_networks(self):
        self.limit("write", "address", 1)
        self.limit("write", "shopper", 3)
        self.limit("read", "address", 1)
        with mute_logger(limits.__name__):
            self.trust("nonsense, 192.0.2.0/24 127.0.0.1/8")
            calls = [self.rename(self.ann) for _call in range(4)]
        self.assertEqual(calls, [200] * 3 + [429])
        self.trust("192.0.2.0/24")
        self.forget("_buckets")
        self.assertEqual([self.rename(self.bob) for _call in range(2)], [200, 429])

    def test_a_refused_shopper_does_not_use_up_the_address(self):
        self.limit("write", "shopper", 2)
        self.limit("write", "address", 4)
        for _call in range(5):
            self.forget("_refused")
            self.rename(self.ann)
        self.assertEqual([self.rename(self.bob) for _call in range(2)], [200, 200])

    def test_refusals_cost_no_statement(self):
        self.limit("write", "shopper", 1)
        buckets = type(self.env["pinbu.api.bucket"])
        with patch.object(buckets, "_take", autospec=True, side_effect=buckets._take) as take:
            calls = [self.rename(self.ann) for _call in range(5)]
        self.assertEqual(calls, [200] + [429] * 4)
        self.assertEqual(take.call_count, 2)

    def test_log_ins_from_an_address(self):
        self.limit("login", "address", 2)
        self.env["pinbu.api.bucket"].search([]).unlink()
        answers = [self.call("POST", "/session", {"code": "demo:Ann"}) for _call in range(4)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 429, 429])
        self.assertLimited(answers[-1], 30)

    def test_readings_of_a_shopper(self):
        self.limit("read", "shopper", 2)
        path = f"/activities/{self.activity.id}"
        calls = [self.call("GET", path, token=self.ann).status for _call in range(4)]
        self.assertEqual(calls, [200, 200, 429, 429])
        self.assertEqual(self.call("GET", path, token=self.bob).status, 200)
        self.assertEqual(self.call("GET", path).status, 200)
        self.assertLimited(self.call("GET", "/me", token=self.ann), 30)

    def test_all_calls_from_an_address(self):
        self.limit("read", "address", 6)
        self.forget("_buckets")
        answers = [
            self.call("GET", "/config"),
            self.call("GET", "/nope"),
            self.call("GET", "/me", token="forged"),
            self.call("GET", "/me", token=self.ann),
            self.call("PATCH", "/me", {}, self.ann),
            self.call("GET", "/health"),
            self.call("GET", "/me", token="forged"),
            self.call("PATCH", "/me", {}, self.bob),
        ]
        statuses = [answer.status for answer in answers]
        self.assertEqual(statuses, [200, 404, 401, 200, 200, 200, 429, 429])
        self.assertLimited(answers[-1], 10)

    def test_a_limited_call_does_not_use_its_key(self):
        self.limit("write", "shopper", 1)
        self.assertEqual(self.rename(self.ann), 200)
        self.assertEqual(self.order(self.ann, key="k").status, 429)
        self.limit("write", "shopper", 100)
        self.forget("_refused")
        self.env["pinbu.api.bucket"].search([]).unlink()
        again = self.order(self.ann, key="k")
        self.assertEqual(again.status, 201, again.text)
        self.assertNotIn("Idempotent-Replayed", again.headers)

    def test_a_request_that_odoo_repeats_counts_once(self):
        original = type(self.env["res.partner"])._api_update_customer
        buckets = type(self.env["pinbu.api.bucket"])
        tries = []

        def conflict_twice(partner, body):
            original(partner, body)
            tries.append(body)
            if len(tries) < 3:
                partner.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION 'rival' USING ERRCODE = '40001'; END $$",
                    log_exceptions=False,
                )

        with (
            patch.object(self.registry["res.partner"], "_api_update_customer", conflict_twice),
            patch.object(buckets, "_take", autospec=True, side_effect=buckets._take) as take,
            patch.object(limits._buckets, "take", side_effect=limits._buckets.take) as count,
            patch.object(service_model.time, "sleep"),
        ):
            self.assertEqual(self.rename(self.ann), 200)
        self.assertEqual((len(tries), take.call_count, count.call_count), (3, 1, 1))

    def test_only_an_administrator_changes_the_settings(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.pinbu_limit_write_shopper, limits.DEFAULTS["write"][0])
        settings.pinbu_limit_write_shopper = 2
        settings.execute()
        self.assertEqual([self.rename(self.ann) for _call in range(3)], [200, 200, 429])
        # Zero is no limit that anybody can want: the default counts.
        self.forget("_refused")
        self.env["pinbu.api.bucket"].search([]).unlink()
        self.env["res.config.settings"].create({"pinbu_limit_write_shopper": 0}).execute()
        self.assertEqual(self.rename(self.ann), 200)
        clerk = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "limits clerk",
                "group_ids": [Command.set(self.env.ref("pinbu_groupbuy.group_manager").ids)],
            }
        )
        with self.assertRaises(AccessError):
            self.env["res.config.settings"].with_user(clerk).create({})
        with self.assertRaises(AccessError):
            self.env["pinbu.api.bucket"].with_user(clerk).search([])

    def test_no_address_is_stored_as_it_is(self):
        self.rename(self.ann)
        keys = self.env["pinbu.api.bucket"].search([]).mapped("key")
        self.assertEqual(len([key for key in keys if key.startswith("write:")]), 2)
        self.assertNotIn("127.0.0.1", str(keys))

    def test_full_buckets_are_swept(self):
        buckets = self.env["pinbu.api.bucket"]
        buckets._take([("slow", 1), ("fast", 1_000_000)])
        buckets._gc_full()
        self.assertIn("slow", buckets.search([]).mapped("key"))
        self.assertNotIn("fast", buckets.search([]).mapped("key"))
        self.env.cr.execute("UPDATE pinbu_api_bucket SET full_at = now() at time zone 'UTC'")
        buckets._gc_full()
        self.env.invalidate_all()
        self.assertFalse(buckets.search([]))


@tagged("post_install", "-at_install")
class TestFailedCallsCount(HttpCase):
    """What is refused is rolled back, its count is not: real requests on real transactions."""

    registry_test_mode = False

    def setUp(self):
        super().setUp()
        for name in ("_buckets", "_refused"):
            self.patch(limits, name, limits.Buckets())
        self._clean()
        self.addCleanup(self._clean)

    def _clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM pinbu_api_bucket")

    def test_guessing_log_in_codes(self):
        url = self.base_url() + BASE + "/session"
        with patch.dict(limits.DEFAULTS, {"login": (30, 3)}):
            answers = [requests.post(url, json={"code": "no"}, timeout=30) for _try in range(5)]
        self.assertEqual([answer.status_code for answer in answers], [401] * 3 + [429] * 2)


@tagged("post_install", "-at_install")
class TestBucketRace(TransactionCase):
    """On committed rows and real transactions, as workers share them."""

    RIVALS = 8
    EACH = 10
    CALLS = 30

    def _clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM pinbu_api_bucket WHERE key LIKE 'test race%'")

    def test_all_workers_together_let_through_what_one_would(self):
        self.addCleanup(self._clean)
        taken, barrier = [], threading.Barrier(self.RIVALS)

        def work(number):
            # Everybody's address is the same, and each is one shopper.
            wanted = [
                (f"test race shopper {number}", 1000),
                ("test race address", self.CALLS),
            ]
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                barrier.wait()
                for _call in range(self.EACH):
                    taken.append(env["pinbu.api.bucket"]._take(wanted))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(self.RIVALS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(taken), self.RIVALS * self.EACH)
        # A slow machine may see one come back meanwhile.
        self.assertIn(taken.count((None, 0)), range(self.CALLS, self.CALLS + 4))
        refused = [seconds for key, seconds in taken if key == "test race address"]
        self.assertEqual(len(refused), len(taken) - taken.count((None, 0)))
        self.assertLessEqual(max(refused), 60 / self.CALLS + 0.1)
        self.assertGreater(min(refused), 0)
