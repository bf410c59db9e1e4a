"""The API's document against the contract that clients are written for."""

import re

from odoo.tests import HttpCase, tagged

from . import api_contract as contract

JSON = "application/json"


@tagged("post_install", "-at_install")
class TestApiContract(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.promised = contract.OPERATIONS.split("\n")[1:-1]

    def setUp(self):
        super().setUp()
        self.document = self.url_open("/pinbu/api/v1/openapi.json").json()
        self.names = [name for name in self.promised if self.operation(name)]

    def operation(self, name):
        method, path = name.split(" ")
        return self.document["paths"].get(path, {}).get(method.lower())

    def resolve(self, schema):
        """:return: the schemas that this one may be, without null"""
        if "$ref" in schema:
            return self.resolve(
                self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            )
        if "anyOf" in schema:
            return [one for choice in schema["anyOf"] for one in self.resolve(choice)]
        if schema.get("type") == "array":
            return self.resolve(schema.get("items", {}))
        return [] if schema.get("type") == "null" else [schema]

    def find(self, schema, dotted):
        """:return: the schemas of a field"""
        found = self.resolve(schema)
        for name in dotted.split("."):
            found = [
                inner
                for one in found
                if name in one.get("properties", {})
                for inner in self.resolve(one["properties"][name])
            ]
        return found

    def answer_schema(self, name):
        responses = self.operation(name)["responses"]
        status = min(responses)
        return responses[status]["content"][JSON]["schema"]

    def test_every_operation_is_there(self):
        self.assertEqual(len(self.promised), 57)
        self.assertEqual(set(self.promised) - set(self.names), set())

    def test_who_may_call(self):
        is_open = set(contract.OPEN.split("\n")) - {""}
        for name in self.names:
            with self.subTest(name):
                security = self.operation(name)["security"]
                if name in is_open:
                    self.assertTrue(not security or {} in security)
                else:
                    self.assertEqual(security, [{"shopper": []}])

    def test_what_goes_in(self):
        for name, fields in contract.REQUESTS.items():
            operation = self.operation(name)
            query = {one["name"] for one in operation.get("parameters", ()) if "name" in one}
            body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            for field in fields.split():
                with self.subTest(name, field=field):
                    found = field in query or self.find(body.get("schema", {}), field)
                    self.assertTrue(found)

    def test_what_comes_out(self):
        for name, fields in contract.ANSWERS.items():
            schema = self.answer_schema(name)
            for field in fields.split():
                with self.subTest(name, field=field):
                    self.assertTrue(self.find(schema, field))

    def test_statuses(self):
        for name in self.names:
            with self.subTest(name):
                good = [one for one in self.operation(name)["responses"] if one < "300"]
                wanted = contract.STATUSES.get(name)
                if wanted:
                    self.assertEqual(good, wanted.split())
                else:
                    self.assertIn(good, (["200"], ["201"], ["204"]))

    def test_values(self):
        for (name, field), values in contract.VALUES.items():
            with self.subTest(name, field=field):
                [schema] = self.find(self.answer_schema(name), field)
                self.assertLessEqual(set(values.split()), set(schema["enum"]))

    def test_keys_are_required_where_money_moves(self):
        required = set(contract.KEY_REQUIRED.split("\n")) - {""}
        for name in self.names:
            parameters = self.operation(name).get("parameters", ())
            with self.subTest(name):
                is_required = any("RequiredKey" in one.get("$ref", "") for one in parameters)
                self.assertEqual(is_required, name in required)

    def test_objects_of_two_modules_do_not_share_a_name(self):
        # Both would be called after their modules.
        names = self.document["components"]["schemas"]
        self.assertEqual([name for name in names if "__" in name], [])

    def test_every_code_is_told_of(self):
        [error] = self.find({"$ref": "#/components/schemas/Error"}, "error.code")
        self.assertLessEqual(set(contract.ERRORS.split()), set(error["enum"]))

    def test_every_text_is_there_in_chinese(self):
        english = self.texts("en")
        chinese = self.texts("zh-CN")
        self.assertEqual(list(english), list(chinese))
        same = {text for where, text in english.items() if chinese[where] == text}
        self.assertEqual({text for text in same if re.search("[a-z]{3}", text)}, set())

    def texts(self, lang):
        """:return: ``{where: text}`` of all that people read in the document"""
        found = {}
        headers = {"Accept-Language": lang}
        document = self.url_open("/pinbu/api/v1/openapi.json", headers=headers).json()

        def walk(value, where):
            if isinstance(value, list):
                for number, item in enumerate(value):
                    walk(item, (*where, number))
            elif isinstance(value, dict):
                for key, item in value.items():
                    if key in ("description", "summary") and isinstance(item, str):
                        found[(*where, key)] = item
                    elif key != "examples":
                        walk(item, (*where, key))

        walk(document, ())
        return found
