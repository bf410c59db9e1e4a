"""Share parameters: what a link or a scanned code means, in at most 32 visible characters.

``t<team token>``, ``a<activity id>`` or ``s`` (nothing but who shared it), then, when somebody
shared it, who. Nothing is stored, and reading a team writes nothing: a shopper's scene of a team is
the same each time. Other shoppers see it and must not learn ids, so the sharer's id is enciphered
under the database's secret; nor may anybody make up the scene of somebody else, so it is signed,
together with what was shared.
"""

import re
from typing import NamedTuple

from odoo.tools.misc import consteq, hmac

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WHO = 6  # base 62 digits that hold 32 bits
# Base 62 digits of the signature. A team's token leaves room for three: few of the 32 bits name
# anybody, so that a guess finds a sharer once in a billion times.
_SIGNATURE = {"t": 3, "a": 8, "s": 8}
_SCENES = [
    re.compile(
        r"(?P<kind>t)(?P<ref>[A-Za-z0-9_-]{22})"
        rf"(?:(?P<who>[0-9A-Za-z]{{{_WHO}}})(?P<signature>[0-9A-Za-z]{{{_SIGNATURE['t']}}}))?"
    ),
    re.compile(
        r"(?P<kind>[as])(?P<ref>[0-9]{0,16})"
        rf"(?:\.(?P<who>[0-9A-Za-z]{{{_WHO}}})(?P<signature>[0-9A-Za-z]{{{_SIGNATURE['a']}}}))?"
    ),
]
_KINDS = {"t": "team", "a": "activity", "s": "shopper"}


class Scene(NamedTuple):
    """A decoded share parameter; `partner_id` is None when nobody shared it."""

    kind: str  # "team", "activity" or "shopper"
    ref: str  # the team's token, the activity's id in decimal, or nothing
    partner_id: int | None


def encode(env, kind, ref="", partner=None):
    """:return: the scene of a team (`ref`: its token), an activity (its id), or of a shopper"""
    shared = f"{kind[0]}{ref}"
    return shared + _sharer(env, shared, partner) if partner else shared


def shared_by(env, share, partner):
    """:return: the contract's ``share`` of a passer-by (`share`), as this shopper shares it"""
    sharer = _sharer(env, share["scene"], partner)
    return {**share, "scene": share["scene"] + sharer, "path": share["path"] + sharer}


def _sharer(env, shared, partner):
    """:return: what a scene ends with when this shopper has shared it"""
    who = f"{_base62(_encipher(env, partner.id), _WHO)}{_sign(env, shared, partner.id)}"
    return who if shared[0] == "t" else f".{who}"


def decode(env, scene):
    """:return: a Scene, or None for what no scene looks like and for what nobody shared"""
    match = next(filter(None, (form.fullmatch(scene or "") for form in _SCENES)), None)
    # Empty where it names something, or nobody's own.
    if not match or bool(match["ref"]) == (match["kind"] == "s"):
        return None
    partner_id = None
    if match["who"]:
        number = _number(match["who"])
        partner_id = _decipher(env, number) if number < 2**32 else 0
        shared = match["kind"] + match["ref"]
        if not 0 < partner_id < 2**31 or not consteq(
            _sign(env, shared, partner_id), match["signature"]
        ):
            return None
    elif match["kind"] == "s":
        return None
    return Scene(_KINDS[match["kind"]], match["ref"], partner_id)


def _sign(env, shared, partner_id):
    digest = hmac(env(su=True), "pinbu.api.scene.sharer", [shared, partner_id])
    length = _SIGNATURE[shared[0]]
    return _base62(int(digest, 16) % 62**length, length)


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


def _base62(value, length):
    text = ""
    for _digit in range(length):
        value, rest = divmod(value, 62)
        text = _DIGITS[rest] + text
    return text


def _number(text):
    value = 0
    for char in text:
        value = value * 62 + _DIGITS.index(char)
    return value
