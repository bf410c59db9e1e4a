"""Shoppers who talk to the API over HTTP, as a mini-program does."""

import json
import uuid

from odoo.tests import HttpCase

from .api_document import BASE, ApiDocument
from .common import GroupBuyMixin

_documents = {}


class Answer:
    """A response, read."""

    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        self.data = json.loads(response.text) if is_json else None

    @property
    def code(self):
        """The error's code, or None."""
        return (self.data or {}).get("error", {}).get("code")

    @property
    def details(self):
        return self.data["error"]["details"]


class ApiMixin(GroupBuyMixin):
    """Calls to the API; English, so that tests read what the code says."""

    @classmethod
    def allow_demo_log_in(cls):
        cls.env["ir.config_parameter"].set_param("pinbu_groupbuy.demo_login", "true")
        cls.env["payment.provider"].search([("state", "=", "enabled")]).state = "disabled"

    def call(
        self,
        method,
        path,
        body=None,
        token=None,
        key=None,
        headers=None,
        raw=None,
        is_as_documented=True,
    ):
        """:param bool is_as_documented: False where the test makes a route do what it never does
        :return: the Answer to a request below /pinbu/api/v1; it is what the document says
        """
        headers = {"Accept-Language": "en", **(headers or {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            raw = json.dumps(body)
        response = self.url_open(BASE + path, data=raw, headers=headers, method=method)
        answer = Answer(response)
        if is_as_documented:
            self.assertEqual(self.api_document().problems(method, path, answer), [])
        return answer

    def api_document(self):
        """:return: the ApiDocument of this database's modules, which every answer has to obey"""
        modules = frozenset(self.registry._init_modules)
        if modules not in _documents:
            response = self.url_open(f"{BASE}/openapi.json")
            _documents[modules] = ApiDocument(response.json())
        return _documents[modules]

    def log_in(self, name):
        """:return: the token of the demo shopper `name`"""
        answer = self.call("POST", "/session", {"code": f"demo:{name}"})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["token"]

    def user_of(self, name):
        return self.env["res.users"].search([("login", "=", f"demo:{name}")])

    def wish(self, team=None, **values):
        """:return: the body of an order for the test activity"""
        body = {
            "activity_id": self.activity.id,
            "product_id": self.product.id,
            "quantity": 1,
            **values,
        }
        if team:
            body["team_token"] = team["token"]
        return body

    def order(self, token, team=None, key=None, **values):
        body = self.wish(team, **values)
        return self.call("POST", "/orders", body, token, key or uuid.uuid4().hex)

    def buy(self, token, team=None, **values):
        """Order and pay. :return: the order as the shopper sees it then"""
        answer = self.order(token, team, **values)
        self.assertEqual(answer.status, 201, answer.text)
        order_id = answer.data["id"]
        payment = self.call("POST", f"/orders/{order_id}/payment", {}, token, uuid.uuid4().hex)
        self.assertEqual(payment.data["status"], "pay", payment.text)
        self.provider_notifies(payment.data["reference"])
        return self.call("GET", f"/orders/{order_id}", token=token).data

    def provider_notifies(self, reference):
        self.env["payment.transaction"].search([("reference", "=", reference)])._set_done()
        self.env.flush_all()


class ApiCase(ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()
