"""How often one shopper, and one client address, may call.

Each class of route has two token buckets, one for the shopper and one for the address. A bucket
holds a minute's calls and fills evenly, so that somebody who was quiet may call so often at once.
It is stored as one moment, the one at which it will be full again.

Calls of the class ``read``, and all calls of one address together, are counted in the worker's
memory: they cost no statement and may be served by a replica, and a shop with four workers lets
through up to four times the setting. The others are counted by ``pinbu.api.bucket`` for all workers.
"""

import ipaddress
import logging
import threading
import time
from functools import lru_cache

from odoo.tools.misc import hmac

_logger = logging.getLogger(__name__)

MINUTE = 60
# Calls a minute by class of route, for (one shopper, one address). Carriers put thousands of phones
# behind one address. The settings screen shows these; `PARAMETER` changes them.
DEFAULTS = {
    "read": (1200, 30_000),
    "write": (120, 12_000),
    "login": (30, 3000),
    "money": (60, 6000),
}
PARAMETER = "pinbu_groupbuy.limit_%s_%s"
TRUSTED = "pinbu_risk.trusted_networks"
# The part of an IPv6 address that one subscriber gets.
IPV6_PREFIX = 64


class Buckets:
    """Token buckets in this process, by any key."""

    def __init__(self, size=50_000, clock=time.monotonic):
        self._size = size
        self._clock = clock
        self._full_at = {}
        self._lock = threading.Lock()

    def take(self, key, calls):
        """Take a token out of the bucket that holds `calls`, a minute's worth.

        :return: 0, or the seconds until there is one
        """
        now = self._clock()
        with self._lock:
            full_at = max(self._full_at.get(key, now), now) + MINUTE / calls
            if full_at > now + MINUTE:
                return full_at - now - MINUTE
            self._put(key, full_at, now)
        return 0

    def close(self, key, seconds):
        """Say for that long that the bucket is empty, as another process has found."""
        now = self._clock()
        with self._lock:
            self._put(key, now + seconds, now)

    def closed_for(self, key):
        """:return: for how many seconds `close` still counts"""
        return max(self._full_at.get(key, 0) - self._clock(), 0)

    def _put(self, key, full_at, now):
        if len(self._full_at) >= self._size and key not in self._full_at:
            # A full bucket needs no entry. Should there be too many others, all begin anew.
            self._full_at = {k: v for k, v in self._full_at.items() if v > now}
            if len(self._full_at) > self._size // 2:
                self._full_at = {}
        self._full_at[key] = full_at


_buckets = Buckets()
# What the database said "no" to: a client that does not stop costs no further statement.
_refused = Buckets()


def check_address(env, address):
    """Count a call of this client address, whatever it asks for and whoever calls.

    :return: 0 when the call may go on, or the seconds to wait
    """
    if not address or is_trusted(env, address):
        return 0
    key = (env.cr.dbname, "address", network_of(address))
    return _buckets.take(key, _calls(env, "read", "address"))


def check_caller(env, kind, user_id, address):
    """Count a call of this class of route.

    :param str kind: ``read``, ``write``, ``login`` or ``money``
    :param user_id: who calls, or None for somebody unknown
    :param address: the client's address, or None
    :return: 0 when the call may go on, or the seconds to wait
    """
    if kind == "read":
        key = (env.cr.dbname, "shopper", user_id)
        return _buckets.take(key, _calls(env, "read", "shopper")) if user_id else 0
    wanted = []
    if user_id:
        wanted.append((f"{kind}:shopper:{user_id}", _calls(env, kind, "shopper")))
    if address and not is_trusted(env, address):
        # Kept for a while in the database, where nobody needs to read it.
        who = hmac(env(su=True), "pinbu.api.limits", network_of(address))
        wanted.append((f"{kind}:address:{who}", _calls(env, kind, "address")))
    for key, _calls_allowed in wanted:
        if seconds := _refused.closed_for((env.cr.dbname, key)):
            return seconds
    empty, seconds = env["pinbu.api.bucket"].sudo()._take(wanted) if wanted else (None, 0)
    if empty:
        _refused.close((env.cr.dbname, empty), seconds)
    return seconds


def _calls(env, kind, who):
    """:return: the calls a minute that are allowed to `who`: ``shopper`` or ``address``"""
    value = env["ir.config_parameter"].sudo().get_param(PARAMETER % (kind, who)) or ""
    if value.isdecimal() and int(value):
        return int(value)
    return DEFAULTS[kind][who == "address"]


def is_trusted(env, address):
    """:return: whether no limit by address applies here: the system parameter names its network"""
    value = env["ir.config_parameter"].sudo().get_param(TRUSTED)
    if not value:
        return False
    found = _parse(address)
    return bool(found) and any(
        found.version == network.version and found in network for network in _networks(value)
    )


@lru_cache(maxsize=16)
def _networks(value):
    networks = []
    for part in value.replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            _logger.error("%s: %r is no network and is left out", TRUSTED, part)
    return networks


@lru_cache(maxsize=10_000)
def network_of(address):
    """:return: what of an address stands for one subscriber"""
    found = _parse(address)
    if found and found.version == 6:
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found or address)


def _parse(address):
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None  # what a proxy calls a client that it does not know
    return getattr(found, "ipv4_mapped", None) or found
