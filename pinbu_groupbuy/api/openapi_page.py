"""The OpenAPI document as a page for people: what its template shows, in plain lists."""

import json
import re

from markupsafe import Markup, escape

_INLINE = re.compile(r"``?(?P<code>[^`]+)``?|\*\*(?P<bold>[^*]+)\*\*")
_VERBS = ("get", "post", "put", "patch", "delete")


def page(document):
    """:param dict document: as `openapi.Document` builds it
    :return: ``{"about": […], "groups": [{"name", "text", "operations"}], "objects": […]}``
    """
    operations = [
        _operation(document, path, method, item[method])
        for path, item in document["paths"].items()
        for method in _VERBS
        if method in item
    ]
    return {
        "about": _paragraphs(document["info"]["description"]),
        "base": document["servers"][0]["url"],
        "groups": [
            {
                "name": tag["name"],
                "text": tag["description"],
                "operations": [one for one in operations if one["tag"] == tag["name"]],
            }
            for tag in document["tags"]
        ],
        "objects": [
            {
                "name": name,
                "text": _paragraphs(schema.get("description", "")),
                "fields": _fields(schema),
                "example": _json(schema["examples"][0]),
            }
            for name, schema in document["components"]["schemas"].items()
        ],
    }


def _operation(document, path, method, operation):
    return {
        "id": operation["operationId"],
        "tag": operation["tags"][0],
        "verb": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "text": _paragraphs(operation.get("description", "")),
        "callers": [name for choice in operation["security"] for name in choice or ("",)],
        "scopes": [
            scope for choice in operation["security"] for name in choice for scope in choice[name]
        ],
        "parameters": [
            _parameter(document, parameter) for parameter in operation.get("parameters", ())
        ],
        "body": _content(document, operation.get("requestBody", {})),
        "answers": [
            {
                "status": status,
                "text": _lines(response["description"]),
                # An error looks like all others.
                "content": _content(document, response) if status < "400" else None,
            }
            for status, response in operation["responses"].items()
        ],
    }


def _parameter(document, parameter):
    if "$ref" in parameter:
        parameter = _follow(document, parameter)
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter["required"],
        "type": _type(parameter["schema"]),
        "text": _inline(parameter.get("description", "")),
    }


def _content(document, holder):
    """:return: what is sent: its media type, its type and an example, or None"""
    if "content" not in holder:
        return None
    media_type, content = next(iter(holder["content"].items()))
    schema = content["schema"]
    example = _follow(document, schema)["examples"][0] if "$ref" in schema else None
    return {
        "media_type": media_type,
        "type": _type(schema),
        "example": example and _json(example),
    }


def _follow(document, reference):
    found = document
    for step in reference["$ref"].split("/")[1:]:
        found = found[step]
    return found


def _fields(schema):
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "required": name in required,
            "type": _type(field),
            "text": _inline(field.get("description", "")),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(schema):
    """:return: a schema in a few words, objects as links"""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" | ").join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return Markup(" ").join(Markup("<code>{}</code>").format(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return Markup("[{}]").format(_type(schema.get("items", {})))
    words = [schema.get("type", "any")]
    if "format" in schema:
        words.append(schema["format"])
    if "default" in schema:
        words.append(f"= {schema['default']}")
    return escape(" ".join(words))


def _paragraphs(text):
    return [_inline(part) for part in text.split("\n\n") if part]


def _lines(text):
    return [_inline(line.removeprefix("- ")) for line in text.split("\n")]


def _inline(text):
    """:return: the text as HTML, with its code and its bold words"""
    shown, end = Markup(), 0
    for match in _INLINE.finditer(text):
        shown += escape(text[end : match.start()])
        tag = "code" if match["code"] else "b"
        shown += Markup("<{0}>{1}</{0}>").format(tag, match["code"] or match["bold"])
        end = match.end()
    return shown + escape(text[end:])


def _json(value):
    return json.dumps(value, ensure_ascii=False, indent=2)
