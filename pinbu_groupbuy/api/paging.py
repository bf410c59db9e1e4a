"""Lists by keyset: a cursor says after which row to go on, so that new rows shift nothing."""

import base64
import json
import math

from odoo.tools import SQL

from ..exceptions import PinbuError


def encode_cursor(kind, values):
    """:return: an opaque cursor; `values` are the sort key of the last row shown"""
    text = json.dumps([kind, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(env, kind, cursor, size):
    """:return: the `size` numbers of a cursor of this `kind`, or None without a cursor
    :raise PinbuError: ``invalid_cursor``
    """
    if cursor is None:
        return None
    try:
        found, *values = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"==="))
    except (ValueError, TypeError, RecursionError):
        found, values = None, []  # not base64, not JSON, not a list
    if found == kind and len(values) == size and all(map(_is_number, values)):
        return values
    raise PinbuError("invalid_cursor", env._("This list cannot be continued from there."))


def _is_number(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) < 2**62


def search_page(records, domain, kind, keys, query, where=None):
    """One page of a search, ordered by `keys`, ascending.

    :param records: an empty recordset (sudo where the domain names the owner)
    :param domain: what belongs to the list
    :param str kind: binds a cursor to its list
    :param keys: ``SQL`` expressions over ``"<table>"``, each numeric, the last one unique
    :param schemas.PageQuery query: ``limit`` and ``cursor``
    :param SQL where: a further condition that no domain can express
    :return: (records of the page, next cursor or None)
    """
    after = decode_cursor(records.env, kind, query.cursor, len(keys))
    found = records._search(domain)
    if where:
        found.add_where(where)
    if after:
        found.add_where(
            SQL(
                "(%s) > (%s)",
                SQL(", ").join(keys),
                SQL(", ").join(SQL("%s::numeric", value) for value in after),
            )
        )
    found.order = SQL(", ").join(keys)
    found.limit = query.limit + 1
    rows = records.env.execute_query(found.select(SQL.identifier(found.table, "id"), *keys))
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    # Decimal and int alike travel as JSON numbers.
    last = [float(v) if not isinstance(v, int) else v for v in shown[-1][1:]] if more else None
    return records.browse(row[0] for row in shown), encode_cursor(kind, last) if more else None


def answer(items, next_cursor=None):
    """:return: the body of a list"""
    return {"items": items, "next_cursor": next_cursor}
