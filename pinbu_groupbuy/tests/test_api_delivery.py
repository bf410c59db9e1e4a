from odoo import Command
from odoo.tests import tagged

from .api_common import ApiCase
from .test_delivery_methods import DeliveryMixin, Statements


@tagged("post_install", "-at_install")
class TestApiDelivery(DeliveryMixin, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Addresses are in the country of the shop.
        cls.company.country_id = cls.env.ref("base.cn")
        cls.set_up_methods()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann Smith")

    def address(self, province, token=None):
        body = {
            "name": "Ann",
            "phone": "138 0000 0000",
            "province": province,
            "city": "City",
            "district": "District",
            "street": "1 Street",
        }
        answer = self.call("POST", "/me/addresses", body, token or self.ann)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.data["id"]

    def quote(self, **values):
        return self.call("POST", "/orders/quote", self.wish(**values), self.ann)

    def shown(self, method, fee):
        return {"id": method.id, "name": method.name, "type": method.pinbu_type, "fee": fee}

    def test_quote_and_order_agree(self):
        home = self.address("上海市")
        quote = self.quote(address_id=home).data
        self.assertEqual(
            quote["delivery_methods"],
            [
                self.shown(self.express, 800),
                self.shown(self.local, 500),
                self.shown(self.pickup, 0),
            ],
        )
        self.assertEqual((quote["goods_amount"], quote["delivery_fee"]), (1990, 800))
        self.assertEqual(quote["amount"], 2790)
        local = self.quote(address_id=home, delivery_method_id=self.local.id).data
        self.assertEqual((local["delivery_fee"], local["amount"]), (500, 2490))
        self.assertNotEqual(local["promise_version"], quote["promise_version"])
        order = self.order(
            self.ann,
            address_id=home,
            delivery_method_id=self.local.id,
            promise_version=local["promise_version"],
        )
        self.assertEqual(order.status, 201, order.text)
        self.assertEqual((order.data["goods_amount"], order.data["delivery_fee"]), (1990, 500))
        self.assertEqual((order.data["amount"], order.data["address"]["id"]), (2490, home))

        # Resumed in place; what was quoted for another method is not what was agreed to.
        stale = self.order(self.ann, address_id=home, promise_version=local["promise_version"])
        self.assertEqual((stale.status, stale.code), (409, "terms_changed"))
        again = self.order(self.ann, address_id=home)
        self.assertEqual((again.status, again.data["id"]), (200, order.data["id"]))
        self.assertEqual(again.data["amount"], 2790)

    def test_terms_change_with_the_fee(self):
        home = self.address("上海市")
        quote = self.quote(address_id=home).data
        self.express.fixed_price = 9.0
        self.env.flush_all()
        version = quote["promise_version"]
        answer = self.order(self.ann, address_id=home, promise_version=version)
        self.assertEqual((answer.status, answer.code), (409, "terms_changed"))

    def test_default_address_is_quoted_and_shipped_to(self):
        self.address("上海市")
        self.assertEqual(len(self.quote().data["delivery_methods"]), 3)
        self.assertEqual(self.order(self.ann).data["delivery_fee"], 800)

    def test_without_an_address_there_is_only_pickup(self):
        quote = self.quote().data
        self.assertEqual(quote["delivery_methods"], [self.shown(self.pickup, 0)])
        answer = self.quote(delivery_method_id=self.express.id)
        self.assertEqual((answer.status, answer.code), (409, "not_deliverable"))
        answer = self.order(self.ann, delivery_method_id=self.express.id)
        self.assertEqual((answer.status, answer.code), (409, "not_deliverable"))
        order = self.order(self.ann)
        self.assertEqual((order.status, order.data["amount"]), (201, 1990))
        self.assertIsNone(order.data["address"])

    def test_pickup_with_an_address_shows_none(self):
        home = self.address("上海市")
        order = self.order(self.ann, address_id=home, delivery_method_id=self.pickup.id)
        self.assertEqual((order.status, order.data["amount"]), (201, 1990))
        self.assertIsNone(order.data["address"])

    def test_another_region_is_not_deliverable(self):
        away = self.address("浙江")
        methods = self.quote(address_id=away).data["delivery_methods"]
        self.assertEqual([method["type"] for method in methods], ["express", "pickup"])
        answer = self.order(self.ann, address_id=away, delivery_method_id=self.local.id)
        self.assertEqual((answer.status, answer.code), (409, "not_deliverable"))
        # Nothing was taken: the same shopper orders at once for another address.
        order = self.order(
            self.ann, address_id=self.address("上海"), delivery_method_id=self.local.id
        )
        self.assertEqual(order.status, 201, order.text)

    def test_method_that_is_not_offered_is_not_found(self):
        home = self.address("上海市")
        other = self.make_method("Other", 1.0)
        self.env.flush_all()
        for method_id in (other.id, 0, -1, 2**40):
            for answer in (
                self.quote(address_id=home, delivery_method_id=method_id),
                self.order(self.ann, address_id=home, delivery_method_id=method_id),
            ):
                self.assertEqual((answer.status, answer.code), (404, "not_found"), method_id)
        answer = self.quote(delivery_method_id="1")
        self.assertEqual((answer.status, answer.code), (400, "invalid_request"))

    def test_another_shoppers_address_is_not_found(self):
        home = self.address("上海市", self.log_in("Eve"))
        self.assertEqual(self.quote(address_id=home).code, "not_found")

    def test_refund_includes_the_fee(self):
        order = self.buy(self.ann, address_id=self.address("上海市"))
        self.assertEqual((order["state"], order["amount"]), ("forming", 2790))
        self.pass_deadline(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.run_schedulers()
        order = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual(order["refund"], {"state": "done", "amount": 2790})
        told = [(refund["amount"], refund["reason"]) for refund in order["refunds"]]
        self.assertEqual(told, [(2790, "lost")])

    def test_refund_that_only_the_provider_knows_of(self):
        order = self.buy(self.ann, address_id=self.address("上海市"))
        payment = self.env["sale.order"].browse(order["id"]).transaction_ids
        refund = payment._create_child_transaction(
            5.0, is_refund=True, sale_order_ids=[Command.link(order["id"])]
        )
        refund._set_done()
        answer = self.call("GET", f"/orders/{order['id']}", token=self.ann)
        told = [(part["amount"], part["reason"]) for part in answer.data["refunds"]]
        self.assertEqual(told, [(500, "manual")])

    def test_activity_tells_its_regions_and_from_where_delivery_is_free(self):
        path = f"/activities/{self.activity.id}"
        delivery = self.call("GET", path).data["delivery"]
        self.assertEqual(
            delivery, {"zones": [self.china.name, self.shanghai.name], "free_from": 3900}
        )
        self.activity.delivery_method_ids = self.local
        self.env.flush_all()
        delivery = self.call("GET", path).data["delivery"]
        self.assertEqual(delivery, {"zones": [self.shanghai.name], "free_from": None})
        # Everywhere, and always free.
        self.activity.delivery_method_ids += self.make_method("Anywhere", 0.0)
        self.env.flush_all()
        delivery = self.call("GET", path).data["delivery"]
        self.assertEqual(delivery, {"zones": [], "free_from": 0})
        self.activity.delivery_method_ids = self.pickup
        self.env.flush_all()
        delivery = self.call("GET", path).data["delivery"]
        self.assertEqual(delivery, {"zones": [], "free_from": None})

    def test_list_asks_as_often_for_many_methods(self):
        activities = self.activity
        for number in range(5):
            activities += self.make_activity(product=self.make_product(f"Nuts {number}", 9))

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            with Statements(self) as seen:
                activities._to_api()
            return len(seen)

        count()
        few = count()
        for number, activity in enumerate(activities):
            activity.delivery_method_ids = self.methods + self.make_method(
                f"Method {number}", 2.0, country_ids=self.china.ids
            )
        self.assertEqual(count(), few)

    def test_an_address_changed_later_changes_no_order(self):
        """Else the goods would go to a place that was never quoted, at the fee of another one."""
        home = self.address("上海市")
        order = self.order(self.ann, address_id=home, delivery_method_id=self.local.id).data
        elsewhere = {
            "name": "Ann",
            "phone": "138 0000 0000",
            "province": "北京市",
            "city": "City",
            "district": "District",
            "street": "9 Street",
        }
        changed = self.call("PUT", f"/me/addresses/{home}", elsewhere, self.ann).data
        self.assertEqual((changed["id"], changed["street"]), (home, "9 Street"))
        kept = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual(kept["address"]["street"], "1 Street")
        self.assertEqual(kept["amount"], order["amount"])
        listed = self.call("GET", "/me/addresses", token=self.ann).data["items"]
        self.assertEqual([address["id"] for address in listed], [home])
        # Asking for the new place is another order, which this method does not serve.
        again = self.order(self.ann, address_id=home, delivery_method_id=self.local.id)
        self.assertEqual((again.status, again.code), (409, "not_deliverable"))
