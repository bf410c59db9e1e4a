import uuid
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .withdrawal_common import WithdrawalMixin


@tagged("post_install", "-at_install")
class TestWithdrawalApi(WithdrawalMixin, ApiMixin, HttpCase):
    """What a shopper does over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ann, self.ben = self.log_in("ann"), self.log_in("ben")
        self.partner = self.user_of("ann").partner_id
        self.trust(self.partner)
        self.give(self.partner, 30000)
        self.env.flush_all()

    def ask(self, amount, token=None, key=None):
        body = {"amount": amount}
        return self.call(
            "POST", "/me/withdrawals", body, token or self.ann, key or uuid.uuid4().hex
        )

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token or self.ann)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_the_wallet_says_what_can_be_withdrawn(self):
        wallet = self.get("/me/wallet")
        self.assertEqual(
            wallet,
            {
                "currency": self.company.currency_id.name,
                "balance": 30000,
                "withdrawable": 30000,
                "pending": 0,
                "today_left": 50000,
                "min_withdrawal": 100,
                "max_withdrawal": 20000,
                "identity_required_from": 0,
                "identity": {"state": "verified"},
            },
        )
        self.assertEqual(self.ask(1000).status, 201)
        wallet = self.get("/me/wallet")
        self.assertEqual((wallet["balance"], wallet["today_left"]), (29000, 49000))
        self.assertEqual(self.get("/me/wallet", self.ben)["identity"], {"state": "none"})

    def test_from_asking_to_paid(self):
        answer = self.ask(1000)
        self.assertEqual(answer.status, 201, answer.text)
        shown = answer.data
        self.assertEqual(
            {
                name: shown[name]
                for name in ("amount", "state", "provider", "finished_at", "failure", "confirm")
            },
            {
                "amount": 1000,
                "state": "requested",
                "provider": "manual",
                "finished_at": None,
                "failure": None,
                "confirm": None,
            },
        )
        self.assertEqual(shown["actions"], ["cancel"])
        [entry] = self.get("/me/wallet/entries?limit=1")["items"]
        self.assertEqual(
            (entry["kind"], entry["amount"], entry["reference"]),
            ("withdrawal", -1000, shown["number"]),
        )
        self.assertEqual(self.get(f"/me/withdrawals/{shown['id']}"), shown)
        withdrawal = self.withdrawals.browse(shown["id"])
        withdrawal.action_start()
        withdrawal.action_mark_paid()
        self.env.flush_all()
        paid = self.get(f"/me/withdrawals/{shown['id']}")
        self.assertEqual(paid["state"], "done")
        self.assertTrue(paid["finished_at"])

    def test_cancelling(self):
        shown = self.ask(1000).data
        path = f"/me/withdrawals/{shown['id']}/cancel"
        answer = self.call("POST", path, {}, self.ann)
        self.assertEqual(
            (answer.status, answer.data["state"], answer.data["failure"]),
            (200, "failed", "cancelled"),
        )
        self.assertEqual(self.call("POST", path, {}, self.ann).status, 200)
        self.assertEqual(self.get("/me/wallet")["balance"], 30000)
        shown = self.ask(1000).data
        self.withdrawals.browse(shown["id"]).action_start()
        self.env.flush_all()
        answer = self.call("POST", f"/me/withdrawals/{shown['id']}/cancel", {}, self.ann)
        self.assertEqual((answer.status, answer.code), (409, "not_allowed_now"))

    def test_refusals(self):
        for amount in (None, "10", 10.5, True, 0, -100, 2**31):
            answer = self.ask(amount)
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), amount)
        for amount in (99, 20001):
            answer = self.ask(amount)
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"))
            self.assertEqual(answer.details[0]["field"], "amount")
        answer = self.call("POST", "/me/withdrawals", {"amount": 1000}, self.ann)
        self.assertEqual((answer.status, answer.code), (400, "invalid_request"))
        self.trust(self.user_of("ben").partner_id)
        self.env.flush_all()
        answer = self.ask(1000, self.ben)
        self.assertEqual((answer.status, answer.code), (409, "insufficient_balance"))
        self.partner.pinbu_identity_checked_at = False
        self.env.flush_all()
        answer = self.ask(1000)
        self.assertEqual((answer.status, answer.code), (403, "identity_required"))
        self.trust(self.partner)
        self.company.pinbu_withdrawal_day_count = 0
        self.env.flush_all()
        answer = self.ask(1000)
        self.assertEqual((answer.status, answer.code), (409, "limit_reached"))
        self.assertEqual(self.get("/me/wallet")["balance"], 30000)

    def test_a_key_withdraws_once(self):
        key = uuid.uuid4().hex
        first = self.ask(1000, key=key)
        again = self.ask(1000, key=key)
        self.assertEqual((again.status, again.data), (201, first.data))
        self.assertEqual(self.ask(2000, key=key).code, "idempotency_mismatch")
        self.assertEqual(self.get("/me/wallet")["balance"], 29000)

    def test_only_their_own(self):
        shown = self.ask(1000).data
        for method, tail in (("GET", ""), ("POST", "/cancel"), ("POST", "/refresh")):
            path = f"/me/withdrawals/{shown['id']}{tail}"
            answer = self.call(method, path, None if method == "GET" else {}, self.ben)
            self.assertEqual((answer.status, answer.code), (404, "not_found"))
            answer = self.call(method, path, None if method == "GET" else {})
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"))
        self.assertEqual(self.get("/me/withdrawals", self.ben)["items"], [])
        self.assertEqual(self.withdrawals.browse(shown["id"]).state, "requested")

    def test_the_list_in_pages_with_constant_queries(self):
        self.company.pinbu_withdrawal_day_count = 50
        ids = [self.withdraw(self.partner, 100).id for _ in range(2)]
        self.env.flush_all()
        few = self.queries_of("/me/withdrawals")
        ids += [self.withdraw(self.partner, 100).id for _ in range(10)]
        self.env.flush_all()
        self.assertEqual(self.queries_of("/me/withdrawals"), few)
        shown, cursor = [], ""
        while cursor is not None:
            page = self.get(f"/me/withdrawals?limit=5{cursor and '&cursor=' + cursor}")
            shown += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(shown, ids[::-1])

    def queries_of(self, path):
        """:return: how many queries a read takes, once caches are warm"""
        self.get(path)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.get(path)
        return self.cr.sql_log_count - before

    def test_confirming_in_the_mini_program(self):
        with self.gateway() as gate:
            self.env.flush_all()
            shown = self.ask(1000).data
            self.assertEqual(shown["provider"], "test")
            self.run_payouts()
            shown = self.get(f"/me/withdrawals/{shown['id']}")
            self.assertEqual(shown["state"], "confirm")
            self.assertEqual(shown["confirm"], {"mchId": "1", "package": "p"})
            gate.bills[shown["number"]]["state"] = "done"
            path = f"/me/withdrawals/{shown['id']}/refresh"
            gate.broken = ("query",)
            answer = self.call("POST", path, {}, self.ann)
            self.assertEqual((answer.status, answer.code), (502, "provider_error"))
            gate.broken = ()
            answer = self.call("POST", path, {}, self.ann)
            self.assertEqual((answer.data["state"], answer.data["confirm"]), ("done", None))
            answer = self.call("POST", f"/me/withdrawals/{shown['id']}/cancel", {}, self.ann)
            self.assertEqual((answer.status, answer.code), (409, "not_allowed_now"))
            self.assertEqual(self.get("/me/wallet")["balance"], 29000)

    def test_cancelling_at_the_provider(self):
        with self.gateway():
            self.env.flush_all()
            shown = self.ask(1000).data
            self.run_payouts()
            answer = self.call("POST", f"/me/withdrawals/{shown['id']}/cancel", {}, self.ann)
            self.assertEqual((answer.status, answer.data["state"]), (200, "confirm"))
            self.assertEqual(answer.data["actions"], ["refresh"])
            self.run_payouts()
            self.assertEqual(self.get(f"/me/withdrawals/{shown['id']}")["failure"], "cancelled")
            self.assertEqual(self.get("/me/wallet")["balance"], 30000)

    def test_the_answer_is_of_the_reviewers_making(self):
        """Why it is looked at is not for the shopper to know."""
        with patch.object(
            self.registry["pinbu.withdrawal"], "_needs_review", lambda withdrawal: "manual"
        ):
            shown = self.ask(1000).data
        self.assertEqual((shown["state"], shown["actions"]), ("review", ["cancel"]))
        self.assertNotIn("review_reason", shown)
