"""The API's own description: an OpenAPI 3.1 document, made of the routes and their models.

A route's docstring is its summary and description; its ``body``, ``query`` and ``reply`` are its
schemas; its error codes are those that it names and those that follow from how it is called. What
is said of the whole API stands in `openapi_words`.
"""

import inspect
import re

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from odoo.tools import groupby

from ..const import ERROR_STATUS
from . import openapi_words as words
from . import schemas, shapes
from .openapi_examples import example_of
from .routing import BASE, READS

JSON = "application/json"
MAX_INT4 = 2**31 - 1
# How a caller is known, by a route's `auth`: names of `openapi_words.SECURITY_SCHEMES`, None for
# nobody in particular.
CALLERS = {
    "pinbu_shopper": ("shopper",),
    "pinbu_public": (None, "shopper"),
    "pinbu_anyone": (),
    "pinbu_merchant": ("merchant",),
}
_ARGUMENT = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_FILE = {"type": "string", "format": "binary"}
_RETRY = ("rate_limited", "busy", "in_progress")


def routes(env):
    """The API's routes in this database.

    :return: (path as in the document, verb, werkzeug rule) of each, by path
    """
    found = []
    for rule in env["ir.http"].routing_map().iter_rules():
        routing = rule.endpoint.routing
        if routing["type"] != "pinbu" or routing.get("pinbu_catch_all"):
            continue
        path = path_of(rule.rule)[0]
        found += [(path, method, rule) for method in routing["methods"]]
    return sorted(found, key=lambda route: route[:2])


def path_of(rule):
    """A route's path as the contract writes it: what a number alone names is called ``id``.

    :param str rule: such as ``/pinbu/api/v1/orders/<int:order_id>``
    :return: (such as ``/orders/{id}``, ``{name of an argument: its kind}``)
    """
    arguments = [(match["kind"] or "string", match["name"]) for match in _ARGUMENT.finditer(rule)]
    numbers = [name for kind, name in arguments if kind == "int"]
    names = {numbers[0]: "id"} if len(numbers) == 1 else {}
    path = _ARGUMENT.sub(lambda match: f"{{{names.get(match['name'], match['name'])}}}", rule)
    return path.removeprefix(BASE), {names.get(name, name): kind for kind, name in arguments}


def is_live(routing):
    """:return: whether the route's answers have an ETag: what anybody may look at again and again"""
    return (
        READS.issuperset(routing["methods"])
        and routing["auth"] == "pinbu_public"
        and not isinstance(routing["pinbu_reply"].get(200), str)
    )


def error_codes(routing):
    """:return: the codes that a route may answer with: its own, and those that follow from its
    authentication, path, body, query and idempotency
    :rtype: set[str]
    """
    codes = {*routing["pinbu_errors"], "internal_error", "busy", "rate_limited"}
    if CALLERS[routing["auth"]]:
        codes.add("unauthenticated")
    if routing.get("pinbu_scope"):
        codes.add("forbidden")
    if path_of(routing["routes"][0])[1]:
        codes.add("not_found")
    if not READS.issuperset(routing["methods"]):
        codes |= {"invalid_request", "payload_too_large", "unsupported_media_type"}
    if query := routing["pinbu_query"]:
        codes.add("invalid_request")
        if issubclass(query, schemas.PageQuery):
            codes.add("invalid_cursor")
    if routing["pinbu_idempotency"]:
        codes |= {"idempotency_mismatch", "in_progress"}
    return codes


class _Schema(GenerateJsonSchema):
    """Without the titles that pydantic makes of fields' names, and without defaults of null."""

    def field_title_should_be_set(self, schema):
        return False

    def default_schema(self, schema):
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


