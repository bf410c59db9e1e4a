"""The server's own keys: what they seal, a copied database does not show.

They stand in the configuration file, in a section of its own (Odoo warns of options that it does
not know), or in the environment, and never in the database::

    [pinbu]
    personal_data_keys = 2026:<32 bytes in base64>, 2025:<32 bytes in base64>

The first key seals; the others only open what they sealed before. After a rotation a scheduler
seals everything anew; marks of former shoppers (see `Keyring.mark`) need their key until they end.
"""

import base64
import hashlib
import hmac
import logging
import os
import re
from configparser import Error as ConfigError
from configparser import RawConfigParser
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from odoo.exceptions import UserError
from odoo.tools import config

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

_logger = logging.getLogger(__name__)

ENVIRONMENT = "PINBU_PERSONAL_DATA_KEYS"
SECTION, OPTION = "pinbu", "personal_data_keys"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class Unreadable(UserError):
    """What was sealed cannot be opened: its key is not configured here, or it was tampered with."""


class Keyring:
    """Seals with AES-256-GCM, and marks with HMAC-SHA256, each under a key derived for it.

    :param dict keys: ``{key id: 32 bytes}``, the current one first
    """

    def __init__(self, keys):
        self.key_ids = tuple(keys)
        self.current = self.key_ids[0]
        self._sealing = {key_id: AESGCM(_derive(key, b"seal")) for key_id, key in keys.items()}
        self._marking = {key_id: _derive(key, b"mark") for key_id, key in keys.items()}

    def seal(self, data, purpose):
        """:param bytes data: what nobody may read
        :param str purpose: what it belongs to; it opens for the same purpose only, so that one
            row's secret cannot be put into another row
        :return: ``(key id, sealed bytes)``
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._sealing[self.current].encrypt(nonce, data, purpose.encode())
        return self.current, nonce + sealed

    def open(self, env, key_id, sealed, purpose):
        """:return: the bytes that were sealed
        :raise Unreadable: without the key, or when data or purpose are not those of then
        """
        if key_id not in self._sealing:
            raise Unreadable(env._("The key %s is not configured on this server.", key_id))
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._sealing[key_id].decrypt(nonce, rest, purpose.encode())
        except (InvalidTag, ValueError):
            raise Unreadable(
                env._("This was changed outside of the shop, and cannot be read.")
            ) from None

    def mark(self, kind, value):
        """:return: ``(key id, keyed hash)`` by which `value` is known again and cannot be guessed"""
        return self.current, self._mark(self.current, kind, value)

    def marks(self, kind, value):
        """:return: the keyed hashes of `value` under each key
        :rtype: list[str]
        """
        return [self._mark(key_id, kind, value) for key_id in self._marking]

    def is_mark(self, key_id, kind, value, mark):
        """:return: whether `mark` is the keyed hash of `value` under that key; None when the key is
        not configured here
        """
        if key_id not in self._marking:
            return None
        return hmac.compare_digest(self._mark(key_id, kind, value), mark)

    def _mark(self, key_id, kind, value):
        text = f"{kind}:{value}".encode()
        return hmac.new(self._marking[key_id], text, hashlib.sha256).hexdigest()


def keyring(env):
    """:return: the server's Keyring
    :raise PinbuError: ``not_allowed_now`` when no key is configured
    """
    ring = configured()
    if not ring:
        raise PinbuError(
            "not_allowed_now",
            env._("This shop cannot keep personal data safe yet. Please contact its service."),
        )
    return ring


@cache
def configured():
    """:return: the server's Keyring, or None; read once, so that a new key needs a restart"""
    text = os.environ.get(ENVIRONMENT) or _from_file()
    try:
        keys = parse(text)
    except ValueError as error:
        # Without the text: it holds keys.
        _logger.error("The option %s is not usable: %s", OPTION, error)
        return None
    if not keys:
        _logger.warning(
            "No keys for personal data: set %s in section [%s] of the configuration file; until"
            " then no shopper can prove who they are, export or delete their data",
            OPTION,
            SECTION,
        )
    return Keyring(keys) if keys else None


def parse(text):
    """:param str text: ``id:base64, id:base64, …``
    :return: ``{key id: 32 bytes}``, in order
    :raise ValueError: naming what is wrong, never the key
    """
    keys = {}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        key_id, _colon, encoded = part.partition(":")
        if not _KEY_ID.fullmatch(key_id) or key_id in keys:
            raise ValueError("each key needs an id of its own, followed by a colon")
        try:
            key = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"key {key_id} is not {_KEY_BYTES} bytes in base64")
        keys[key_id] = key
    return keys


def _from_file():
    parser = RawConfigParser()
    try:
        parser.read([config["config"]])
    except (ConfigError, TypeError):
        return ""
    return parser.get(SECTION, OPTION, fallback="")


def _derive(key, use):
    info = b"pinbu personal data: " + use
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)
