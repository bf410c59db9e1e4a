"""Many shoppers want places in one team at once, and pay at once.

Plays against a running demo shop (`make demo STORY=0`), over HTTP, on loopback only. What it
prints are rates and latencies beside a floor measured in the same run with the same number of
clients: the shop's own `GET /health`, which does one cheap query.

    python3 benchmarks/hot_team.py [--url http://127.0.0.1:8069] [--shoppers 80] [--clients 16]
"""

import argparse
import json
import statistics
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

API = "/pinbu/api/v1"


class Shop:
    def __init__(self, url):
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("A load is sent to this machine only: give a loopback address.")
        self.url = url.rstrip("/")

    def call(self, method, path, body=None, token=None, prefix=API):
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            self.url + prefix + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


def measure(name, clients, jobs, floor=None):
    """Run the jobs on so many clients; print and return the rate (per second)."""

    def timed(job):
        started = time.perf_counter()
        result = job()
        return time.perf_counter() - started, result

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(timed, jobs))
    rate = len(answers) / (time.perf_counter() - started)
    spent = sorted(seconds * 1000 for seconds, _result in answers)
    line = (
        f"{name:<28} {rate:7.1f}/s   p50 {statistics.median(spent):6.0f} ms"
        f"   p99 {spent[min(len(spent) - 1, int(len(spent) * 0.99))]:6.0f} ms"
    )
    print(line + (f"   {rate / floor:5.2f} of the floor" if floor else "   the floor"))
    return rate, [result for _seconds, result in answers]


def wait_for(what, poll, seconds=300):
    started = time.perf_counter()
    while not poll():
        if time.perf_counter() - started > seconds:
            raise SystemExit(f"Waited {seconds} s in vain until {what}.")
        time.sleep(0.5)
    print(f"{what:<28} {time.perf_counter() - started:7.1f} s after the last payment")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--url", default="http://127.0.0.1:8069")
    options.add_argument("--shoppers", type=int, default=80)
    options.add_argument("--clients", type=int, default=16)
    options = options.parse_args()
    shop, clients = Shop(options.url), options.clients

    activities = shop.call("GET", "/activities?mode=super")[1]["items"]
    activity = next(item for item in activities if item["team_token"])
    team = activity["team_token"]
    free = activity["size"] - shop.call("GET", f"/teams/{team}")[1]["seats_paid"]
    count = min(options.shoppers, free)
    print(f"{count} shoppers, {clients} clients, one team of {activity['size']} ({free} free)\n")

    run = uuid.uuid4().hex[:6]

    def arrive(number):
        name = f"压测{run}{number}"
        token = shop.call("POST", "/session", {"code": f"demo:{name}"})[1]["token"]
        address = {
            "name": name,
            "phone": "13800000000",
            "province": "上海市",
            "city": "上海市",
            "district": "浦东新区",
            "street": "世纪大道 1 号",
            "is_default": True,
        }
        return token, shop.call("POST", "/me/addresses", address, token)[1]["id"]

    def order(shopper):
        token, address = shopper
        body = {
            "activity_id": activity["id"],
            "product_id": activity["variants"][0]["product_id"],
            "quantity": 1,
            "team_token": team,
            "address_id": address,
        }
        return shop.call("POST", "/orders", body, token)

    def prepare(token, order_id):
        return shop.call("POST", f"/orders/{order_id}/payment", {}, token)[1]["reference"]

    def notify(reference):
        details = {
            "reference": reference,
            "payment_details": "1234",
            "simulated_state": "done",
        }
        body = {"jsonrpc": "2.0", "method": "call", "params": details}
        return shop.call("POST", "/payment/demo/simulate_payment", body, prefix="")

    floor, _ = measure("GET /health", clients, [lambda: shop.call("GET", "/health")] * 400)
    _, shoppers = measure(
        "first log-in and address", clients, [lambda n=n: arrive(n) for n in range(count)], floor
    )
    measure(
        "GET /teams/{token}", clients, [lambda: shop.call("GET", f"/teams/{team}")] * 400, floor
    )
    measure("GET /activities", clients, [lambda: shop.call("GET", "/activities")] * 200, floor)
    _, answers = measure(
        "POST /orders, one team", clients, [lambda s=s: order(s) for s in shoppers], floor
    )
    orders = [
        (token, body["id"])
        for (token, _address), (status, body) in zip(shoppers, answers, strict=True)
        if status == 201
    ]
    refused = sorted({body["error"]["code"] for status, body in answers if status != 201})
    _, references = measure(
        "POST /orders/{id}/payment", clients, [lambda o=o: prepare(*o) for o in orders], floor
    )
    measure(
        "payment notices, one team", clients, [lambda r=r: notify(r) for r in references], floor
    )

    state = shop.call("GET", f"/teams/{team}")[1]
    print(f"\n{len(orders)} places sold, refused with {refused or 'nothing'};", end=" ")
    print(f"the team counts {state['seats_paid']} paid of {state['size']}.")
    wait_for(
        "everything is settled",
        lambda: shop.call("GET", "/health")[1]["oldest_due_settlement_seconds"] == 0,
    )


if __name__ == "__main__":
    main()
