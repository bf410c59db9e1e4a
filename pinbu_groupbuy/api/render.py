"""How values look on the wire: money in minor units, times in UTC, other people's names masked."""

from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlsplit

from odoo.http import request

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def to_minor(amount, currency):
    """:return: `amount` (float, in `currency`) as an integer of its minor unit: 19.9 CNY is 1990"""
    # Decimal, since 19.9 * 100 is 1989.9999… in floats.
    scaled = Decimal(str(amount or 0)).scaleb(currency.decimal_places)
    return int(scaled.to_integral_value(rounding=ROUND_HALF_UP))


def to_iso(moment):
    """:return: a naive UTC datetime as ``2025-01-31T12:00:00Z``, or None"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def mask_name(name):
    """:return: what another shopper may see of a name: ``张**``"""
    name = (name or "").strip()
    return f"{name[:1]}**"


def mask_phone(phone):
    """:return: ``138****5678``, or None; short numbers keep nothing"""
    if not phone:
        return None
    digits = "".join(char for char in phone if char.isdigit())
    if len(digits) < 8:
        return "****"
    return f"{digits[:3]}****{digits[-4:]}"


def absolute(env, path):
    """:return: `path` on the host that the client used; outside of a request, the database's own"""
    if request:
        return request.httprequest.host_url.rstrip("/") + path
    return env["ir.config_parameter"].sudo().get_param("web.base.url", "") + path


def request_host():
    """:return: the host that this request named, without its port; None if that is no name"""
    try:
        url = urlsplit(request.httprequest.host_url)
        host = url.hostname
    except ValueError:
        return None
    return host if host and "@" not in url.netloc else None


def is_own_host(env):
    """Whether this request named a host of this shop.

    Anybody can name another one. Their answer may carry it, but nobody else may get that answer.

    :return: whether it is the host of ``web.base.url``, a company's, one of the system parameter
             ``pinbu_groupbuy.hosts`` (names, separated by commas), or this very machine
    """
    host = request_host()
    if not host:
        return False
    get_param = env["ir.config_parameter"].sudo().get_param
    others = get_param("pinbu_groupbuy.hosts") or ""
    return (
        host in _LOOPBACK
        or host == urlsplit(get_param("web.base.url") or "").hostname
        or host in env["res.company"]._pinbu_by_host()
        or host in (name.strip().lower() for name in others.split(","))
    )
