"""What the OpenAPI document says, asked in every way that it allows and in many that it does not.

One short round over all operations by default. For ten minutes more::

    PINBU_FUZZ_SECONDS=600 make test ADDON=pinbu K=fuzz
"""

import os
import time

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup

from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from odoo.addons.pinbu_groupbuy.api import limits, tokens
from odoo.addons.pinbu_groupbuy.tests.api_common import BASE, ApiCase
from odoo.addons.pinbu_subsidy.tests.common import SubsidyMixin

SECONDS = float(os.environ.get("PINBU_FUZZ_SECONDS", "0"))
LONGEST_LINE = 65_000
# What the document promises of each answer.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@tagged("post_install", "-at_install")
class TestFuzz(SubsidyMixin, ApiCase):
    def setUp(self):
        super().setUp()
        for kind in limits.DEFAULTS:
            for who in ("shopper", "address"):
                parameter = limits.PARAMETER % (kind, who)
                self.env["ir.config_parameter"].set_param(parameter, 10**9)
        self.document = self.call("GET", "/openapi.json").data
        schema = schemathesis.openapi.from_dict(self.document)
        self.operations = [result.ok() for result in schema.get_all_operations()]
        self.checks = [check for check in checks.CHECKS.get_all() if check.__name__ in CHECKS]
        self.assertEqual(len(self.checks), len(CHECKS))
        self.failures = {}
        self.calls = 0
        self.make_shopper()

    def test_fuzz(self):
        self.assertGreater(len(self.operations), 40)
        ends_at = time.monotonic() + SECONDS
        for round_number in range(10**6):
            for number, operation in enumerate(self.operations):
                if round_number and time.monotonic() > ends_at:
                    break
                self.ask(operation, round_number, number)
            else:
                continue
            break
        problems = "\n\n".join(self.failures.values())
        self.assertGreaterEqual(self.calls, len(self.operations))
        if self.failures:
            self.fail(f"{len(self.failures)} kinds of failure in {self.calls} calls:\n\n{problems}")

    def ask(self, operation, round_number, number):
        """Call one operation some times, as a shopper who has an order."""
        label = f"{operation.method.upper()} {operation.path}"

        @seed(round_number * 1000 + number)
        @settings(
            max_examples=6 if round_number else 2,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(map(operation.as_strategy, GenerationMode)))
        def call(case):
            self.calls += 1
            if self.calls % 2:
                for key in set(case.path_parameters or ()) & set(self.known):
                    case.path_parameters[key] = self.known[key]
                if "id" in (case.path_parameters or ()) and "orders" in operation.path:
                    case.path_parameters["id"] = self.known["order_id"]
            response = self.send(case)
            if response is None:
                return
            try:
                case.validate_response(response, checks=self.checks)
            except FailureGroup as group:
                for failure in group.exceptions:
                    key = (label, type(failure).__name__, response.status_code)
                    said = f"{label} {response.status_code}\n{failure}\n{case.as_curl_command()}"
                    self.failures.setdefault(key, f"{said}\n{response.text[:500]}")

        call()

    def send(self, case):
        """:return: the response, or None where Odoo's own web server hung up"""
        with self.allow_requests():
            try:
                return case.call(
                    base_url=self.base_url() + BASE,
                    headers={"Authorization": f"Bearer {self.token()}"},
                    cookies={TEST_CURSOR_COOKIE_NAME: self.http_request_key},
                )
            except requests.exceptions.ConnectionError as error:
                # It does at a request line of more than 64 KiB, which no application ever sees.
                if len(error.request.url) < LONGEST_LINE:
                    raise
                return None

    def token(self):
        """:return: a fresh token: some operations end tokens, and one ends the shopper"""
        if not self.user.exists() or not self.user.active:
            self.make_shopper()
        return tokens.issue(self.env, self.user)[0]

    def make_shopper(self):
        name = f"Fuzz {self.calls}"
        token = self.log_in(name)
        self.user = self.user_of(name)
        order = self.buy(token)
        self.known = {
            "id": self.activity.id,
            "activity_id": self.activity.id,
            "product_id": self.product.id,
            "order_id": order["id"],
            "token": order["team"]["token"],
            "scene": order["team"]["share"]["scene"],
        }
