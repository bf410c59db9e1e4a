"""Lists by keyset: a cursor says after which row to go on, so that new rows shift nothing."""

import base64
import json
import math

from odoo.tools import SQL

from ..exceptions import PinbuError

# A cursor of so many ids is some 2 KB long.
MAX_SHOWN = 1000


def encode_cursor(kind, values, shown=()):
    """:return: an opaque cursor; `values` are the sort key of the last row shown, `shown` the ids
    of all so far where the next page cannot tell them by the key"""
    text = json.dumps([kind, *values], separators=(",", ":"))
    cursor = _encode(text.encode())
    return f"{cursor}.{_encode(_pack(sorted(shown)))}" if shown else cursor


def decode_cursor(env, kind, cursor, size):
    """:return: (the `size` numbers of a cursor of this `kind` or None without a cursor, the ids
    that it says were shown)
    :raise PinbuError: ``invalid_cursor``
    """
    if cursor is None:
        return None, []
    text, _dot, packed = cursor.partition(".")
    try:
        found, *values = json.loads(_decode(text))
        shown = _unpack(_decode(packed))
    except (ValueError, TypeError, RecursionError):
        found, values, shown = None, [], []  # not base64, not JSON, not a list
    if found == kind and len(values) == size and all(map(_is_number, values)):
        return values, shown
    raise PinbuError("invalid_cursor", env._("This list cannot be continued from there."))


def _is_number(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) < 2**62


def _encode(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text):
    return base64.urlsafe_b64decode(text.encode() + b"===")


def _pack(ids):
    """:return: ascending ids as their differences, seven bits to a byte: mostly one byte each"""
    packed, last = bytearray(), 0
    for id_ in ids:
        rest, last = id_ - last, id_
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _unpack(packed):
    """:raise ValueError: for what no ids are packed as"""
    ids, last, rest, shift = [], 0, 0, 0
    for byte in packed:
        rest |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            last += rest
            ids.append(last)
            rest = shift = 0
    if shift or last >= 2**31 or len(ids) > MAX_SHOWN:
        raise ValueError("no ids")
    return ids


def search_page(records, domain, kind, keys, query, where=None, moving=False):
    """One page of a search, ordered by `keys`, ascending.

    :param records: an empty recordset (sudo where the domain names the owner)
    :param domain: what belongs to the list
    :param str kind: binds a cursor to its list
    :param keys: ``SQL`` expressions over ``"<table>"``, each numeric, the last one unique
    :param schemas.PageQuery query: ``limit`` and ``cursor``
    :param SQL where: a further condition that no domain can express
    :param bool moving: whether rows change their place while somebody turns the pages, as what
                        sells best does. The cursor then names what was shown, and what was not
                        goes on from there: nothing comes twice, nothing is left out. Beyond
                        ``MAX_SHOWN`` rows the key alone decides.
    :return: (records of the page, next cursor or None)
    """
    after, before = decode_cursor(records.env, kind, query.cursor, len(keys))
    found = records._search(domain)
    if where:
        found.add_where(where)
    if before:
        found.add_where(
            SQL("%s <> ALL(%s)", SQL.identifier(found.table, "id"), before),
        )
    elif after:
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
    page = rows[: query.limit]
    next_cursor = None
    if len(rows) > query.limit:
        # Decimal and int alike travel as JSON numbers.
        last = [float(v) if not isinstance(v, int) else v for v in page[-1][1:]]
        shown = []
        if moving and (before or not after):
            shown = [*before, *(row[0] for row in page)]
        next_cursor = encode_cursor(kind, last, shown if len(shown) <= MAX_SHOWN else ())
    return records.browse(row[0] for row in page), next_cursor


def answer(items, next_cursor=None):
    """:return: the body of a list"""
    return {"items": items, "next_cursor": next_cursor}
