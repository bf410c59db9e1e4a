"""Examples for the document, put together from those of the fields."""

_PLAIN = {"string": "…", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def example_of(schema, definitions):
    """:param dict schema: JSON Schema, as pydantic makes it
    :param dict definitions: what its references lead to
    :return: a value that the schema allows
    """
    if "$ref" in schema:
        return example_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if choices := schema.get("anyOf"):
        return _choose(choices, definitions)
    if schema.get("type") == "array":
        return [example_of(schema["items"], definitions)] if schema.get("items") else []
    if "properties" in schema:
        return _object(schema, definitions)
    return {} if schema.get("type") == "object" else _PLAIN[schema["type"]]


def _choose(choices, definitions):
    first = choices[0]
    is_plain = first.get("type") in _PLAIN and "enum" not in first
    # What has not happened yet, as most that may be null.
    if {"type": "null"} in choices and is_plain and first.get("format") == "date-time":
        return None
    if {"type": "null"} in choices and is_plain and "examples" not in first:
        return None
    return example_of(first, definitions)


def _object(schema, definitions):
    fields = schema["properties"]
    required = schema.get("required", ())
    # Fields that may be left out mostly exclude each other.
    first = next((name for name in fields if name not in required), None)
    return {
        name: example_of(field, definitions)
        for name, field in fields.items()
        if name in required or name == first
    }
