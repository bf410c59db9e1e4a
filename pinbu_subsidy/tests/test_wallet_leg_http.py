import uuid

from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestWalletLegHttp(MeansMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ann, self.ben = self.log_in("ann"), self.log_in("ben")
        self.card = self.fill_wallet(self.user_of("ann").partner_id, 10.0)

    def get(self, path, token):
        answer = self.call("GET", path, token=token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def balance_of(self, token):
        return self.get("/me/wallet", token)["balance"]

    def quote(self, token, **values):
        answer = self.call("POST", "/orders/quote", self.wish(**values), token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def start_payment(self, token, order):
        path = f"/orders/{order['id']}/payment"
        return self.call("POST", path, {}, token, uuid.uuid4().hex)

    def sums(self, shown):
        return [
            shown[name] for name in ("goods_amount", "discount_amount", "wallet_amount", "amount")
        ]

    def test_wallet_and_fresh_money(self):
        self.assertEqual(self.sums(self.quote(self.ann)), [1990, 0, 0, 1990])
        quote = self.quote(self.ann, use_wallet=True)
        self.assertEqual(self.sums(quote), [1990, 0, 1000, 990])
        self.assertEqual(self.balance_of(self.ann), 1000)

        version = quote["promise_version"]
        answer = self.order(self.ann, use_wallet=True, promise_version=version)
        self.assertEqual(answer.status, 201, answer.text)
        order = answer.data
        self.assertEqual(self.sums(order), [1990, 0, 1000, 990])
        self.assertEqual((order["state"], order["payment"]), ("unpaid", None))
        self.assertEqual(self.balance_of(self.ann), 0)
        # Only fresh money is promised anything.
        self.assertEqual((order["promise"]["items"], order["promise"]["reserved"]), ([], False))
        self.assertTrue(self.quote(self.ann)["promise"]["items"])
        # What is held is not lost: the quote for the same place tells the same.
        self.assertEqual(self.sums(self.quote(self.ann, use_wallet=True)), [1990, 0, 1000, 990])

        payment = self.start_payment(self.ann, order).data
        self.assertEqual((payment["status"], payment["provider"]), ("pay", "none"))
        self.provider_notifies(payment["reference"])
        order = self.get(f"/orders/{order['id']}", self.ann)
        self.assertEqual(order["state"], "forming")
        self.assertEqual(order["payment"]["reference"], payment["reference"])
        [entry, _filled] = self.get("/me/wallet/entries", self.ann)["items"]
        self.assertEqual(
            (entry["kind"], entry["amount"], entry["reference"]), ("spend", -1000, order["name"])
        )

        self.lose(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.run_schedulers()
        lost = self.get(f"/orders/{order['id']}", self.ann)
        self.assertEqual(self.sums(lost), [1990, 0, 1000, 990])
        self.assertEqual(lost["refund"], {"state": "done", "amount": 1990})
        self.assertEqual(sorted(refund["amount"] for refund in lost["refunds"]), [990, 1000])
        self.assertEqual(self.balance_of(self.ann), 1000)

    def test_the_wallet_pays_all(self):
        self.fill_wallet(self.user_of("ann").partner_id, 10.0)
        order = self.order(self.ann, use_wallet=True).data
        self.assertEqual(self.sums(order), [1990, 0, 1990, 0])
        self.assertEqual(order["state"], "unpaid")
        payment = self.start_payment(self.ann, order)
        self.assertEqual(payment.status, 200, payment.text)
        self.assertEqual(
            (payment.data["status"], payment.data["provider"], payment.data["params"]),
            ("paid", "wallet", None),
        )
        order = self.get(f"/orders/{order['id']}", self.ann)
        self.assertEqual(order["state"], "forming")
        self.assertEqual(
            order["payment"],
            {"state": "done", "provider": "wallet", "reference": payment.data["reference"]},
        )
        self.assertEqual(self.start_payment(self.ann, order).code, "already_paid")
        self.assertEqual(self.balance_of(self.ann), 10)

    def test_nobody_pays_with_another_wallet(self):
        self.assertEqual(self.sums(self.quote(self.ben, use_wallet=True)), [1990, 0, 0, 1990])
        order = self.order(self.ben, use_wallet=True).data
        self.assertEqual(self.sums(order), [1990, 0, 0, 1990])
        self.assertEqual(self.balance_of(self.ann), 1000)
        # Nor is it given away with another shopper's order.
        order = self.order(self.ann, use_wallet=True).data
        for path in ("payment", "cancel"):
            answer = self.call("POST", f"/orders/{order['id']}/{path}", {}, self.ben, "key")
            self.assertEqual((answer.status, answer.code), (404, "not_found"))
        self.assertEqual(self.balance_of(self.ann), 0)

    def test_money_that_came_in_between_changes_the_terms(self):
        version = self.quote(self.ann, use_wallet=True)["promise_version"]
        self.fill_wallet(self.user_of("ann").partner_id, 1.0)
        answer = self.order(self.ann, use_wallet=True, promise_version=version)
        self.assertEqual(answer.code, "terms_changed")
        self.assertEqual(self.balance_of(self.ann), 1100)

    def test_a_cancelled_order_gives_it_back(self):
        order = self.order(self.ann, use_wallet=True).data
        answer = self.call("POST", f"/orders/{order['id']}/cancel", {}, self.ann)
        self.assertEqual(answer.data["state"], "closed")
        self.assertEqual(answer.data["refund"], {"state": "due", "amount": 1000})
        self.run_schedulers()
        self.assertEqual(self.balance_of(self.ann), 1000)
