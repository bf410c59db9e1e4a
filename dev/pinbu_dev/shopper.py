"""A shopper, and a manager of the shop, as clients over HTTP: what api.md promises and no more."""

import http.cookiejar
import json
import secrets
import urllib.error
import urllib.request
import uuid


class Refused(Exception):
    """The shop answered with an error, or with something that is not what api.md promises."""


def request(url, method="GET", body=None, headers=None, opener=None):
    """One HTTP request with JSON both ways.

    :return: (status, the answer's JSON or None).
    """
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    if data is not None:
        asked.add_header("Content-Type", "application/json")
    try:
        with (opener.open if opener else urllib.request.urlopen)(asked, timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    except OSError as error:
        raise Refused(f"{method} {url}: {error}") from error
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        raise Refused(f"{method} {url}: status {status}, not JSON: {text[:200]!r}") from None


class Shopper:
    """A customer of the mini-program, logged in with a demo code.

    :param site: the shop's address, such as http://127.0.0.1:8069.
    :param name: any name; the code is `demo:<name>`.
    """

    def __init__(self, site, name):
        self.site = site
        self.name = name
        self.token = None
        session = self.call("POST", "/session", {"code": f"demo:{name}"})
        self.token = session["token"]
        self.name = session["customer"]["name"] or name

    def call(self, method, path, body=None):
        """Call the API.

        :raise Refused: with the error's code and message.
        """
        headers = {"Accept-Language": "zh-CN"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET" and path != "/session":
            headers["Idempotency-Key"] = uuid.uuid4().hex
            body = {} if body is None else body
        status, answer = request(f"{self.site}/pinbu/api/v1{path}", method, body, headers)
        if status >= 400:
            error = (answer or {}).get("error") or {}
            raise Refused(f"{method} {path}: {status} {error.get('code')}: {error.get('message')}")
        return answer

    def add_address(self):
        return self.call(
            "POST",
            "/me/addresses",
            {
                "name": self.name,
                # Who shares a phone or an address with somebody counts as the same one.
                "phone": f"138{secrets.randbelow(10**8):08}",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "street": f"文三路 {secrets.randbelow(10**6) + 1} 号",
                "is_default": True,
            },
        )["id"]

    def order(self, activity, address_id, team_token=None):
        """Order one of the activity's first variant that is there.

        :return: Order, not yet paid.
        """
        variant = next((v for v in activity["variants"] if v["available"]), None)
        if not variant:
            raise Refused(f"nothing of {activity['name']} is available")
        body = {
            "activity_id": activity["id"],
            "product_id": variant["product_id"],
            "quantity": 1,
            "address_id": address_id,
        }
        if team_token:
            body["team_token"] = team_token
        return self.call("POST", "/orders", body)

    def pay(self, order):
        """Pay an order with the demo provider, as its simulated payment page would."""
        payment = self.call("POST", f"/orders/{order['id']}/payment")
        if payment["status"] == "paid":
            return
        if payment["provider"] != "demo":
            raise Refused(f"the payment provider is {payment['provider']}, not demo")
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "params": {
                "reference": payment["reference"],
                "payment_details": "1234",
                "simulated_state": "done",
            },
        }
        status, answer = request(f"{self.site}/payment/demo/simulate_payment", "POST", body)
        if status != 200 or (answer or {}).get("error"):
            raise Refused(f"the simulated payment failed: {status} {answer}")


class Manager:
    """A person with a back-office log-in, calling Odoo as its web client does."""

    def __init__(self, site, database, login, password):
        self.site = site
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        who = {"db": database, "login": login, "password": password}
        self._rpc("/web/session/authenticate", who)

    def call(self, model, method, *args, **kwargs):
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self._rpc(
            path, {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        )

    def _rpc(self, path, params):
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        status, answer = request(self.site + path, "POST", body, opener=self._opener)
        if status != 200 or not answer or answer.get("error"):
            error = ((answer or {}).get("error") or {}).get("data", {}).get("message")
            raise Refused(f"{path}: {status} {error}")
        return answer.get("result")
