"""The API's own document: whole, valid, and true to the routes. Whether answers obey it is checked
with each call of every test (`ApiMixin.call`)."""

import re

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from odoo import http

from ..api.routing import BASE
from ..api.schemas import PageQuery
from ..const import ERROR_STATUS
from .api_common import Answer, ApiCase


class FakeAnswer(Answer):
    def __init__(self, status, data):
        self.status, self.data, self.text = status, data, "…"
        self.headers = {"Content-Type": "application/json; charset=utf-8"}


class TestApiDocument(ApiCase):
    def setUp(self):
        super().setUp()
        self.document = self.call("GET", "/openapi.json").data

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield f"{method.upper()} {path}", operation

    def endpoints(self):
        """:return: ``{"GET /orders/{}": endpoint}`` of every route that Odoo serves for the API"""
        modules = sorted(self.registry._init_modules)
        found = {}
        for url, endpoint in http._generate_routing_rules(modules, False):
            if url.startswith(f"{BASE}/"):
                path = re.sub(r"<[^>]*>", "{}", url.removeprefix(BASE))
                for method in endpoint.routing["methods"] or ():
                    found[f"{method} {path}"] = endpoint
        return found

    def test_it_is_valid_openapi(self):
        self.assertEqual(list(OpenAPIV31SpecValidator(self.document).iter_errors()), [])

    def test_it_describes_every_route_and_no_other(self):
        described = {re.sub(r"\{\w+\}", "{}", name) for name, _operation in self.operations()}
        self.assertEqual(described, set(self.endpoints()))
        self.assertGreater(len(described), 25)

    def test_every_operation_says_what_it_does_and_answers(self):
        identifiers = set()
        for name, operation in self.operations():
            with self.subTest(name):
                self.assertTrue(operation.get("summary"), "its method has no docstring")
                self.assertNotIn(operation["operationId"], identifiers)
                identifiers.add(operation["operationId"])
                good = [status for status in operation["responses"] if status < "300"]
                self.assertTrue(good)
                for status in good:
                    has_content = "content" in operation["responses"][status]
                    self.assertEqual(has_content, status != "204")

    def test_every_route_names_errors_that_there_are(self):
        for name, endpoint in self.endpoints().items():
            with self.subTest(name):
                self.assertLessEqual(endpoint.routing["pinbu_errors"], set(ERROR_STATUS))

    def test_how_a_route_is_called_says_which_errors_it_gives(self):
        codes = {name: self.codes(operation) for name, operation in self.operations()}
        everywhere = {"internal_error", "busy", "rate_limited"}
        for name, found in codes.items():
            self.assertLessEqual(everywhere, found, name)
        self.assertEqual(codes["GET /health"], everywhere)
        self.assertEqual(codes["GET /config"], everywhere | {"unauthenticated"})
        self.assertLessEqual({"invalid_cursor", "invalid_request"}, codes["GET /orders"])
        self.assertIn("not_found", codes["GET /orders/{id}"])
        self.assertLessEqual({"in_progress", "idempotency_mismatch"}, codes["POST /orders"])
        self.assertNotIn("in_progress", codes["POST /session"])
        self.assertIn("payload_too_large", codes["POST /session"])

    def codes(self, operation):
        return {
            code
            for status, response in operation["responses"].items()
            if status >= "400"
            for code in response["content"]["application/json"]["examples"]
        }

    def test_lists_page_and_writes_take_a_key(self):
        for name, endpoint in self.endpoints().items():
            _method, path = name.split(" ")
            operation = next(
                found
                for other, found in self.operations()
                if re.sub(r"\{\w+\}", "{}", other) == name
            )
            parameters = {
                parameter.get("name") or parameter["$ref"].rpartition("/")[2]
                for parameter in operation.get("parameters", ())
            }
            with self.subTest(name):
                query = endpoint.routing["pinbu_query"]
                is_list = bool(query) and issubclass(query, PageQuery)
                self.assertEqual({"limit", "cursor"} <= parameters, is_list)
                key = endpoint.routing["pinbu_idempotency"]
                self.assertEqual("RequiredKey" in parameters, key == "required")
                self.assertEqual("OptionalKey" in parameters, key == "optional")
                self.assertEqual(path.count("{}"), len(parameters & self.path_arguments(operation)))

    def path_arguments(self, operation):
        return {p["name"] for p in operation.get("parameters", ()) if p.get("in") == "path"}

    def test_examples_obey_their_schemas(self):
        schemas = self.document["components"]["schemas"]
        for name, schema in schemas.items():
            with self.subTest(name):
                validator = Draft202012Validator({**schema, "components": {"schemas": schemas}})
                for example in schema["examples"]:
                    self.assertEqual([e.message for e in validator.iter_errors(example)], [])

    def test_it_is_kept_by_whoever_read_it(self):
        first = self.call("GET", "/openapi.json")
        self.assertIn("max-age", first.headers["Cache-Control"])
        again = self.url_open(
            f"{BASE}/openapi.json",
            headers={"If-None-Match": first.headers["ETag"], "Accept-Language": "en"},
        )
        self.assertEqual((again.status_code, again.text), (304, ""))

    def test_answers_that_it_does_not_allow_are_found(self):
        check = self.api_document().problems
        config = self.call("GET", "/config").data
        self.assertEqual(check("GET", "/config", FakeAnswer(200, config)), [])
        for wrong in (
            {**config, "timezone": None},
            {**config, "more": 1},
            {**config, "shop": {**config["shop"], "licences": "none"}},
            {name: value for name, value in config.items() if name != "consent_version"},
        ):
            self.assertTrue(check("GET", "/config", FakeAnswer(200, wrong)), wrong)
        self.assertTrue(check("GET", "/config", FakeAnswer(201, config)))
        self.assertTrue(check("GET", "/nowhere", FakeAnswer(200, {})))
        error = {"code": "unauthenticated", "message": "Please log in again.", "details": {}}
        self.assertEqual(check("GET", "/config", FakeAnswer(401, {"error": error})), [])
        error = {**error, "code": "login_failed"}
        self.assertTrue(check("GET", "/config", FakeAnswer(401, {"error": error})))


