"""Many shoppers want the same thing in the same moment: what they get, seen from outside.

Plays against a running demo shop (`make demo STORY=0`), over HTTP, on loopback only. A manager makes
a few activities for it through the web client's own door; everything else is the public API. It
measures nothing: it prints what it checked, and fails at the first thing that is wrong.

    python3 benchmarks/race.py [--url http://127.0.0.1:8069] [--database pinbu_demo]
"""

import argparse
import http.cookiejar
import json
import time
import urllib.request
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hot_team import Shop

CLIENTS = 16
RUN = uuid.uuid4().hex[:6]


class Manager:
    """The demo's administrator in the back office."""

    def __init__(self, shop, database):
        self.url = shop.url
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self.rpc(
            "/web/session/authenticate", {"db": database, "login": "admin", "password": "admin"}
        )

    def rpc(self, path, params):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        request = urllib.request.Request(
            self.url + path, data=body, headers={"Content-Type": "application/json"}
        )
        with self.opener.open(request, timeout=60) as response:
            answer = json.loads(response.read())
        if answer.get("error"):
            raise SystemExit(f"{path}: {answer['error']['data']['message']}")
        return answer.get("result")

    def call(self, model, method, *args):
        return self.rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": {}},
        )

    def offer(self, name, quota=0, **values):
        """:return: ids of a published activity and its product, of which there is plenty"""
        product = {"name": f"{name} {RUN}", "is_storable": True, "list_price": 30}
        [product_id] = self.call("product.product", "create", [product])
        [warehouse] = self.call("stock.warehouse", "search_read", [], ["lot_stock_id"])[:1]
        quant = {
            "product_id": product_id,
            "location_id": warehouse["lot_stock_id"][0],
            "inventory_quantity": 1000,
        }
        quant_ids = self.call("stock.quant", "create", [quant])
        self.call("stock.quant", "action_apply_inventory", quant_ids)
        [read] = self.call("product.product", "read", [product_id], ["product_tmpl_id"])
        line = {"product_id": product_id, "group_price": 19.9, "quota": quota}
        activity = {
            "name": f"{name} {RUN}",
            "product_tmpl_id": read["product_tmpl_id"][0],
            "line_ids": [[0, 0, line]],
            **values,
        }
        [activity_id] = self.call("pinbu.activity", "create", [activity])
        self.call("pinbu.activity", "action_publish", [activity_id])
        return activity_id, product_id


class Race:
    def __init__(self, shop, manager):
        self.shop, self.manager = shop, manager

    def at_once(self, function, items):
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(function, items))

    def arrive(self, number):
        """:return: a new shopper's token and address"""
        name = f"抢位{RUN}{number}"
        token = self.answer("POST", "/session", {"code": f"demo:{name}"})["token"]
        address = {
            "name": name,
            "phone": "13800000000",
            "province": "上海市",
            "city": "上海市",
            "district": "浦东新区",
            "street": "世纪大道 1 号",
            "is_default": True,
        }
        return token, self.answer("POST", "/me/addresses", address, token)["id"]

    def answer(self, *request):
        status, body = self.shop.call(*request)
        if status >= 300:
            raise SystemExit(f"{request[0]} {request[1]}: {status} {body}")
        return body

    def order(self, shopper, offer, team=None):
        token, address = shopper
        body = {
            "activity_id": offer[0],
            "product_id": offer[1],
            "quantity": 1,
            "address_id": address,
            **({"team_token": team} if team else {}),
        }
        return self.shop.call("POST", "/orders", body, token)

    def reference(self, token, order_id):
        return self.answer("POST", f"/orders/{order_id}/payment", {}, token)["reference"]

    def notify(self, reference):
        """The provider's notice that a payment is done, as the demo's provider sends it."""
        details = {
            "reference": reference,
            "payment_details": "1234",
            "simulated_state": "done",
        }
        body = {"jsonrpc": "2.0", "method": "call", "params": details}
        status, answer = self.shop.call("POST", "/payment/demo/simulate_payment", body, prefix="")
        return status == 200 and not (answer or {}).get("error")

    def outcome(self, answers):
        """:return: how often each error code, or ``ordered``"""
        return Counter(
            "ordered" if status == 201 else f"{status} {body['error']['code']}"
            for status, body in answers
        )

    def check(self, what, seen, expected):
        if seen != expected:
            raise SystemExit(f"{what}: expected {expected}, saw {seen}")
        print(f"{what}: {seen}")

    def order_of(self, token, order_id):
        return self.answer("GET", f"/orders/{order_id}", None, token)

    def last_places(self, shoppers):
        """Sixty shoppers for two places; then the provider tells of each payment ten times."""
        offer = self.manager.offer("Last places", size=3)
        leader, *others = shoppers
        opened = self.order(leader, offer)[1]
        self.notify(self.reference(leader[0], opened["id"]))
        team = self.order_of(leader[0], opened["id"])["team"]["token"]
        answers = self.at_once(lambda shopper: self.order(shopper, offer, team), others)
        self.check(
            f"{len(others)} shoppers for 2 places",
            self.outcome(answers),
            Counter({"ordered": 2, "409 team_full": len(others) - 2}),
        )
        won = [
            (token, body["id"])
            for (token, _address), (status, body) in zip(others, answers, strict=True)
            if status == 201
        ]
        references = [self.reference(*order) for order in won]
        self.at_once(self.notify, references * 10)
        state = self.answer("GET", f"/teams/{team}")
        self.check(
            "each of 2 payments told 10 times at once",
            (state["state"], state["seats_paid"]),
            ("formed", 3),
        )
        started = time.monotonic()
        while self.answer("GET", "/health")["oldest_due_settlement_seconds"]:
            if time.monotonic() - started > 120:
                raise SystemExit("Settlement has not come to an end in two minutes.")
            time.sleep(1)
        for order in [(leader[0], opened["id"]), *won]:
            seen = self.order_of(*order)
            self.check("an order of the team", (seen["state"], seen["refunds"]), ("won", []))

    def small_quota(self, shoppers):
        offer = self.manager.offer("Small quota", quota=10, size=3)
        answers = self.at_once(lambda shopper: self.order(shopper, offer), shoppers)
        self.check(
            f"{len(shoppers)} openings for a quota of 10",
            self.outcome(answers),
            Counter({"ordered": 10, "409 sold_out": len(shoppers) - 10}),
        )

    def few_teams(self, shoppers):
        offer = self.manager.offer("Few teams", size=3, max_forming_teams=3)
        answers = self.at_once(lambda shopper: self.order(shopper, offer), shoppers)
        self.check(
            f"{len(shoppers)} openings for 3 teams at once",
            self.outcome(answers),
            Counter({"ordered": 3, "409 not_allowed_now": len(shoppers) - 3}),
        )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--url", default="http://127.0.0.1:8069")
    options.add_argument("--database", default="pinbu_demo")
    options = options.parse_args()
    shop = Shop(options.url)
    race = Race(shop, Manager(shop, options.database))
    shoppers = race.at_once(race.arrive, range(61))
    race.last_places(shoppers)
    race.small_quota(shoppers[1:31])
    race.few_teams(shoppers[31:61])
    print("All as it must be.")


if __name__ == "__main__":
    main()
