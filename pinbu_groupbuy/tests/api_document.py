"""Answers held against the API's own document: whatever a test asks for is checked by the way."""

import copy
import json
import re

from jsonschema import Draft202012Validator

BASE = "/pinbu/api/v1"
JSON = "application/json"


class ApiDocument:
    """The OpenAPI document, ready to check answers with.

    Stricter than clients may be: what the document does not name must not be sent.

    :param dict document: as ``GET /openapi.json`` answers
    """

    def __init__(self, document):
        self.document = document
        self._validators = {}
        strict = copy.deepcopy(document["components"]["schemas"])
        for schema in strict.values():
            if "properties" in schema:
                schema["additionalProperties"] = False
        self._root = {"components": {"schemas": strict}}
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
            # Of two that match, the one with fewer arguments is meant.
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    def operation(self, method, path):
        """:return: what the document says of a request, or None"""
        path = path.partition("?")[0]
        for pattern, name in self._paths:
            if pattern.fullmatch(path):
                operation = self.document["paths"][name].get(method.lower())
                if operation:
                    return operation
        return None

    def problems(self, method, path, answer):
        """:param Answer answer: to this request
        :return: what the document does not allow of it
        :rtype: list[str]
        """
        operation = self.operation(method, path)
        where = f"{method} {path}: {answer.status}"
        if not operation:
            # No such route, no such verb, or a question for the verbs.
            allowed = (method == "OPTIONS" and answer.status == 204) or answer.status in (404, 405)
            return [] if allowed else [f"{where} of a route that is not in the document"]
        described = operation["responses"].get(str(answer.status))
        if described is None:
            return [f"{where} {answer.code or ''} is not in the document"]
        content = described.get("content")
        if not content:
            return [f"{where} has a body"] if answer.text else []
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        if JSON not in content:
            main = media_type.partition("/")[0]
            return [] if {media_type, f"{main}/*"} & set(content) else [f"{where} is {media_type}"]
        if media_type != JSON:
            return [f"{where} is {media_type}, not JSON"]
        return [
            f"{where}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in self._validator(content[JSON]["schema"]).iter_errors(answer.data)
        ]

    def _validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**self._root, **schema})
        return self._validators[key]
