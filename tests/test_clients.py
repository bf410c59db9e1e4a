"""The clients of ``clients/`` held against the API's own document."""

import inspect
import json
import shutil
import subprocess
import types
import typing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from pinbu_client import Answer, Client, Page

from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.api.routing import BASE
from odoo.addons.pinbu_groupbuy.tests.api_common import ApiCase
from odoo.addons.pinbu_groupbuy.tests.api_document import ApiDocument

_JAVASCRIPT = Path(__file__).resolve().parents[1] / "clients" / "javascript"
JSON = "application/json"

# What is not for a shopper's client: pictures have addresses, other systems have keys.
OTHERS = ("/images/", "/merchant/")

# Arguments that a type alone does not give; whatever is not here is 7, "x", True, ...
ARGUMENTS = {
    "address": {
        "name": "Ann",
        "phone": "13812345678",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "street": "文三路 1 号",
        "is_default": True,
        "region_code": "330106",
    },
    "channel": "friend",
    "id_number": "11010519491231002X",
    "items": [{"name": "view", "activity_id": 7, "element": "x", "at": "2026-01-31T12:00:00Z"}],
    "kind": "hottest",
    "media_type": "image/png",
    "mode": "normal",
    "period": "today",
    "photos": ["x"],
    "real_name": "张小明",
    "result": "accept",
    "sort": "hot",
    "state": "forming",
    "tab": "unpaid",
    "zone": "today",
}
# These hand out what is inside of the answer.
INSIDE = {
    "me": "customer",
    "change_me": "customer",
    "set_avatar": "customer",
    "give_identity": "identity",
    "report_events": "taken",
}
# A mini-program's methods that are more than one request, or none.
BY_HAND = {
    "POST /session",
    "POST /session/renew",
    "DELETE /session",
    "POST /me/avatar",
    # It sends a POST.
    "PATCH /me",
}
_JSON_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}


class Shop:
    """Answers as the document says, and finds fault with requests that it does not name."""

    def __init__(self, document):
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.known = ApiDocument(document)
        self.asked = []
        self.problems = []

    def __call__(self, method, url, headers, body, _timeout):
        parts = urlsplit(url)
        path = parts.path.removeprefix(BASE)
        operation = self.known.operation(method, path)
        if not operation:
            self.problems.append(f"{method} {path} is not in the document")
            return Answer(204)
        self.asked.append(operation)
        parameters = [
            self.document["components"]["parameters"][p["$ref"].rpartition("/")[2]]
            if "$ref" in p
            else p
            for p in operation.get("parameters", ())
        ]
        self._check_query(parameters, dict(parse_qsl(parts.query)))
        takes_key = any(p["name"] == "Idempotency-Key" for p in parameters)
        if takes_key != ("Idempotency-Key" in headers):
            self.problems.append(f"{method} {path}: takes a key: {takes_key}")
        self._check_body(operation, headers, body)
        return self._answer(operation)

    def _check_query(self, parameters, values):
        named = {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}
        self.problems += [f"query {name}" for name in values.keys() - named.keys()]
        for name in values.keys() & named.keys():
            choices = named[name].get("enum")
            if choices and values[name] not in choices:
                self.problems.append(f"query {name}: {values[name]}")

    def _check_body(self, operation, headers, body):
        content = operation.get("requestBody", {}).get("content", {})
        if JSON not in content:
            media_type = headers.get("Content-Type", JSON)
            if content and f"{media_type.partition('/')[0]}/*" not in content:
                self.problems.append(f"{media_type} is sent")
            return
        schema = self.resolve(content[JSON]["schema"])
        values = json.loads(body)
        root = {**schema, "components": {"schemas": self.schemas}}
        self.problems += [e.message for e in Draft202012Validator(root).iter_errors(values)]
        self.problems += [f"body {name}" for name in values.keys() - schema["properties"].keys()]

    def _answer(self, operation):
        status, content = self.good(operation)
        if not content:
            return Answer(status)
        [(media_type, answer)] = content.items()
        if media_type != JSON:
            return Answer(status, {"content-type": media_type}, b"...")
        example = self.resolve(answer["schema"]).get("examples", [{}])[0]
        return Answer(status, {"content-type": JSON}, json.dumps(example).encode())

    def good(self, operation):
        """:return: (the status of success, its content)"""
        status = min(status for status in operation["responses"] if status < "300")
        return int(status), operation["responses"][status].get("content")

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema


class Types:
    """Whether Python's types say what a schema says."""

    def __init__(self, shop):
        self.shop = shop

    def problems(self, hint, schema, where):
        """:return: where the two differ; what only the document names is no difference
        :rtype: list[str]
        """
        schema = self.shop.resolve(schema)
        if hint is typing.Any or not schema:
            return []
        is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
        hints = typing.get_args(hint) if is_union else (hint,)
        choices = [self.shop.resolve(choice) for choice in schema.get("anyOf", [schema])]
        by_type = {self._json_type(each): each for each in hints}
        found = []
        for choice in choices:
            if choice["type"] not in by_type:
                found.append(f"{where}: {choice['type']} is not in {hint}")
            else:
                found += self._within(by_type[choice["type"]], choice, where)
        said = {choice["type"] for choice in choices}
        # A number may well be a whole one.
        said |= {"integer"} if "number" in said else set()
        found += [f"{where}: never {name}" for name in by_type.keys() - said]
        return found

    def _json_type(self, hint):
        if typing.is_typeddict(hint):
            return "object"
        return _JSON_TYPES[typing.get_origin(hint) or hint]

    def _within(self, hint, schema, where):
        if typing.is_typeddict(hint):
            return self._fields(hint, schema, where)
        if typing.get_origin(hint) is list:
            return self.problems(typing.get_args(hint)[0], schema["items"], f"{where}[]")
        if typing.get_origin(hint) is dict and isinstance(schema.get("additionalProperties"), dict):
            value = schema["additionalProperties"]
            return self.problems(typing.get_args(hint)[1], value, f"{where}{{}}")
        return []

    def _fields(self, hint, schema, where):
        found = []
        for name, field in typing.get_type_hints(hint).items():
            if name not in schema["properties"]:
                found.append(f"{where}.{name} is not in the document")
                continue
            found += self.problems(field, schema["properties"][name], f"{where}.{name}")
            if name in hint.__required_keys__ and name not in schema.get("required", ()):
                found.append(f"{where}.{name} may be missing")
        return found


class ClientCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maxDiff = None

    def setUp(self):
        super().setUp()
        self.shop = Shop(self.call("GET", "/openapi.json").data)

    def operations(self):
        """:return: ``{"GET /orders": operation}`` of all that a shopper's client can do"""
        return {
            f"{method.upper()} {path}": operation
            for path, item in self.shop.document["paths"].items()
            if not path.startswith(OTHERS)
            for method, operation in item.items()
        }


@tagged("post_install", "-at_install")
class TestPythonClient(ClientCase):
    def methods(self):
        return {
            name: method
            for name, method in inspect.getmembers(Client, inspect.isfunction)
            if not name.startswith("_") and name != "request"
        }

    def argument(self, name, hint):
        if name in ARGUMENTS:
            return ARGUMENTS[name]
        if typing.get_origin(hint) is types.UnionType:
            hint = typing.get_args(hint)[0]
        samples = {int: 7, str: "x", bool: True, bytes: b"x", float: 7.0}
        return samples.get(hint, [7])

    def play(self, name, method):
        """Call it with everything that it takes.

        :return: the operation that it asked for, or None
        """
        hints = typing.get_type_hints(method)
        arguments = {
            each: self.argument(each, hints[each])
            for each in inspect.signature(method).parameters
            if each not in ("self", "key")
        }
        self.shop.asked, self.shop.problems = [], []
        client = Client("http://shop.example", token="t", send=self.shop)
        answer = method(client, **arguments)
        if inspect.isgenerator(answer):
            next(answer)
        return self.shop.asked[0] if self.shop.asked else None

    def test_each_method_asks_and_understands_as_the_document_says(self):
        for name, method in self.methods().items():
            with self.subTest(name):
                operation = self.play(name, method)
                self.assertEqual(self.shop.problems, [])
                self.assertEqual(self.differences(name, method, operation), [])

    def differences(self, name, method, operation):
        hint = typing.get_type_hints(method)["return"]
        _status, content = self.shop.good(operation)
        if not content or JSON not in content:
            wanted = bytes if content else type(None)
            return [] if hint is wanted else [f"{name}: {hint}, but {content}"]
        schema = self.shop.resolve(content[JSON]["schema"])
        if name in INSIDE:
            schema = schema["properties"][INSIDE[name]]
        if typing.get_origin(hint) is Page:
            self.assertEqual(set(schema["properties"]), {"items", "next_cursor"})
            hint, schema = list[typing.get_args(hint)[0]], schema["properties"]["items"]
        elif name == "watch_team":
            [hint] = typing.get_args(hint)
        return Types(self.shop).problems(hint, schema, name)

    def test_each_operation_has_a_method(self):
        played = {
            operation["operationId"]
            for name, method in self.methods().items()
            if (operation := self.play(name, method))
        }
        missing = {
            name
            for name, operation in self.operations().items()
            if operation["operationId"] not in played
        }
        # What a mini-program says instead of PATCH.
        self.assertEqual(missing - {"POST /me"}, set())

    def test_types_that_say_something_else_are_found(self):
        order = typing.get_type_hints(Client.order)["return"]
        schema = self.shop.schemas["Order"]
        find = Types(self.shop).problems
        self.assertEqual(find(order, schema, "o"), [])
        for name, wrong in (
            ("amount", {"type": "string"}),
            ("amount", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
            ("pay_before", {"type": "string"}),
            ("actions", {"type": "array", "items": {"type": "integer"}}),
            ("delivery", {"type": "object", "properties": {}}),
        ):
            changed = {**schema, "properties": {**schema["properties"], name: wrong}}
            self.assertTrue(find(order, changed, "o"), (name, wrong))
        self.assertTrue(find(order, {**schema, "required": []}, "o"))


@tagged("post_install", "-at_install")
class TestJavascriptClient(ClientCase):
    def test_its_routes_are_the_documents(self):
        node = shutil.which("node") or shutil.which("nodejs")
        script = "console.log(JSON.stringify(require('./pinbu').ROUTES))"
        done = subprocess.run(
            [node, "-e", script], cwd=_JAVASCRIPT, capture_output=True, check=True, timeout=60
        )
        routes = set(json.loads(done.stdout).values())
        # A file is nothing that wx.request hands out.
        files = {
            name
            for name, operation in self.operations().items()
            if not {JSON} >= set(self.shop.good(operation)[1] or ())
        }
        described = set(self.operations()) - files - {"GET /openapi.json"}
        self.assertEqual(routes | BY_HAND, described)
