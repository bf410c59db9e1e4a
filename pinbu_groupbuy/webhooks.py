"""Sending a webhook: signed as "Standard Webhooks" says, and only to where it may go.

No ORM and no transaction here: several are sent at once, by threads.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import secrets
import socket
import ssl
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"
# The merchant's server must have said that it has it, not that it has dealt with it.
CONNECT_SECONDS = 5
TOTAL_SECONDS = 15
ANSWER_BYTES = 500


class Message(NamedTuple):
    """What is sent where."""

    uid: str
    url: str
    secret: str
    body: str


class Outcome(NamedTuple):
    """What came of it; `status` is 0 when no server answered, `text` says why or what."""

    status: int
    text: str

    @property
    def is_done(self):
        return 200 <= self.status < 300


class Refused(Exception):
    """Where a webhook must not go."""


def new_secret():
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret, uid, timestamp, body):
    """:return: the header ``webhook-signature``
    :param int timestamp: seconds since 1970
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{uid}.{timestamp}.{body}".encode()
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def check_url(url):
    """:return: (scheme, host, port, path with query)
    :raise Refused: for what is no address of a web server
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("this is no address of a web server") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise Refused("this is no address of a web server")
    if any(char <= " " or char > "~" for char in url):
        raise Refused("the address has characters that are not allowed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or {"https": 443, "http": 80}[parts.scheme], path


def read_networks(text):
    """:return: the networks named in a system parameter, apart by commas; what is none is passed by
    :rtype: list
    """
    networks = []
    for word in (text or "").replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue
    return networks


def send(message, own_networks=()):
    """Send it once. Never raises, and takes no longer than `TOTAL_SECONDS` and a name's look-up.

    :param Message message: what and where
    :param own_networks: private networks that may be reached, and without TLS
    :rtype: Outcome
    """
    try:
        scheme, host, port, path = check_url(message.url)
        address = _allowed_address(scheme, host, port, own_networks)
        return _post(message, scheme, host, port, path, address)
    except Refused as refusal:
        return Outcome(0, str(refusal))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(0, f"{type(error).__name__}: {error}")


def _allowed_address(scheme, host, port, own_networks):
    """:return: the address to connect to: the very one that was looked at, so that a name that
    changes its mind reaches nothing else"""
    found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    addresses = [_plain(ipaddress.ip_address(text.partition("%")[0])) for text in sorted(found)]
    own = [any(ip in network for network in own_networks) for ip in addresses]
    if all(own):
        return str(addresses[0])
    if not all(is_own or _is_public(ip) for is_own, ip in zip(own, addresses, strict=True)):
        raise Refused("this is an address inside a private network")
    if scheme != "https":
        raise Refused("outside of the own networks only https is used")
    return str(addresses[0])


def _plain(ip):
    """:return: the IPv4 address that an IPv6 address stands for, else itself"""
    return getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip


def _is_public(ip):
    # 64:ff9b::/96 leads to any IPv4 address where the network translates.
    translated = ipaddress.ip_network("64:ff9b::/96")
    return ip.is_global and not ip.is_multicast and ip not in translated


def _post(message, scheme, host, port, path, address):
    connection_class = (
        http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    )
    connection = connection_class(host, port, timeout=CONNECT_SECONDS)
    sock = socket.create_connection((address, port), CONNECT_SECONDS)
    if scheme == "https":
        # Greeted below: the socket that the timer knows must be the one that is read.
        sock = ssl.create_default_context().wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False
        )
    # Each read may take so long; all of them together no longer than the timer lets them.
    hangs_up_at = time.monotonic() + TOTAL_SECONDS
    timer = threading.Timer(TOTAL_SECONDS, _hang_up, [sock])
    timer.daemon = True
    timer.start()
    try:
        if scheme == "https":
            sock.do_handshake()
        sock.settimeout(TOTAL_SECONDS)
        connection.sock = sock
        timestamp = int(time.time())
        connection.request(
            "POST",
            path,
            message.body.encode(),
            {
                "Content-Type": "application/json",
                "User-Agent": "Pinbu-Webhooks/1",
                "webhook-id": message.uid,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(message.secret, message.uid, timestamp, message.body),
            },
        )
        response = connection.getresponse()
        if time.monotonic() >= hangs_up_at:
            # What was read ends where the timer cut it off, perhaps within the headers.
            raise TimeoutError(f"no whole answer in {TOTAL_SECONDS} s")
        text = response.read(ANSWER_BYTES).decode(errors="replace").replace("\x00", "")
        return Outcome(response.status, text)
    finally:
        timer.cancel()
        connection.close()
        sock.close()


def _hang_up(sock):
    try:
        # Below TLS, if there is any: whoever reads just now finds the end.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it has ended meanwhile
