"""The operations of the API."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode

from . import objects as o
from .connection import Answer, Send, ask, send
from .errors import ApiError, NoAnswer
from .pages import Page

BASE = "/pinbu/api/v1"
RENEW_BEFORE = timedelta(days=3)
POLL_SECONDS = 2


class Client:
    """One shopper, or a passer-by, of one shop.

    A write takes a `key`: whoever may have to repeat a call after a crash keeps it and gives it
    again. Without one, each call has its own, and only the tries of that call share it.

    Every method may raise `ApiError` and `NoAnswer`.

    :param site: the shop's address, such as ``https://shop.example.com``
    :param language: ``zh-CN`` or ``en``
    :param token: of an earlier session
    :param headers: what each request carries beside
    :param timeout: seconds to wait for an answer
    """

    def __init__(
        self,
        site: str,
        *,
        language: str = "zh-CN",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
        send: Send = send,
    ):
        self.site = site.rstrip("/")
        self.token = token
        self.expires_at: datetime | None = None
        self._headers = {"Accept-Language": language, **(headers or {})}
        self._timeout = timeout
        self._send = send

    # === ANY OPERATION === #

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        content: tuple[str, bytes] | None = None,
        key: str | None = None,
        etag: str | None = None,
    ) -> Answer:
        """Call any operation, also one that has no method here.

        :param path: below ``/pinbu/api/v1``
        :param query: what is None is left out
        :param body: of JSON
        :param content: another body: its media type, and its bytes
        :param key: the Idempotency-Key
        :param etag: of the answer that is there already; if it still holds, the status is 304
        """
        self._renew_in_time(path)
        headers = dict(self._headers)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        if etag:
            headers["If-None-Match"] = etag
        data = None
        if content:
            headers["Content-Type"], data = content
        elif body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.site}{BASE}{path}" + (f"?{urlencode(given)}" if given else "")
        return ask(self._send, method, url, headers, data, self._timeout)

    def _get(self, path, **query):
        return _json(self.request("GET", path, query=query))

    def _page(self, path, **query):
        answer = self._get(path, **query)
        return Page(answer["items"], answer["next_cursor"])

    def _write(self, method, path, body=None, key=None):
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return _json(self.request(method, path, body=given, key=key or uuid.uuid4().hex))

    # === SESSION === #

    def log_in(
        self,
        code: str,
        *,
        inviter: str | None = None,
        consent_version: str | None = None,
        device_id: str | None = None,
    ) -> o.Session:
        """From here on the client is this shopper.

        :param code: of ``wx.login``; a demo shop takes ``demo:<any name>``
        """
        body = {
            "code": code,
            "inviter": inviter,
            "consent_version": consent_version,
            "device_id": device_id,
        }
        self._forget()
        return self._keep(self._write_without_key("POST", "/session", body))

    def renew(self) -> o.Session:
        """A new token, before the old one ends; calls do it by themselves."""
        self.expires_at = None  # else renewing would begin with renewing
        return self._keep(self._write_without_key("POST", "/session/renew"))

    def log_out(self) -> None:
        """The token is dead at once."""
        try:
            self._write_without_key("DELETE", "/session")
        except ApiError as error:
            if error.code != "unauthenticated":  # as after a lost answer
                raise
        self._forget()

    def _write_without_key(self, method, path, body=None):
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return _json(self.request(method, path, body=given))

    def _keep(self, session):
        self.token = session["token"]
        ends = session["expires_at"].replace("Z", "+00:00")
        self.expires_at = datetime.fromisoformat(ends)
        return session

    def _forget(self):
        self.token = self.expires_at = None

    def _renew_in_time(self, path):
        ends = self.expires_at
        if ends and path != "/session" and ends - datetime.now(timezone.utc) < RENEW_BEFORE:
            self.renew()

    # === THE SHOP === #

    def config(self) -> o.Config:
        return self._get("/config")

    def home(self) -> o.Home:
        return self._get("/home")

    def scene(self, scene: str) -> o.SceneMeaning:
        """What a scanned code or a share card means."""
        return self._get(f"/scenes/{_part(scene)}")

    def health(self) -> o.Health:
        return self._get("/health")

    def openapi(self) -> dict[str, Any]:
        """The document of the API."""
        return self._get("/openapi.json")

    def report_events(self, items: list[dict[str, Any]]) -> int:
        """Views and taps, of which the shop keeps some.

        :param items: ``{name, activity_id?, element?, at}``
        :return: how many arrived
        """
        return self._write_without_key("POST", "/events", {"items": items})["taken"]

    # === THE SHOPPER === #

    def me(self) -> o.Customer:
        return self._get("/me")["customer"]

    def change_me(
        self, *, name: str | None = None, phone_code: str | None = None, key: str | None = None
    ) -> o.Customer:
        """:param phone_code: of WeChat's button that asks for the phone number"""
        return self._write("PATCH", "/me", {"name": name, "phone_code": phone_code}, key)[
            "customer"
        ]

    def set_avatar(self, image: bytes, media_type: str, *, key: str | None = None) -> o.Customer:
        """:param image: at most 1 MiB, such as ``image/jpeg``"""
        answer = self.request(
            "POST", "/me/avatar", content=(media_type, image), key=key or uuid.uuid4().hex
        )
        return _json(answer)["customer"]

    def counts(self) -> o.Counts:
        """Numbers of orders by tab, and of notices that are not read."""
        return self._get("/me/counts")

    def notices(
        self, *, unread: bool = False, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Notice]:
        """What came of the shopper's orders, for a pop-up each."""
        return self._page("/me/notices", unread=1 if unread else None, limit=limit, cursor=cursor)

    def read_notices(self, ids: list[int], *, key: str | None = None) -> None:
        self._write("POST", "/me/notices/read", {"ids": ids}, key)

    def subscribe(self, template: str, result: str, *, key: str | None = None) -> None:
        """What the shopper answered when asked whether messages may be sent."""
        self._write("POST", "/me/subscriptions", {"template": template, "result": result}, key)

    def give_identity(
        self, real_name: str, id_number: str, *, key: str | None = None
    ) -> o.IdentityCheck:
        body = {"real_name": real_name, "id_number": id_number}
        return self._write("POST", "/me/identity", body, key)["identity"]

    def request_export(self, *, key: str | None = None) -> o.Export:
        """Ask for a file of all that the shop keeps about the shopper."""
        return self._write("POST", "/me/export", None, key)

    def last_export(self) -> o.Export:
        return self._get("/me/export")

    def export_file(self) -> bytes:
        """:return: a ZIP, once the last export is ready"""
        return self.request("GET", "/me/export/file").content

    def delete_me(
        self, *, give_up_wallet: bool | None = None, key: str | None = None
    ) -> o.Deletion:
        """Close the account; refused while money is under way."""
        return self._write("DELETE", "/me", {"give_up_wallet": give_up_wallet}, key)

    def appeal(self, text: str, about: str | None = None, *, key: str | None = None) -> o.Appeal:
        """Ask a person to look again at a decision."""
        return self._write("POST", "/me/appeals", {"text": text, "about": about}, key)

    def appeals(self, *, limit: int | None = None, cursor: str | None = None) -> Page[o.Appeal]:
        return self._page("/me/appeals", limit=limit, cursor=cursor)

    # === ADDRESSES === #

    def addresses(self, *, limit: int | None = None, cursor: str | None = None) -> Page[o.Address]:
        return self._page("/me/addresses", limit=limit, cursor=cursor)

    def add_address(self, address: o.NewAddress, *, key: str | None = None) -> o.Address:
        return self._write("POST", "/me/addresses", address, key)

    def change_address(
        self, address_id: int, address: o.NewAddress, *, key: str | None = None
    ) -> o.Address:
        return self._write("PUT", f"/me/addresses/{address_id}", address, key)

    def remove_address(self, address_id: int, *, key: str | None = None) -> None:
        self._write("DELETE", f"/me/addresses/{address_id}", None, key)

    # === ACTIVITIES AND TEAMS === #

    def activities(
        self,
        *,
        zone: str | None = None,
        category: int | None = None,
        mode: str | None = None,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[o.Activity]:
        """:param sort: ``hot``, ``new``, ``ending`` or ``price``"""
        return self._page(
            "/activities",
            zone=zone,
            category=category,
            mode=mode,
            q=q,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def activity(self, activity_id: int) -> o.Activity:
        return self._get(f"/activities/{activity_id}")

    def reviews(
        self, activity_id: int, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Review]:
        return self._page(f"/activities/{activity_id}/reviews", limit=limit, cursor=cursor)

    def joinable_teams(
        self, activity_id: int, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Team]:
        """Nearest to full first."""
        return self._page(f"/activities/{activity_id}/teams", limit=limit, cursor=cursor)

    def team(self, token: str) -> o.Team:
        return self._get(f"/teams/{_part(token)}")

    def watch_team(self, token: str, seconds: float = 3600) -> Iterator[o.Team]:
        """The team now, and again whenever something about it changes, until it is over.

        :param seconds: how long to look at most
        """
        etag = None
        ends = time.monotonic() + seconds
        while True:
            answer = self.request("GET", f"/teams/{_part(token)}", etag=etag)
            if answer.status != 304:
                etag = answer.headers.get("etag")
                yield (team := _json(answer))
                if team["state"] in ("formed", "failed"):
                    return
            if time.monotonic() + POLL_SECONDS > ends:
                return
            time.sleep(POLL_SECONDS)

    def members(
        self, token: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Member]:
        return self._page(f"/teams/{_part(token)}/members", limit=limit, cursor=cursor)

    def share_team(
        self, token: str, channel: str | None = None, *, key: str | None = None
    ) -> o.TeamShare:
        """:param channel: ``friend`` or ``poster``"""
        return self._write("POST", f"/teams/{_part(token)}/share", {"channel": channel}, key)

    def poster(self, token: str, scene: str | None = None) -> bytes:
        """:return: a PNG"""
        path = f"/teams/{_part(token)}/poster.png"
        return self.request("GET", path, query={"scene": scene}).content

    def rankings(
        self, kind: str | None = None, period: str | None = None, *, limit: int | None = None
    ) -> o.Rankings:
        """:param kind: ``hottest``, ``fastest`` or ``inviters``
        :param period: ``today``, ``week`` or ``all``
        """
        return self._get("/rankings", kind=kind, period=period, limit=limit)

    # === ORDERS === #

    def quote(
        self,
        activity_id: int,
        product_id: int,
        quantity: int = 1,
        *,
        team_token: str | None = None,
        address_id: int | None = None,
        delivery_method_id: int | None = None,
        coupon_ids: list[int] | None = None,
        points: int | None = None,
        use_wallet: bool | None = None,
    ) -> o.Quote:
        """What an order would cost, and what it would promise; writes nothing."""
        body = {
            "activity_id": activity_id,
            "product_id": product_id,
            "quantity": quantity,
            "team_token": team_token,
            "address_id": address_id,
            "delivery_method_id": delivery_method_id,
            "coupon_ids": coupon_ids,
            "points": points,
            "use_wallet": use_wallet,
        }
        return self._write_without_key("POST", "/orders/quote", body)

    def place_order(
        self,
        activity_id: int,
        product_id: int,
        quantity: int = 1,
        *,
        team_token: str | None = None,
        address_id: int | None = None,
        delivery_method_id: int | None = None,
        coupon_ids: list[int] | None = None,
        points: int | None = None,
        use_wallet: bool | None = None,
        remark: str | None = None,
        inviter: str | None = None,
        accept_reroute: bool | None = None,
        promise_version: str | None = None,
        key: str | None = None,
    ) -> o.Order:
        """Take a place, unpaid; the unpaid order that is there already is brought up to date.

        :param promise_version: of the quote that the shopper saw: other terms are refused
        """
        body = {
            "activity_id": activity_id,
            "product_id": product_id,
            "quantity": quantity,
            "team_token": team_token,
            "address_id": address_id,
            "delivery_method_id": delivery_method_id,
            "coupon_ids": coupon_ids,
            "points": points,
            "use_wallet": use_wallet,
            "remark": remark,
            "inviter": inviter,
            "accept_reroute": accept_reroute,
            "promise_version": promise_version,
        }
        return self._write("POST", "/orders", body, key)

    def start_payment(self, order_id: int, *, key: str | None = None) -> o.PaymentStart:
        """:return: what ``wx.requestPayment`` needs, or that nothing is left to pay"""
        return self._write("POST", f"/orders/{order_id}/payment", None, key)

    def refresh_payment(self, order_id: int, *, key: str | None = None) -> o.Order:
        """Let the shop ask the provider, when its notice is late."""
        return self._write("POST", f"/orders/{order_id}/payment/refresh", None, key)

    def order(self, order_id: int) -> o.Order:
        return self._get(f"/orders/{order_id}")

    def orders(
        self,
        *,
        state: str | None = None,
        tab: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[o.Order]:
        return self._page("/orders", state=state, tab=tab, limit=limit, cursor=cursor)

    def my_teams(
        self,
        *,
        state: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[o.Order]:
        """:param state: of the team"""
        return self._page("/me/teams", state=state, limit=limit, cursor=cursor)

    def cancel_order(self, order_id: int, *, key: str | None = None) -> o.Order:
        return self._write("POST", f"/orders/{order_id}/cancel", None, key)

    def leave_team(self, order_id: int, *, key: str | None = None) -> o.Order:
        return self._write("POST", f"/orders/{order_id}/leave", None, key)

    def receive_order(self, order_id: int, *, key: str | None = None) -> o.Order:
        """The shopper says that the goods are there."""
        return self._write("POST", f"/orders/{order_id}/receive", None, key)

    def return_order(
        self,
        order_id: int,
        quantity: int,
        reason: str = "",
        photos: list[str] | None = None,
        *,
        key: str | None = None,
    ) -> o.Return:
        """Ask to send goods back."""
        body = {"quantity": quantity, "reason": reason, "photos": photos}
        return self._write("POST", f"/orders/{order_id}/returns", body, key)

    def returns(self, *, limit: int | None = None, cursor: str | None = None) -> Page[o.Return]:
        return self._page("/me/returns", limit=limit, cursor=cursor)

    def one_return(self, return_id: int) -> o.Return:
        return self._get(f"/me/returns/{return_id}")

    def cancel_return(self, return_id: int, *, key: str | None = None) -> o.Return:
        """Keep the goods after all."""
        return self._write("POST", f"/me/returns/{return_id}/cancel", None, key)

    # === REWARDS AND MONEY === #

    def subsidies(self, *, limit: int | None = None, cursor: str | None = None) -> Page[o.Subsidy]:
        return self._page("/me/subsidies", limit=limit, cursor=cursor)

    def coupons(self, *, limit: int | None = None, cursor: str | None = None) -> Page[o.Coupon]:
        return self._page("/me/coupons", limit=limit, cursor=cursor)

    def points(self, *, limit: int | None = None, cursor: str | None = None) -> o.Points:
        return self._get("/me/points", limit=limit, cursor=cursor)

    def wallet(self) -> o.Wallet:
        return self._get("/me/wallet")

    def wallet_entries(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Entry]:
        return self._page("/me/wallet/entries", limit=limit, cursor=cursor)

    def withdraw(self, amount: int, *, key: str | None = None) -> o.Withdrawal:
        return self._write("POST", "/me/withdrawals", {"amount": amount}, key)

    def withdrawals(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[o.Withdrawal]:
        return self._page("/me/withdrawals", limit=limit, cursor=cursor)

    def withdrawal(self, withdrawal_id: int) -> o.Withdrawal:
        return self._get(f"/me/withdrawals/{withdrawal_id}")

    def cancel_withdrawal(self, withdrawal_id: int, *, key: str | None = None) -> o.Withdrawal:
        return self._write("POST", f"/me/withdrawals/{withdrawal_id}/cancel", None, key)

    def refresh_withdrawal(self, withdrawal_id: int, *, key: str | None = None) -> o.Withdrawal:
        return self._write("POST", f"/me/withdrawals/{withdrawal_id}/refresh", None, key)

    def invites(self, *, limit: int | None = None, cursor: str | None = None) -> o.Invites:
        """The friends that the shopper brought."""
        return self._get("/me/invites", limit=limit, cursor=cursor)

    def own_scene(self) -> o.OwnScene:
        """The shopper's own share parameter."""
        return self._get("/me/invites/scene")


def _part(text):
    return quote(text, safe="")


def _json(answer):
    if answer.status == 204 or not answer.content:
        return None
    data = answer.json()
    if data is None:
        raise NoAnswer(f"status {answer.status}, not JSON: {answer.content[:200]!r}")
    return data
