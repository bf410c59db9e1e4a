"""Every route that the server has, asked by everybody who must not get an answer."""

import re
import uuid
from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.pinbu_groupbuy.api import tokens
from odoo.addons.pinbu_groupbuy.api.routing import BASE

from .api_common import ApiMixin

_ARGUMENT = re.compile(r"<(?:[^<>:]*:)?(\w+)>")
# Of these kinds of routes; any other kind needs to know who calls.
OPEN = ("pinbu_public", "pinbu_anyone")
# What nobody but Ann may ever read.
NAME, PHONE, STREET, REMARK = "Zenobia Quux", "13800138123", "7 Hidden Lane", "the blue gate"


class SecurityMatrix(ApiMixin, HttpCase):
    """Ann has one of everything; the add-on's own test says what that is.

    A route with an argument that `ann_has` does not name fails the tests: who adds such a route
    says there what Ann's is, and in `bodies` what has to be sent to get as far as looking for it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.hosts = {}  # of tokens that are of another company's shop
        self.ann = self.log_in("Ann")
        self.bob = self.log_in("Bob")
        self.call("PATCH", "/me", {"name": NAME}, self.ann)
        self.user_of("Ann").partner_id.phone = PHONE
        self.bodies = {
            "/me/addresses/<int:address_id>": self.address(),
            "/orders": self.wish(),
            "/orders/<int:order_id>/returns": {"quantity": 1, "reason": "Too small"},
            "/orders/quote": self.wish(),
        }
        self.ann_has = self.make_what_ann_has()

    def address(self, **values):
        return {
            "name": NAME,
            "phone": PHONE,
            "province": "浙江省",
            "city": "杭州市",
            "street": STREET,
            **values,
        }

    def make_what_ann_has(self):
        """:return: what stands for each argument of a path: something of Ann's"""
        address = self.call("POST", "/me/addresses", self.address(), self.ann).data
        order = self.buy(self.ann, address_id=address["id"], remark=REMARK)
        self.order_data = order
        bought = self.env["sale.order"].browse(order["id"])
        self.order_name = bought.name
        sent_back = self.env["pinbu.return"].create(
            {"seat_id": bought.seat_ids.id, "quantity": 1, "reason": REMARK}
        )
        return {
            "address_id": address["id"],
            "order_id": order["id"],
            "activity_id": self.activity.id,
            "product_id": self.product.id,
            "token": order["team"]["token"],
            "scene": order["team"]["share"]["scene"],
            "image_id": 1,
            "banner_id": 1,
            "category_id": 1,
            "licence_id": 1,
            "return_id": sent_back.id,
            "mark": "x",
        }

    # === ROUTES === #

    def routes(self):
        """:return: (method, path below the base as declared, its routing) of all that there are"""
        found = []
        for rule in self.env["ir.http"].routing_map().iter_rules():
            routing = rule.endpoint.routing
            if routing["type"] != "pinbu" or routing.get("pinbu_catch_all"):
                continue
            if rule.rule.startswith(BASE):
                path = rule.rule.removeprefix(BASE)
                found += [(method, path, routing) for method in routing["methods"]]
        self.assertGreater(len(found), 30)
        return sorted(found, key=lambda route: route[:2])

    def ask(self, method, path, token=None, headers=None):
        """:return: the answer to a request for what is Ann's"""
        url = _ARGUMENT.sub(lambda match: str(self.ann_has[match[1]]), path)
        body = None if method == "GET" else self.bodies.get(path, {})
        return self.call(method, url, body, token, uuid.uuid4().hex, headers)

    def other_company_token(self):
        """:return: the token of a shopper of another company in this database"""
        host = "another.example"
        company = self.env["res.company"].create({"name": "Another shop", "pinbu_hosts": host})
        user = new_test_user(
            self.env,
            "another shop's shopper",
            groups="base.group_portal",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        self.env.flush_all()
        token = tokens.issue(self.env, user)[0]
        self.hosts[token] = host
        return token

    def call(self, method, path, body=None, token=None, key=None, headers=None, **options):
        if token in self.hosts:
            headers = {"Host": self.hosts[token], **(headers or {})}
        return super().call(method, path, body, token, key, headers, **options)

    def bad_tokens(self):
        """:return: tokens by what is wrong with them"""
        revoked = self.log_in("Ann")
        self.call("DELETE", "/session", token=revoked)
        archived = self.log_in("Cid")
        self.user_of("Cid").active = False
        gone = self.log_in("Dee")
        self.user_of("Dee").unlink()
        lifetime = tokens.LIFETIME
        tokens.LIFETIME = timedelta(seconds=-1)
        try:
            expired = tokens.issue(self.env, self.user_of("Ann"))[0]
        finally:
            tokens.LIFETIME = lifetime
        middle = len(self.ann) // 2
        other = "A" if self.ann[middle] != "A" else "B"
        self.env.flush_all()
        return {
            "revoked": revoked,
            "archived": archived,
            "gone": gone,
            "expired": expired,
            "tampered": self.ann[:middle] + other + self.ann[middle + 1 :],
            "cut": self.ann[:-2],
            "an administrator's": tokens.issue(self.env, self.env.ref("base.user_admin"))[0],
            "empty": "",
        }

    # === CHECKS === #

    def check_only_with_a_token(self):
        for method, path, routing in self.routes():
            answer = self.ask(method, path)
            if routing["auth"] in OPEN:
                self.assertNotEqual(answer.status, 401, (method, path)) if path != "/session" else 0
            else:
                self.assertEqual(answer.status, 401, (method, path))
                self.assertEqual(answer.code, "unauthenticated", (method, path))
            self.assertLess(answer.status, 500, (method, path, answer.text))

    def check_bad_tokens(self):
        bad = self.bad_tokens()
        for method, path, routing in self.routes():
            if routing["auth"] == "pinbu_anyone":
                continue
            for problem, token in bad.items():
                headers = {"Authorization": f"Bearer {token}"}
                answer = self.ask(method, path, headers=headers)
                self.assertEqual(answer.status, 401, (problem, method, path))

    def check_others_find_nothing(self, token):
        """Whatever is Ann's does not exist for the caller of this token."""
        before = self.what_ann_sees()
        for method, path, routing in self.routes():
            if routing["auth"] in OPEN or not self.names_something_private(path):
                continue
            answer = self.ask(method, path, token)
            expected = 404 if routing["auth"] == "pinbu_shopper" else 401
            self.assertEqual(answer.status, expected, (method, path, answer.text))
        self.assertEqual(self.what_ann_sees(), before)

    def names_something_private(self, path):
        """Teams, activities and scenes are for whoever was given their address."""
        public = {"activity_id", "product_id", "token", "scene", "image_id", "licence_id", "mark"}
        return bool(set(_ARGUMENT.findall(path)) - public)

    def check_nobody_reads_what_is_anns(self, token):
        """Not in lists, not on public pages, not in refusals, not in headers."""
        secrets = [NAME, PHONE, STREET, REMARK, "demo:Ann", self.order_name, self.ann]
        for method, path, _routing in self.routes():
            if (method, path) in (("DELETE", "/session"), ("DELETE", "/me")):
                continue
            answer = self.ask(method, path, token)
            said = f"{answer.text} {dict(answer.headers)}"
            for secret in secrets:
                # What the caller sent to be kept as their own is theirs to read.
                if secret not in str(self.bodies.get(path, "")):
                    self.assertNotIn(secret, said, (method, path))

    def what_ann_sees(self):
        """:return: all that Ann's own pages show, without the moment at which they were read"""
        seen = {}
        for method, path, routing in self.routes():
            if method == "GET" and routing["auth"] not in OPEN:
                answer = self.ask(method, path, self.ann)
                seen[path] = answer.status, re.sub(r'"server_time":"[^"]*"', "", answer.text)
        return seen
