import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from .api_common import ApiCase

DISPATCHER = "odoo.addons.pinbu_groupbuy.api.dispatcher"


@tagged("post_install", "-at_install")
class TestApiIdempotency(ApiCase):
    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann")
        self.address = {
            "name": "Ann",
            "phone": "13800000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "street": "1 Lane",
        }

    def rows(self):
        self.env.invalidate_all()
        return self.env["pinbu.api.idempotency"].search([])

    def age(self, interval):
        self.env.cr.execute(
            "UPDATE pinbu_api_idempotency SET started_at = started_at - %s::interval", [interval]
        )

    def test_the_first_answer_comes_again(self):
        first = self.order(self.ann, key="k")
        again = self.order(self.ann, key="k")
        self.assertEqual((first.status, again.status), (201, 201))
        self.assertEqual(again.text, first.text)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertEqual(len(self.rows()), 1)
        # The same things in another order are the same body.
        body = dict(reversed(self.wish().items()))
        self.assertEqual(self.call("POST", "/orders", body, self.ann, "k").text, first.text)

    def test_another_body_is_refused(self):
        self.order(self.ann, key="k")
        answer = self.order(self.ann, key="k", remark="other")
        self.assertEqual((answer.status, answer.code), (409, "idempotency_mismatch"))

    def test_a_key_belongs_to_a_shopper_and_a_route(self):
        bob = self.log_in("Bob")
        first = self.order(self.ann, key="k")
        second = self.order(bob, key="k")
        self.assertEqual((first.status, second.status), (201, 201))
        self.assertNotEqual(first.data["id"], second.data["id"])
        payment = self.call("POST", f"/orders/{first.data['id']}/payment", {}, self.ann, "k")
        self.assertEqual(payment.status, 200, payment.text)
        # Nor does it carry over to another order on the same route.
        other = self.call("POST", f"/orders/{second.data['id']}/payment", {}, self.ann, "k")
        self.assertEqual(other.status, 404)

    def test_required_and_optional(self):
        answer = self.call("POST", "/orders", self.wish(), self.ann)
        self.assertEqual((answer.status, answer.code), (400, "invalid_request"))
        for key in ("x" * 65, ""):
            answer = self.call(
                "POST", "/orders", self.wish(), self.ann, headers={"Idempotency-Key": key}
            )
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), key)
        self.assertEqual(self.order(self.ann, key="x" * 64).status, 201)
        self.assertEqual(self.call("POST", "/me/addresses", self.address, self.ann).status, 201)
        for _try in range(2):
            answer = self.call("POST", "/me/addresses", self.address, self.ann, "a")
            self.assertEqual(answer.status, 201)
        self.assertEqual(len(self.call("GET", "/me/addresses", token=self.ann).data["items"]), 2)
        for _try in range(2):
            path = f"/me/addresses/{answer.data['id']}"
            self.assertEqual(self.call("DELETE", path, token=self.ann, key="d").status, 204)

    def test_sessions_take_no_key(self):
        for _try in range(2):
            answer = self.call("POST", "/session", {"code": "demo:Ann"}, key="k")
            self.assertNotIn("Idempotent-Replayed", answer.headers)
        self.assertFalse(self.rows())

    def test_refusals_are_kept(self):
        first = self.order(self.ann, key="k", product_id=2**31 - 1)
        self.assertEqual(first.status, 404)
        again = self.order(self.ann, key="k", product_id=2**31 - 1)
        self.assertEqual((again.status, again.text), (404, first.text))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual(self.order(self.ann, key="k").code, "idempotency_mismatch")

    def test_failures_are_not_kept(self):
        def fail(order, partner, body):
            raise ZeroDivisionError

        with (
            patch.object(self.registry["sale.order"], "_api_checkout", fail),
            mute_logger(DISPATCHER, "odoo.http"),
        ):
            self.assertEqual(self.order(self.ann, key="k").status, 500)
        answer = self.order(self.ann, key="k", remark="and even another body")
        self.assertEqual(answer.status, 201)

    def test_log_outs_are_not_kept(self):
        self.call("DELETE", "/session", token=self.ann)
        self.assertEqual(self.order(self.ann, key="k").status, 401)
        self.assertFalse(self.rows())

    def test_a_dead_process_is_taken_over_after_a_minute(self):
        uid = self.user_of("Ann").id
        keys = self.env["pinbu.api.idempotency"]
        first = keys._claim(uid, "POST /x", "k", {"a": 1})
        with self.assertRaises(PinbuError) as refused:
            keys._claim(uid, "POST /x", "k", {"a": 1})
        self.assertEqual(refused.exception.code, "in_progress")
        self.age("61 seconds")
        second = keys._claim(uid, "POST /x", "k", {"a": 1})
        self.assertEqual(second.id, first.id)
        self.assertNotEqual(second.owner, first.owner)
        # The first was only slow: what it did is rolled back, and its answer is not kept.
        with self.assertRaises(PinbuError) as refused:
            first.keep(self.env.cr, 200, "{}")
        self.assertEqual(refused.exception.code, "in_progress")
        second.keep(self.env.cr, 200, "{}")
        self.assertEqual(keys._claim(uid, "POST /x", "k", {"a": 1}).status, 200)

    def test_a_slow_request_that_was_taken_over_undoes_its_work(self):
        original = type(self.env["res.partner"])._api_create_address

        def slow(partner, body):
            address = original(partner, body)
            partner.env.cr.execute("UPDATE pinbu_api_idempotency SET owner = 'another'")
            return address

        with patch.object(self.registry["res.partner"], "_api_create_address", slow):
            answer = self.call("POST", "/me/addresses", self.address, self.ann, "a")
        self.assertEqual((answer.status, answer.code), (409, "in_progress"))
        self.assertFalse(self.call("GET", "/me/addresses", token=self.ann).data["items"])

    def test_after_a_day_a_key_is_new(self):
        uid = self.user_of("Ann").id
        keys = self.env["pinbu.api.idempotency"]
        first = keys._claim(uid, "POST /x", "k", {"a": 1})
        first.keep(self.env.cr, 201, "{}")
        self.age("23 hours 59 minutes")
        keys._gc_old_keys()
        self.assertEqual(keys._claim(uid, "POST /x", "k", {"a": 1}).status, 201)
        self.age("2 minutes")
        self.assertIsNone(keys._claim(uid, "POST /x", "k", {"a": 2}).status)
        self.age("25 hours")
        keys._gc_old_keys()
        self.assertFalse(self.rows())

    def test_no_body_is_stored(self):
        self.order(self.ann, key="k", remark="my secret remark", address_id=2**31 - 1)
        row = self.rows()
        self.assertNotIn("secret", str(row.read()))


@tagged("post_install", "-at_install")
class TestClaimRace(TransactionCase):
    """On committed rows and real transactions."""

    UID = 2**31 - 7

    def _claim(self, outcomes, barrier):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            barrier.wait()
            try:
                outcomes.append(env["pinbu.api.idempotency"]._claim(self.UID, "r", "k", {}).status)
            except PinbuError as error:
                outcomes.append(error.code)

    def _clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM pinbu_api_idempotency WHERE user_id = %s", [self.UID])

    def test_one_of_many_works(self):
        self.addCleanup(self._clean)
        for aged in (False, True):
            if aged:
                with self.registry.cursor() as cr:
                    cr.execute(
                        "UPDATE pinbu_api_idempotency SET started_at = started_at"
                        " - interval '61 seconds' WHERE user_id = %s",
                        [self.UID],
                    )
            outcomes = []
            barrier = threading.Barrier(8)
            threads = [
                threading.Thread(target=self._claim, args=(outcomes, barrier)) for _n in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(outcomes.count(None), 1, outcomes)
            self.assertEqual(outcomes.count("in_progress"), 7, outcomes)
