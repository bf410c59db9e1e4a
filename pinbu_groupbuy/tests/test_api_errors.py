import json
from unittest.mock import patch

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.service import model as service_model
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.api import dispatcher
from odoo.addons.pinbu_groupbuy.const import ERROR_STATUS

from .api_common import ApiCase

DISPATCHER = "odoo.addons.pinbu_groupbuy.api.dispatcher"


@tagged("post_install", "-at_install")
class TestApiErrors(ApiCase):
    def assertError(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertTrue(answer.headers["X-Request-Id"])
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(answer.data["error"].keys(), {"code", "message", "details"})
        self.assertTrue(answer.data["error"]["message"])

    def fail_with(self, error):
        """Make the reading of a team fail, and read one."""

        def fail(self, token, partner):
            raise error

        with patch.object(self.registry["pinbu.team"], "_live_page", fail):
            return self.call("GET", "/teams/x")

    def test_unknown_paths(self):
        for path in ("", "/", "/nope", "/orders/abc", "/activities/1/nope", "//activities"):
            self.assertError(self.call("GET", path), 404, "not_found")
        for path in ("/pinbu/api", "/pinbu/api/", "/pinbu/api/v2/activities"):
            answer = self.url_open(path)
            self.assertEqual(answer.status_code, 404)
            self.assertEqual(answer.json()["error"]["code"], "not_found")

    def test_wrong_methods(self):
        answer = self.call("DELETE", "/activities")
        self.assertError(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "GET")
        answer = self.call("PATCH", "/orders", {})
        self.assertError(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "GET, POST")

    def test_options_act_on_nothing(self):
        token = self.log_in("Ann")
        answer = self.call("OPTIONS", "/session", token=token)
        self.assertEqual(answer.status, 204)
        self.assertEqual(self.call("GET", "/me", token=token).status, 200)

    def test_ids_that_no_record_can_have(self):
        token = self.log_in("Ann")
        for number in (0, -1, 2**31, 2**63, 10**40):
            self.assertError(self.call("GET", f"/activities/{number}"), 404, "not_found")
            self.assertError(self.call("GET", f"/orders/{number}", token=token), 404, "not_found")
        for path in ("/teams/%00", "/teams/%ED%A0%80", "/scenes/%00", "/teams/" + "x" * 2000):
            self.assertError(self.call("GET", path), 404, "not_found")

    def test_bodies_that_are_no_json_object(self):
        as_json = {"Content-Type": "application/json"}
        bodies = [
            b"{",
            b"[]",
            b"null",
            b'"x"',
            b"\xff",
            b'{"code": NaN}',
            b'{"code": "\\u0000"}',
            b'{"code": "\\ud800"}',
            b'{"\\u0000": 1}',
            b'{"code": 1}',
            b'{"code": null}',
            b"{}",
            b"[" * 60_000,
            b'{"a":' * 40 + b"1" + b"}" * 40,
            b'{"code": ' + b"9" * 5000 + b"}",
        ]
        for raw in bodies:
            answer = self.call("POST", "/session", raw=raw, headers=as_json)
            self.assertError(answer, 400, "invalid_request")
            for problem in answer.details:
                self.assertEqual(problem.keys(), {"field", "problem"})

    def test_content_type_and_size(self):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            headers = {"Content-Type": content_type}
            answer = self.call("POST", "/session", raw=b'{"code": "x"}', headers=headers)
            self.assertError(answer, 415, "unsupported_media_type")
        as_json = {"Content-Type": "application/json"}
        for size in (dispatcher.MAX_BODY + 1, 3 * 1024 * 1024):
            raw = json.dumps({"code": "x" * size}).encode()
            answer = self.call("POST", "/session", raw=raw, headers=as_json)
            self.assertError(answer, 413, "payload_too_large")

    def test_queries(self):
        for query in ("limit=0", "limit=101", "limit=x", "limit=1e99", "sort=nope", "q=%00"):
            answer = self.call("GET", f"/activities?{query}")
            self.assertError(answer, 400, "invalid_request")
        for cursor in (
            "x",
            "%00",
            "W10",
            "bnVsbA",
            "WyJvcmRlcnMiLDFd",
            "WyJhY3Rpdml0aWVzLm5ldyIsMSwyXQ",
        ):
            answer = self.call("GET", f"/activities?cursor={cursor}")
            self.assertIn(answer.code, ("invalid_cursor", "invalid_request"), cursor)
            self.assertEqual(answer.status, 400)

    def test_an_unexpected_error_tells_nothing_but_an_id(self):
        with self.assertLogs(DISPATCHER, "ERROR") as logs:
            answer = self.fail_with(ZeroDivisionError("secret of the house"))
        self.assertError(answer, 500, "internal_error")
        self.assertNotIn("secret", answer.text)
        self.assertNotIn("Traceback", answer.text)
        self.assertIn(answer.details["id"], logs.output[0])
        self.assertIn("ZeroDivisionError", logs.output[0])
        # The wording of Odoo's own refusals is for its own users.
        with self.assertLogs(DISPATCHER, "ERROR"):
            answer = self.fail_with(UserError("The field res.partner.secret is wrong"))
        self.assertError(answer, 500, "internal_error")
        self.assertNotIn("secret", answer.text)

    @mute_logger("odoo.http")
    def test_what_may_not_be_seen_does_not_exist(self):
        self.assertError(self.fail_with(AccessError("secret")), 404, "not_found")
        self.assertError(self.fail_with(MissingError("secret")), 404, "not_found")

    def test_conflicts_are_repeated_and_then_busy(self):
        tries = []

        def conflict(team, token, partner):
            tries.append(token)
            team.env.cr.execute(
                "DO $$ BEGIN RAISE EXCEPTION 'rival' USING ERRCODE = '40001'; END $$",
                log_exceptions=False,
            )

        with (
            patch.object(self.registry["pinbu.team"], "_live_page", conflict),
            patch.object(service_model.time, "sleep"),
            mute_logger(DISPATCHER, "odoo.http"),
        ):
            answer = self.call("GET", "/teams/x")
        self.assertError(answer, 503, "busy")
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(len(tries), service_model.MAX_TRIES_ON_CONCURRENCY_FAILURE)

    def test_one_conflict_does_not_show(self):
        token = self.log_in("Ann")
        original = type(self.env["res.partner"])._api_update_customer
        tries = []

        def conflict_once(partner, body):
            original(partner, body)
            partner.env.flush_all()
            tries.append(body)
            if len(tries) == 1:
                partner.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION 'rival' USING ERRCODE = '40001'; END $$",
                    log_exceptions=False,
                )

        with (
            patch.object(self.registry["res.partner"], "_api_update_customer", conflict_once),
            patch.object(service_model.time, "sleep"),
        ):
            answer = self.call("PATCH", "/me", {"name": "Anna"}, token, key="one")
        self.assertEqual((answer.status, len(tries)), (200, 2))
        self.assertEqual(answer.data["customer"]["name"], "Anna")

    def test_a_refusal_leaves_nothing_half_written(self):
        token = self.log_in("Ann")
        original = type(self.env["res.partner"])._api_update_customer

        error = AccessError("no")

        def write_then_fail(partner, body):
            original(partner, body)
            partner.env.flush_all()
            raise error

        with (
            patch.object(self.registry["res.partner"], "_api_update_customer", write_then_fail),
            mute_logger("odoo.http"),
        ):
            answer = self.call("PATCH", "/me", {"name": "Eve"}, token, is_as_documented=False)
        self.assertEqual(answer.status, 404)
        self.assertEqual(self.call("GET", "/me", token=token).data["customer"]["name"], "Ann")

    def test_request_id(self):
        answer = self.call("GET", "/nope", headers={"X-Request-Id": "client-1.2_3"})
        self.assertEqual(answer.headers["X-Request-Id"], "client-1.2_3")
        answer = self.call("GET", "/config", headers={"X-Request-Id": "<script>"})
        self.assertRegex(answer.headers["X-Request-Id"], "^[0-9a-f]{32}$")

    def test_every_code_that_the_dispatcher_uses_has_a_status(self):
        self.assertLessEqual(set(dispatcher.MESSAGES), set(ERROR_STATUS))

    def test_languages(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.activity.with_context(lang="zh_CN").name = "三袋薯片"
        self.activity.with_context(lang="en_US").name = "Three bags"
        path = f"/activities/{self.activity.id}"
        wanted = {
            "zh-CN": "三袋薯片",
            "zh": "三袋薯片",
            "": "三袋薯片",
            "fr-FR": "三袋薯片",
            "xx_??,;;": "三袋薯片",
            "en": "Three bags",
            "en-GB,zh;q=0.5": "Three bags",
            "fr,en;q=0.8,zh;q=0.9": "三袋薯片",
        }
        for header, name in wanted.items():
            answer = self.call("GET", path, headers={"Accept-Language": header})
            self.assertEqual(answer.data["name"], name, header)
        answer = self.call("GET", "/nope", headers={"Accept-Language": "zh-CN"})
        self.assertRegex(answer.data["error"]["message"], "[\u4e00-\u9fff]")
        answer = self.call("GET", "/nope", headers={"Accept-Language": "en"})
        self.assertTrue(answer.data["error"]["message"].isascii())
