from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .common import SubsidyMixin


@tagged("post_install", "-at_install")
class TestApiWallet(SubsidyMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_from_the_promise_to_the_wallet(self):
        ann, ben, carl = (self.log_in(name) for name in ("ann", "ben", "carl"))
        activity = self.get(f"/activities/{self.activity.id}")
        self.assertIn("10.00", activity["subsidy"]["summary"])
        self.assertEqual(
            [(item["type"], item["amount"]) for item in activity["subsidy"]["items"]],
            [("cash", 1000)],
        )
        quote = self.call("POST", "/orders/quote", self.wish(), ann).data
        self.assertTrue(quote["promise"]["reserved"])
        self.assertEqual(set(quote["promise"]["items"][0]), {"type", "amount", "conditions"})

        order = self.buy(ann)
        self.assertEqual(order["promise"], quote["promise"])
        self.assertEqual(order["subsidies"], [])
        self.assertIn("10.00", order["team"]["activity"]["subsidy_summary"])
        self.buy(ben, order["team"])

        self.lose(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        shown = self.get(f"/orders/{order['id']}", ann)
        self.assertEqual(shown["state"], "lost")
        due = shown["subsidies"]
        self.assertEqual(
            [(s["type"], s["amount"], s["state"]) for s in due], [("cash", 1000, "due")]
        )
        self.assertEqual(self.get("/me/wallet", ann)["pending"], 1000)

        self.grant()
        wallet = self.get("/me/wallet", ann)
        self.assertEqual(
            wallet,
            {
                "currency": self.company.currency_id.name,
                "balance": 1000,
                "withdrawable": 1000,
                "pending": 0,
                "today_left": 50000,
                "min_withdrawal": 100,
                "max_withdrawal": 20000,
                "identity_required_from": 0,
                "identity": {"state": "none"},
            },
        )
        entries = self.get("/me/wallet/entries", ann)
        self.assertIsNone(entries["next_cursor"])
        [entry] = entries["items"]
        self.assertEqual(
            (entry["kind"], entry["amount"], entry["balance_after"], entry["reference"]),
            ("subsidy", 1000, 1000, order["name"]),
        )
        [subsidy] = self.get("/me/subsidies", ann)["items"]
        self.assertEqual(
            (subsidy["state"], subsidy["amount"], subsidy["order_id"], subsidy["reason"]),
            ("granted", 1000, order["id"], "team_failed"),
        )
        self.assertEqual(self.get(f"/orders/{order['id']}", ann)["subsidies"], [subsidy])

        # Somebody else sees none of it.
        self.assertEqual(self.get("/me/wallet", carl)["balance"], 0)
        for path in ("/me/wallet/entries", "/me/subsidies"):
            self.assertEqual(self.get(path, carl), {"items": [], "next_cursor": None})
            self.assertNotEqual(self.get(path, ben)["items"], self.get(path, ann)["items"])
        self.assertFalse(self.company._pinbu_wallets(self.user_of("carl").partner_id))

    def test_entries_newest_first_in_pages(self):
        ann = self.log_in("ann")
        partner = self.user_of("ann").partner_id
        wallet = self.company._pinbu_wallets(partner, create=True)[partner.id]
        for number in range(5):
            wallet._pinbu_post(
                [
                    {
                        "card_id": wallet.id,
                        "kind": "subsidy",
                        "amount_minor": number + 1,
                        "idempotency_key": f"test:{number}",
                    }
                ]
            )
        self.env.flush_all()
        amounts, cursor = [], ""
        while cursor is not None:
            page = self.get(f"/me/wallet/entries?limit=2{cursor and '&cursor=' + cursor}", ann)
            amounts += [entry["amount"] for entry in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(amounts, [5, 4, 3, 2, 1])

    def test_without_a_token(self):
        for path in ("/me/wallet", "/me/wallet/entries", "/me/subsidies"):
            answer = self.call("GET", path)
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"))