class TestApiDocs(ApiCase):
    def page(self, query="", **headers):
        response = self.url_open(f"/pinbu/api/docs{query}", headers=headers)
        self.assertEqual(response.status_code, 200)
        return response

    def test_everything_is_on_the_page(self):
        page = self.page()
        document = self.call("GET", "/openapi.json").data
        for path, item in document["paths"].items():
            self.assertIn(f">{path}<", page.text)
            for operation in item.values():
                self.assertIn(f'id="{operation["operationId"]}"', page.text)
        for name in document["components"]["schemas"]:
            self.assertIn(f'id="{name}"', page.text)

    def test_it_asks_no_other_host(self):
        page = self.page()
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        asked = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', page.text)
        self.assertEqual(len(asked), 2)
        for address in asked:
            self.assertTrue(address.startswith("/pinbu_groupbuy/static/"), address)
            self.assertEqual(self.url_open(address).status_code, 200)
        self.assertNotIn("Set-Cookie", page.headers)

    def test_it_is_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.flush_all()
        self.assertIn('lang="zh-CN"', self.page().text)
        self.assertIn("占位（参团或开团）并下单", self.page().text)
        for english in (self.page("?lang=en"), self.page(**{"Accept-Language": "en"})):
            self.assertIn('lang="en-US"', english.text)
            self.assertIn("Hold a place, in a team or to open one, and order", english.text)
        self.assertIn('lang="zh-CN"', self.page("?lang=zh", **{"Accept-Language": "en"}).text)
        self.assertIn("在旧令牌到期前换新令牌", self.page("?lang=zh").text)
