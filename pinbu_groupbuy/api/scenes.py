"""Share parameters: what a link or a scanned code means, in at most 32 visible characters.

``t<team token>`` or ``a<activity id>``, then, when somebody shared it, ``.`` and who. Nothing is
stored: the sharer's id is enciphered under the database's secret, because other shoppers see
the scene and must not learn ids.
"""

import re
from typing import NamedTuple

from odoo.tools.misc import hmac

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SCENE = re.compile(r"(?P<kind>[at])(?P<ref>[A-Za-z0-9_-]{1,24})(?:\.(?P<who>[0-9A-Za-z]{6}))?")


class Scene(NamedTuple):
    """A decoded share parameter; `partner_id` is None when nobody shared it."""

    kind: str  # "team" or "activity"
    ref: str  # the team's token, or the activity's id in decimal
    partner_id: int | None


def encode(env, kind, ref, partner=None):
    """:return: the scene of a team (`ref`: its token) or an activity (its id)"""
    who = f".{_base62(_encipher(env, partner.id))}" if partner else ""
    return f"{kind[0]}{ref}{who}"


def decode(env, scene):
    """:return: a Scene, or None for what no scene looks like"""
    match = _SCENE.fullmatch(scene or "")
    if not match:
        return None
    partner_id = None
    if match["who"]:
        number = _number(match["who"])
        partner_id = _decipher(env, number) if number < 2**32 else 0
        if not 0 < partner_id < 2**31:
            return None
    return Scene({"t": "team", "a": "activity"}[match["kind"]], match["ref"], partner_id)


# A Feistel network of four rounds over 32 bits: a keyed permutation of the ids.


def _round(env, number, half):
    return int(hmac(env(su=True), "pinbu.api.scene", [number, half])[:4], 16)


def _encipher(env, value):
    left, right = value >> 16, value & 0xFFFF
    for number in range(4):
        left, right = right, left ^ _round(env, number, right)
    return left << 16 | right


def _decipher(env, value):
    left, right = value >> 16, value & 0xFFFF
    for number in reversed(range(4)):
        left, right = right ^ _round(env, number, left), left
    return left << 16 | right


def _base62(value):
    text = ""
    for _digit in range(6):
        value, rest = divmod(value, 62)
        text = _DIGITS[rest] + text
    return text


def _number(text):
    value = 0
    for char in text:
        value = value * 62 + _DIGITS.index(char)
    return value
