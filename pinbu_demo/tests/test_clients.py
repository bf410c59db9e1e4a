"""The clients of ``clients/`` in the demo shop, over HTTP."""

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from unittest.mock import patch

from pinbu_client import Answer, ApiError, Client, NoAnswer, PinbuError, every, send

from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

_JAVASCRIPT = Path(__file__).resolve().parents[2] / "clients" / "javascript"

ADDRESS = {
    "name": "Ann",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "is_default": True,
}


@tagged("post_install", "-at_install")
class TestJavascriptClient(HttpCase):
    """What a mini-program runs, run by Node with a `wx` that speaks real HTTP."""

    def run_node(self, name, env=None):
        node = shutil.which("node") or shutil.which("nodejs")
        self.assertTrue(node, "no Node.js: `make test` installs it")
        done = subprocess.run(
            [node, "--test", str(_JAVASCRIPT / "test" / name)],
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotRegex(done.stdout, r"# (skipped|todo) [1-9]")
        self.assertRegex(done.stdout, r"# pass [1-9]")

    def test_in_this_shop(self):
        with self.allow_requests():
            cookie = f"{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}"
            self.run_node("shop.test.js", {"PINBU_SITE": self.base_url(), "PINBU_COOKIE": cookie})

    def test_where_things_go_wrong(self):
        self.run_node("faults.test.js")


class Road:
    """What lies between a client and the shop: it may swallow answers."""

    def __init__(self, case):
        self.case = case
        self.asked = []
        self.lose = 0

    def __call__(self, method, url, headers, body, timeout):
        self.asked.append((method, url, headers))
        with self.case.allow_requests():
            cookie = f"{TEST_CURSOR_COOKIE_NAME}={self.case.http_request_key}"
            answer = send(method, url, {**headers, "Cookie": cookie}, body, timeout)
        if self.lose:
            self.lose -= 1
            raise OSError("lost on the way back")
        return answer

    def keys(self):
        return [headers.get("Idempotency-Key") for _method, _url, headers in self.asked]


@tagged("post_install", "-at_install")
class TestPythonClient(HttpCase):
    def shopper(self, name):
        road = Road(self)
        client = Client(self.base_url(), language="en", send=road)
        client.log_in(f"demo:{name}")
        return client, road

    def live_at(self, client, number):
        street = {"street": f"{number} Lane", "phone": f"1380000000{number}"}
        return client.add_address({**ADDRESS, **street})

    def buy(self, client, activity, team_token=None):
        wish = {
            "activity_id": activity["id"],
            "product_id": activity["variants"][0]["product_id"],
            "team_token": team_token,
        }
        quote = client.quote(**wish)
        order = client.place_order(**wish, promise_version=quote["promise_version"])
        self.assertEqual(order["amount"], quote["amount"])
        payment = client.start_payment(order["id"])
        details = {"payment_details": "1234", "simulated_state": "done"}
        params = {"reference": payment["reference"], **details}
        self.url_open("/payment/demo/simulate_payment", json=self.build_rpc_payload(params))
        return client.order(order["id"])

    def test_friends_fill_a_team(self):
        passer_by = Client(self.base_url(), send=Road(self))
        activity = next(
            each
            for each in every(passer_by.activities)
            if (each["state"], each["mode"], each["size"]) == ("running", "normal", 3)
        )
        token = None
        watched = []
        for number, name in enumerate(("Ann", "Bo", "Cy")):
            client, _road = self.shopper(f"{name}{uuid.uuid4().hex}")
            self.live_at(client, number)
            order = self.buy(client, activity, token)
            token = order["team"]["token"]
            watched.append(next(client.watch_team(token))["seats_paid"])
        self.assertEqual(watched, [1, 2, 3])
        self.assertEqual([team["state"] for team in client.watch_team(token)], ["formed"])
        self.assertEqual(client.order(order["id"])["team"]["state"], "formed")
        late, _road = self.shopper("Late")
        self.live_at(late, 9)
        with self.assertRaises(ApiError) as refused:
            self.buy(late, activity, token)
        self.assertEqual((refused.exception.status, refused.exception.code), (409, "team_full"))
        self.assertIn("suggested_teams", refused.exception.details)
        self.assertTrue(refused.exception.request_id)

    def test_lost_answers_are_asked_for_again_with_the_same_key(self):
        client, road = self.shopper(uuid.uuid4().hex)
        road.asked.clear()
        road.lose = 2
        self.live_at(client, 1)
        self.assertEqual(len(road.asked), 3)
        self.assertEqual(len(set(road.keys())), 1)
        self.assertEqual(len(client.addresses()), 1)
        # One's own key outlives the process.
        for _run in range(2):
            client.add_address({**ADDRESS, "street": "2 Lane", "phone": "13800000002"}, key="mine")
        self.assertEqual(len(client.addresses()), 2)

    def test_pages_are_one_list(self):
        client, road = self.shopper(uuid.uuid4().hex)
        for number in range(3):
            self.live_at(client, number)
        road.asked.clear()
        found = list(every(client.addresses, limit=2))
        self.assertEqual(len({address["id"] for address in found}), 3)
        self.assertEqual(len(road.asked), 2)

    def test_a_session_is_renewed_and_ended(self):
        client, _road = self.shopper("Ann")
        first = client.token
        client.expires_at = client.expires_at.replace(year=2020)
        client.me()
        self.assertNotEqual(client.token, first)
        second = client.token
        client.log_out()
        self.assertIsNone(client.token)
        client.token = second
        with self.assertRaises(ApiError) as refused:
            client.me()
        self.assertEqual(refused.exception.code, "unauthenticated")


@tagged("post_install", "-at_install")
class TestTries(BaseCase):
    """What no shop can be asked to answer."""

    def play(self, *answers):
        """:return: (what placing an order comes to, the keys of its tries, seconds between them)"""
        keys, pending = [], iter(answers)

        def answer(_method, _url, headers, _body, _timeout):
            keys.append(headers.get("Idempotency-Key"))
            status, code, more = next(pending)
            if not status:
                raise OSError("no route")
            body = {"error": {"code": code, "message": "…", "details": {}}} if code else {"id": 7}
            headers = {"content-type": "application/json", **more}
            return Answer(status, headers, json.dumps(body).encode())

        client = Client("http://shop.example", token="t", send=answer)
        with patch("pinbu_client.connection.time.sleep") as sleep:
            try:
                outcome = client.place_order(1, 2)
            except PinbuError as error:
                outcome = error
        return outcome, keys, [call.args[0] for call in sleep.mock_calls]

    def test_what_passes_is_tried_again(self):
        outcome, keys, waits = self.play(
            (None, None, {}),
            (503, "busy", {"retry-after": "2"}),
            (409, "in_progress", {}),
            (502, None, {"content-type": "text/html"}),
            (201, None, {}),
        )
        self.assertEqual(outcome, {"id": 7})
        self.assertEqual(len(set(keys)), 1)
        self.assertTrue(keys[0])
        self.assertEqual(waits, [0.5, 2, 2, 4])

    def test_but_not_for_ever(self):
        outcome, keys, _waits = self.play(*[(None, None, {})] * 9)
        self.assertIsInstance(outcome, NoAnswer)
        self.assertEqual(len(keys), 5)

    def test_what_is_refused_is_not(self):
        for status, code in ((409, "team_full"), (500, "internal_error"), (502, "provider_error")):
            outcome, keys, _waits = self.play((status, code, {"x-request-id": "r"}))
            self.assertEqual(
                (outcome.status, outcome.code, outcome.request_id), (status, code, "r")
            )
            self.assertEqual(len(keys), 1)

    def test_who_has_to_wait_for_long_is_told(self):
        outcome, keys, _waits = self.play((429, "rate_limited", {"retry-after": "60"}))
        self.assertEqual((outcome.code, outcome.retry_after, len(keys)), ("rate_limited", 60, 1))

    def test_what_is_no_json_is_no_answer(self):
        outcome, _keys, _waits = self.play((200, None, {"content-type": "text/html"}))
        self.assertIsInstance(outcome, NoAnswer)
