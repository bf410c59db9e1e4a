"""Take pictures of the back office's main screens; `make screenshots` calls this.

    take_screenshots.py URL DATABASE CHROMIUM FOLDER

They and a page that shows them, index.html, come into FOLDER.

Speaks Chromium's DevTools protocol: nothing has to be installed beside what the tests need.
"""

import base64
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import gallery
import websocket


class Screen(NamedTuple):
    name: str
    login: str  # its name is its password
    action: str
    title: str
    caption: str


SCREENS = (
    Screen(
        "dashboard",
        "marketing",
        "pinbu_groupbuy.pinbu_dashboard_action",
        "Dashboard",
        "Today beside yesterday; what needs a person stands on top.",
    ),
    Screen(
        "activities",
        "marketing",
        "pinbu_groupbuy.pinbu_activity_action",
        "Activities",
        "What is sold, how much of it is taken, which teams form.",
    ),
    Screen(
        "activity",
        "marketing",
        "pinbu_groupbuy.pinbu_activity_action/1",
        "An activity",
        "Offer, rules in plain sentences, subsidy with its worst cost, delivery, figures.",
    ),
    Screen(
        "teams",
        "marketing",
        "pinbu_groupbuy.pinbu_team_action",
        "Teams",
        "A board that follows payments without a reload.",
    ),
    Screen(
        "orders",
        "marketing",
        "pinbu_groupbuy.sale_order_action",
        "Orders",
        "By where they stand; unpaid ones are hidden.",
    ),
    Screen(
        "shoppers",
        "marketing",
        "pinbu_groupbuy.pinbu_shopper_action_open",
        "Shoppers",
        "Tagged each night; a coupon goes to any selection.",
    ),
    Screen(
        "subsidies",
        "marketing",
        "pinbu_subsidy.pinbu_subsidy_action",
        "Subsidies",
        "What was promised, and what became of it.",
    ),
    Screen(
        "deliveries",
        "warehouse",
        "stock.action_picking_tree_ready",
        "Deliveries",
        "Inventory's own screen: formed teams are ready, the others marked.",
    ),
    Screen(
        "review",
        "officer",
        "pinbu_risk.pinbu_risk_case_action",
        "Review",
        "Whom a rule stopped, and what led there.",
    ),
    Screen(
        "rules",
        "admin",
        "pinbu_risk.pinbu_risk_rule_action",
        "Rules",
        "Each says in plain words what it does.",
    ),
)
SIZES = {"wide": (1400, 900), "phone": (390, 844)}
# A screen is finished when its address says which action it is and nothing is being loaded.
_IS_READY = """
    !!document.querySelector(".o_action_manager .o_action, .o_action_manager .o_content")
    && !document.querySelector(".o_loading, .o_blockUI")
"""
_PATIENCE = 60


class Browser:
    """One tab of a headless Chromium."""

    def __init__(self, port):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT"
        )
        with urllib.request.urlopen(request) as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        self._socket = websocket.create_connection(address, timeout=_PATIENCE, suppress_origin=True)
        self._numbers = itertools.count(1)
        self.call("Page.enable")
        self.call("Network.enable")

    def call(self, method, **params):
        """:return: the protocol's result"""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]

    def log_in(self, url, session_id):
        self.call("Network.clearBrowserCookies")
        self.call("Network.setCookie", url=url, name="session_id", value=session_id)

    def show(self, url, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.call("Page.navigate", url=url)
        end = time.monotonic() + _PATIENCE
        while not self._is_ready():
            if time.monotonic() > end:
                raise RuntimeError(f"{url} does not get ready")
            time.sleep(0.3)
        time.sleep(1.5)  # pictures and fonts

    def _is_ready(self):
        result = self.call("Runtime.evaluate", expression=_IS_READY, returnByValue=True)
        return result["result"].get("value") is True

    def picture(self):
        """:return: a PNG"""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


def session(url, database, login):
    """:return: the id of a session of this user"""
    params = {"db": database, "login": login, "password": login}
    request = urllib.request.Request(
        f"{url}/web/session/authenticate",
        json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        if not json.load(answer).get("result", {}).get("uid"):
            raise RuntimeError(f"{login} cannot log in")
        cookies = [c for c in answer.headers.get_all("Set-Cookie") if c.startswith("session_id=")]
    # The last one: logging in changes it.
    return cookies[-1].partition("=")[2].partition(";")[0]


@contextlib.contextmanager
def chromium(path):
    """:return: the port that it listens on"""
    with tempfile.TemporaryDirectory(prefix="pinbu_chromium_", ignore_cleanup_errors=True) as home:
        words = [
            path, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={home}",
            "--disable-gpu", "--no-first-run", "--lang=zh-CN", "--hide-scrollbars",
        ]  # fmt: skip
        if os.geteuid() == 0:
            words.append("--no-sandbox")
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield wait_for_port(Path(home, "DevToolsActivePort"), process)
        finally:
            process.terminate()
            process.wait(20)


def wait_for_port(told, process):
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, IndexError, ValueError):
            return int(told.read_text().splitlines()[0])
        time.sleep(0.2)
    raise RuntimeError("Chromium does not start")


def main():
    url, database, path, folder = sys.argv[1:]
    with chromium(path) as port:
        browser = Browser(port)
        for login, screens in itertools.groupby(SCREENS, key=lambda screen: screen.login):
            browser.log_in(url, session(url, database, login))
            for screen in screens:
                for size, (width, height) in SIZES.items():
                    browser.show(f"{url}/odoo/action-{screen.action}", width, height)
                    Path(folder, f"{screen.name}-{size}.png").write_bytes(browser.picture())
                print(f"  {screen.name}", flush=True)
    Path(folder, "index.html").write_text(gallery.page(SCREENS), encoding="utf-8")


if __name__ == "__main__":
    main()