class Document:
    """The document of the routes that a database has.

    :param translate: a function that gives a text in the reader's language
    """

    def __init__(self, env, translate=lambda text: text):
        self._translate = translate
        self._routes = routes(env)
        self._definitions, self._references = self._schemas()

    def build(self):
        """:return: the OpenAPI document
        :rtype: dict
        """
        paths = {
            path: {
                method.lower(): self._operation(path, method, rule.endpoint)
                for _, method, rule in group
            }
            for path, group in groupby(self._routes, key=lambda route: route[0])
        }
        tags = {_tag(path) for path in paths}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Pinbu",
                "version": "1",
                "description": "\n\n".join(map(self._translate, words.ABOUT)),
            },
            "servers": [{"url": BASE}],
            "tags": [
                {"name": tag, "description": self._translate(text)}
                for tag, text in words.TAGS.items()
                if tag in tags
            ],
            "paths": paths,
            "components": {
                "schemas": self._definitions,
                "securitySchemes": self._described(words.SECURITY_SCHEMES),
                "headers": self._described(words.HEADERS),
                "parameters": self._described(words.PARAMETERS),
            },
        }

    # === SCHEMAS === #

    def _schemas(self):
        """:return: (schemas by their names, the reference to each model's)"""
        models = {shapes.Error: None}
        for _path, _method, rule in self._routes:
            routing = rule.endpoint.routing
            for model in (routing["pinbu_body"], *routing["pinbu_reply"].values()):
                if model and not isinstance(model, str):
                    models[model] = None
        references, schema = models_json_schema(
            # Not "serialization", which calls fields required that may be left out.
            [(model, "validation") for model in models],
            ref_template="#/components/schemas/{model}",
            schema_generator=_Schema,
        )
        definitions = {
            name: self._described(schema["$defs"][name]) for name in sorted(schema["$defs"])
        }
        for definition in definitions.values():
            definition.pop("title", None)
            definition["examples"] = [example_of(definition, definitions)]
        return definitions, {model: reference for (model, _mode), reference in references.items()}

    def _described(self, schema):
        """:return: a copy, with its descriptions in the reader's language"""
        if isinstance(schema, list):
            return [self._described(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        return {
            key: self._translate(" ".join(value.split()))
            if key == "description" and isinstance(value, str)
            else self._described(value)
            for key, value in schema.items()
        }

    # === OPERATIONS === #

    def _operation(self, path, method, endpoint):
        routing = endpoint.routing
        text = inspect.getdoc(endpoint.__wrapped__) or ""
        summary, *more = (" ".join(part.split()) for part in text.split("\n\n"))
        operation = {
            "operationId": "_".join([method.lower(), *re.findall(r"\w+", path)]),
            "tags": [_tag(path)],
            "summary": self._translate(summary.rstrip(".")),
            "description": "\n\n".join(map(self._translate, more)),
            "parameters": self._parameters(routing),
            "requestBody": self._request_body(routing["pinbu_body"]),
            "responses": {**self._answers(routing), **self._errors(error_codes(routing))},
        }
        named = {name: value for name, value in operation.items() if value}
        scopes = [scope for scope in [routing.get("pinbu_scope")] if scope]
        callers = CALLERS[routing["auth"]]
        return {**named, "security": [{name: scopes} if name else {} for name in callers]}

    def _parameters(self, routing):
        parameters = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_INT4, "examples": [42]}
                if kind == "int"
                else {"type": "string", "minLength": 1},
            }
            for name, kind in path_of(routing["routes"][0])[1].items()
        ]
        if query := routing["pinbu_query"]:
            parameters += self._query_parameters(query)
        shared = ["Language"]
        if is_live(routing):
            shared.append("Known")
        if idempotency := routing["pinbu_idempotency"]:
            shared.append("RequiredKey" if idempotency == "required" else "OptionalKey")
        return parameters + [{"$ref": f"#/components/parameters/{name}"} for name in shared]

    def _query_parameters(self, model):
        schema = model.model_json_schema(schema_generator=_Schema)
        parameters = []
        for name, field in schema["properties"].items():
            field = self._described(_without_null(field))
            text = field.pop("description", None) or self._translate(words.QUERY.get(name, ""))
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", ()),
                    **({"description": text} if text else {}),
                    "schema": field,
                }
            )
        return parameters

    def _request_body(self, model):
        if not model:
            return None
        if isinstance(model, str):
            form = {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
            content = {model: {"schema": _FILE}, "multipart/form-data": {"schema": form}}
        else:
            content = {JSON: {"schema": self._references[model]}}
        return {"required": True, "content": content}

    def _answers(self, routing):
        """What is answered when all is well."""
        answers = {}
        for status, model in sorted(routing["pinbu_reply"].items()):
            answer = {"description": self._translate(words.STATUSES[status])}
            if isinstance(model, str):
                schema = {"type": "object"} if model == JSON else _FILE
                answer["content"] = {model: {"schema": schema}}
            elif model:
                answer["content"] = {JSON: {"schema": self._references[model]}}
            if is_live(routing):
                answer["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
            answers[str(status)] = answer
        if is_live(routing):
            answers["304"] = {
                "description": self._translate(words.STATUSES[304]),
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            }
        return answers

    def _errors(self, codes):
        """What is answered when not, by status."""
        answers = {}
        ordered = sorted(codes, key=lambda code: (ERROR_STATUS[code], code))
        for status, found in groupby(ordered, key=ERROR_STATUS.get):
            answer = {
                "description": "\n".join(
                    f"- `{code}`: {self._translate(words.CODES[code])}" for code in found
                ),
                "content": {
                    JSON: {
                        "schema": {
                            "allOf": [
                                self._references[shapes.Error],
                                {
                                    "properties": {
                                        "error": {"properties": {"code": {"enum": found}}}
                                    }
                                },
                            ]
                        },
                        "examples": {code: {"value": self._error_example(code)} for code in found},
                    }
                },
            }
            if any(code in _RETRY for code in found):
                answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
            answers[str(status)] = answer
        return answers

    def _error_example(self, code):
        return {
            "error": {
                "code": code,
                "message": self._translate(words.CODES[code]),
                "details": words.DETAILS.get(code, {}),
            }
        }


def _tag(path):
    first = path.split("/")[1]
    return first if first in words.TAGS else "shop"


def _without_null(field):
    """What may be left out of a query string cannot be sent as null."""
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return field
    return {**{key: value for key, value in field.items() if key != "anyOf"}, **choices[0]}
