"""What a rule looks at, and what it finds.

`Facts` say what somebody is about to do, and where from; `Verdict` says what the rules make of it.
Addresses, devices, phones and the like are keyed hashes ("marks"), by which something is known
again and cannot be guessed; only the network range of an address stays readable.
"""

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from odoo.tools import SQL
from odoo.tools.misc import hmac

from odoo.addons.pinbu_groupbuy.api import limits

from .keyring import configured

# What is judged, or (unpaid) only recorded.
MOMENTS = [
    ("login", "Log-in"),
    ("registration", "First log-in"),
    ("open", "Opening"),
    ("join", "Joining"),
    ("subsidy", "Subsidy"),
    ("invite_reward", "Invite reward"),
    ("withdrawal", "Withdrawal"),
    ("unpaid", "Place given up unpaid"),
]
# From the mildest to the strictest.
ACTIONS = [
    ("note", "Note"),
    ("review", "Flag for review"),
    ("delay", "Delay the subsidy"),
    ("identity", "Require identity"),
    ("refuse", "Refuse"),
]
SEVERITY = {action: number for number, (action, _name) in enumerate(ACTIONS)}
# Unlike the wall clock it stands still within a statement, so that an index can find a window. The
# statement that judges begins behind the locks: what rivals have committed is before it.
_STATEMENT_START = SQL("(statement_timestamp() AT TIME ZONE 'UTC')")
# Half of SHA-256 is enough to know something again.
_MARK_LENGTH = 32
_PREFIX = {4: 16, 6: 32}


@dataclass(frozen=True)
class Facts:
    """What somebody is about to do. All but moment and company may be unknown: None."""

    moment: str  # of MOMENTS
    company_id: int
    partner_id: int | None = None
    # Marks; without one nothing is judged by it. No address where it says nothing of who calls.
    address: str | None = None
    device: str | None = None
    phone: str | None = None
    delivery: str | None = None
    account: str | None = None  # receives, or paid, money
    # The range of the address that may be read (203.0.0.0/16), and the address itself, which is
    # there to be compared with a range and is never stored.
    address_prefix: str | None = None
    client: str | None = field(default=None, repr=False)
    # The marks of before the server had a key of its own: blocks of then still stand.
    former_device: str | None = None
    former_phone: str | None = None
    inviter_id: int | None = None
    activity_id: int | None = None
    team_id: int | None = None  # none for an opening
    amount_minor: int | None = None
    # Unknown: the verdict tells.
    is_newcomer: bool | None = None
    account_age_hours: int | None = None

    @property
    def now(self):
        """:return: SQL for the moment at which it happens, in UTC"""
        return _STATEMENT_START


class Verdict(NamedTuple):
    """What the rules make of some facts."""

    action: str | None = None  # the strictest of ACTIONS that holds
    rule_ids: tuple = ()  # those that hold, the strictest first
    measured: dict = {}  # {rule id: what was counted}
    block_id: int | None = None  # a block that stands, whatever the rules say
    is_newcomer: bool | None = None  # never paid for a place in this company
    # Where identity is wanted: what else is, of a shopper who has proved who they are.
    if_verified: "Verdict | None" = None

    def reaches(self, action):
        """:return: whether this is at least as strict as `action`"""
        return self.action is not None and SEVERITY[self.action] >= SEVERITY[action]


def mark(env, kind, value):
    """:param str kind: ``address``, ``device``, ``phone``, ``delivery`` or ``account``
    :return: the keyed hash of `value`, or None for nothing. The key is the server's oldest one, so
             that blocks stand and counts go on when a new key is put before it; where none is
             configured, it is the database's.
    """
    if not value:
        return None
    ring = configured()
    if not ring:
        return _own_mark(env, kind, value)
    return ring.marks(f"risk:{kind}", value)[-1][:_MARK_LENGTH]


def former_mark(env, kind, value):
    """:return: the mark of `value` from before the server had a key, or None while it has none"""
    return _own_mark(env, kind, value) if value and configured() else None


def _own_mark(env, kind, value):
    return hmac(env(su=True), "pinbu.risk", [kind, value])[:_MARK_LENGTH]


def facts_of(
    env,
    moment,
    company,
    partner=None,
    *,
    delivery=None,
    account=None,
    inviter=None,
    activity=None,
    team=None,
    amount_minor=None,
    is_newcomer=None,
):
    """Facts of what is going on in `env`: the client's address and device stand in its context
    (``pinbu_address``, ``pinbu_device``); a device that it does not name is that of the shopper's
    last log-in.

    :param res.partner partner: the shopper, or None when they are not known yet
    :param res.partner delivery: the address that goods go to
    :param str account: what tells the receiving account apart
    """
    address = env.context.get("pinbu_address")
    if address and limits.is_trusted(env, address):
        address = None
    network = limits.network_of(address) if address else None
    shopper = partner.sudo() if partner else env["res.partner"]
    named = env.context.get("pinbu_device")
    phone = shopper._pinbu_phone_trait() if shopper else None
    age = None
    if shopper.create_date:
        age = max(int((env.cr.now() - shopper.create_date).total_seconds() // 3600), 0)
    return Facts(
        moment=moment,
        company_id=company.id,
        partner_id=shopper.id or None,
        address=mark(env, "address", network),
        device=mark(env, "device", named) or shopper.pinbu_device_mark or None,
        phone=mark(env, "phone", phone),
        delivery=mark(env, "delivery", delivery.sudo()._address_mark()) if delivery else None,
        account=mark(env, "account", account),
        address_prefix=prefix_of(address) if address else None,
        client=address,
        former_device=former_mark(env, "device", named),
        former_phone=former_mark(env, "phone", phone),
        inviter_id=inviter.id if inviter else None,
        activity_id=activity.id if activity else None,
        team_id=team.id if team else None,
        amount_minor=amount_minor,
        is_newcomer=is_newcomer,
        account_age_hours=age,
    )


@lru_cache(maxsize=10_000)
def prefix_of(address):
    """:return: the range of an address that says nothing of a person, or None for no address"""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network((found, _PREFIX[found.version]), strict=False))
