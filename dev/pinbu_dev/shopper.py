"""A shopper, and a manager of the shop, as clients over HTTP: what api.md promises and no more."""

import http.cookiejar
import json
import secrets
import urllib.error
import urllib.request

from pinbu_client import Client


class Refused(Exception):
    """The shop did not do what api.md promises."""


class Shopper(Client):
    """A customer of the mini-program, logged in with a demo code.

    :param site: the shop's address, such as http://127.0.0.1:8069.
    :param name: any name; the code is `demo:<name>`.
    :param device: what tells the phone apart on which they log in, if the client says so.
    """

    def __init__(self, site, name, device=None):
        super().__init__(site)
        session = self.log_in(f"demo:{name}", device_id=device)
        self.name = session["customer"]["name"] or name
        self.address_id = self.add_address(
            {
                "name": self.name,
                # Who shares a phone or an address with somebody counts as the same one.
                "phone": f"138{secrets.randbelow(10**8):08}",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "street": f"文三路 {secrets.randbelow(10**6) + 1} 号",
                "is_default": True,
            }
        )["id"]

    def take_place(self, activity, team_token=None):
        """Order one of the activity's first variant that is there.

        :return: Order, not yet paid.
        """
        variant = next((v for v in activity["variants"] if v["available"]), None)
        if not variant:
            raise Refused(f"nothing of {activity['name']} is available")
        return self.place_order(
            activity["id"],
            variant["product_id"],
            address_id=self.address_id,
            team_token=team_token,
        )

    def pay(self, order):
        """Pay an order with the demo provider, as its simulated payment page would."""
        payment = self.start_payment(order["id"])
        if payment["status"] == "paid":
            return
        if payment["provider"] != "demo":
            raise Refused(f"the payment provider is {payment['provider']}, not demo")
        details = {"payment_details": "1234", "simulated_state": "done"}
        params = {"reference": payment["reference"], **details}
        rpc(urllib.request.build_opener(), self.site, "/payment/demo/simulate_payment", params)


class Manager:
    """A person with a back-office log-in, calling Odoo as its web client does."""

    def __init__(self, site, database, login, password):
        self.site = site
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        who = {"db": database, "login": login, "password": password}
        rpc(self._opener, site, "/web/session/authenticate", who)

    def call(self, model, method, *args, **kwargs):
        path = f"/web/dataset/call_kw/{model}/{method}"
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return rpc(self._opener, self.site, path, params)


def rpc(opener, site, path, params):
    """One of Odoo's own JSON-RPC routes, which are no part of the API.

    :raise Refused: when it does not answer with a result.
    """
    body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
    headers = {"Content-Type": "application/json"}
    try:
        with opener.open(urllib.request.Request(site + path, body, headers), timeout=60) as reply:
            answer = json.load(reply)
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: {error}") from error
    if "error" in answer:
        raise Refused(f"{path}: {answer['error'].get('data', {}).get('message')}")
    return answer.get("result")
