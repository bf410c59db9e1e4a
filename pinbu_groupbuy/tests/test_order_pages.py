"""The shopper's own orders: a list in a constant number of queries, and an unpaid one resumed."""

import uuid

from odoo import Command
from odoo.tests import tagged

from .api_common import ApiCase
from .test_delivery_methods import DeliveryMixin


@tagged("post_install", "-at_install")
class TestOrderList(ApiCase):
    def setUp(self):
        super().setUp()
        self.token = self.log_in("Ann Smith")
        self.ann = self.user_of("Ann Smith").partner_id

    def make_orders(self, count):
        """Ann's orders, each in an activity of its own: half of them won, shipped and received."""
        for number in range(count):
            activity = self.make_activity(size=2)
            seat = self.join(self.ann, activity=activity)
            if number % 2:
                self.join(self.shopper(f"friend {number}"), seat.team_id)
        self.run_schedulers()
        won = self.env["pinbu.seat"].search(
            [("partner_id", "=", self.ann.id), ("state", "=", "won")]
        )
        for picking in won.order_id.picking_ids.filtered(lambda p: p.state != "done"):
            picking.move_ids.picked = True
            picking.button_validate()
        self.env.flush_all()

    def count_queries(self, path):
        self.env.flush_all()
        self.env.cr.precommit.run()  # what Odoo has to say of the deliveries above
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        answer = self.call("GET", path, token=self.token)
        self.assertEqual(answer.status, 200, answer.text)
        return len(answer.data["items"]), self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_the_orders(self):
        paths = ("/orders?limit=100", "/me/teams?limit=100", "/me/notices?limit=100")
        self.make_orders(4)
        for path in paths:
            self.count_queries(path)  # what is read once in a process belongs to no request
        few = [self.count_queries(path) for path in paths]
        self.make_orders(16)
        for path, (rows, queries) in zip(paths, few, strict=True):
            more_rows, more_queries = self.count_queries(path)
            self.assertGreater(more_rows, rows, path)
            self.assertEqual(more_queries, queries, path)

    def test_counts_take_one_statement(self):
        self.make_orders(2)
        orders = self.env["sale.order"].with_user(self.user_of("Ann Smith"))
        orders._api_counts(self.ann)
        self.env.flush_all()
        with self.assertQueryCount(1):
            counts = orders._api_counts(self.ann)
        self.assertEqual(counts["forming"], 1)


@tagged("post_install", "-at_install")
class TestResuming(DeliveryMixin, ApiCase):
    """What an unpaid order asks for changes in place, and costs what the quote says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env["product.template"].create(
            {
                "name": "Nuts",
                "is_storable": True,
                "list_price": 30.0,
                "taxes_id": [Command.clear()],
            }
        )
        colour = cls.env["product.attribute"].create(
            {
                "name": "Taste",
                "value_ids": [Command.create({"name": name}) for name in ("salt", "chilli")],
            }
        )
        template.attribute_line_ids = [
            Command.create(
                {"attribute_id": colour.id, "value_ids": [Command.set(colour.value_ids.ids)]}
            )
        ]
        cls.variants = template.product_variant_ids
        cls.activity = cls.make_activity(
            product=cls.variants[0],
            max_quantity=5,
            stock_policy="success",
            is_presale=True,
            publish=False,
        )
        cls.activity.line_ids = [
            Command.create({"product_id": cls.variants[1].id, "group_price": 7.77})
        ]
        cls.set_up_methods()
        cls.activity.action_publish()
        cls.product = cls.variants[0]
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann Smith")

    def address(self, province):
        body = {
            "name": "Ann",
            "phone": "138 0000 0000",
            "province": province,
            "city": "市",
            "street": "1号",
        }
        answer = self.call("POST", "/me/addresses", body, self.ann)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.data

    def test_variant_quantity_address_and_method(self):
        shanghai, zhejiang = self.address("上海市"), self.address("浙江省")
        first, second = self.variants
        wishes = (
            {"product_id": first.id, "quantity": 1, "address_id": shanghai["id"]},
            {"product_id": second.id, "quantity": 1, "address_id": shanghai["id"]},
            {"product_id": second.id, "quantity": 4, "address_id": shanghai["id"]},
            {"product_id": second.id, "quantity": 4, "address_id": zhejiang["id"]},
            {
                "product_id": second.id,
                "quantity": 4,
                "address_id": shanghai["id"],
                "delivery_method_id": self.local.id,
            },
            {"product_id": first.id, "quantity": 2, "delivery_method_id": self.pickup.id},
        )
        amounts = ("goods_amount", "delivery_fee", "discount_amount", "wallet_amount", "amount")
        ids = set()
        references = set()
        for wish in wishes:
            with self.subTest(wish):
                quote = self.call("POST", "/orders/quote", self.wish(**wish), self.ann)
                self.assertEqual(quote.status, 200, quote.text)
                answer = self.order(self.ann, promise_version=quote.data["promise_version"], **wish)
                self.assertEqual(answer.status, 200 if ids else 201, answer.text)
                order = answer.data
                ids.add(order["id"])
                self.assertEqual(
                    [order[name] for name in amounts], [quote.data[name] for name in amounts]
                )
                self.assertEqual(
                    (order["product_id"], order["quantity"]),
                    (wish["product_id"], wish["quantity"]),
                )
                payment = self.call(
                    "POST", f"/orders/{order['id']}/payment", {}, self.ann, uuid.uuid4().hex
                )
                references.add(payment.data["reference"])
                tx = self.env["payment.transaction"].search(
                    [("reference", "=", payment.data["reference"])]
                )
                self.assertEqual(round(tx.amount * 100), order["amount"])
        self.assertEqual(len(ids), 1)
        seat = self.env["sale.order"].browse(ids).seat_ids
        # Only the last payment can still be paid for this order; an older one would go back.
        open_ones = seat.order_id._pinbu_open_payments()
        self.assertEqual(open_ones.reference, payment.data["reference"])
        self.assertGreater(len(references), 1)
        listed = self.call("GET", "/orders", token=self.ann).data["items"]
        self.assertEqual([item["id"] for item in listed], list(ids))
