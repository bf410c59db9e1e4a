import uuid

from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestCouponHttp(MeansMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env["loyalty.program"].search([("program_type", "=", "loyalty")]).active = False
        cls.five_off = cls.make_program("Five off", discount=5, discount_mode="per_order")
        cls.free_team = cls.make_program("Free team", discount=100)
        cls.free_team.pinbu_is_ticket = True
        cls.points = cls.make_program(
            "Points", program_type="loyalty", discount=0.01, discount_mode="per_point"
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ann, self.ben = self.log_in("ann"), self.log_in("ben")
        self.five = self.give("ann", self.five_off)
        self.ticket = self.give("ann", self.free_team)

    def give(self, name, program, points=1):
        card = self.env["loyalty.card"].create(
            {
                "program_id": program.id,
                "partner_id": self.user_of(name).partner_id.id,
                "points": points,
            }
        )
        self.env.flush_all()
        return card

    def quote(self, token, **values):
        return self.call("POST", "/orders/quote", self.wish(**values), token)

    def start_payment(self, token, order):
        path = f"/orders/{order['id']}/payment"
        return self.call("POST", path, {}, token, uuid.uuid4().hex)

    def sums(self, shown):
        return [
            shown[name] for name in ("goods_amount", "discount_amount", "wallet_amount", "amount")
        ]

    def test_a_quote_lists_what_can_be_used(self):
        self.five_off.date_to = "2020-01-01"
        self.env.flush_all()
        quote = self.quote(self.ann).data
        self.assertEqual(self.sums(quote), [1990, 0, 0, 1990])
        self.assertEqual(
            quote["coupons"],
            [
                {
                    "id": self.five.id,
                    "name": "Five off",
                    "usable": False,
                    "reason": "expired",
                    "discount_amount": 0,
                },
                {
                    "id": self.ticket.id,
                    "name": "Free team",
                    "usable": True,
                    "reason": None,
                    "discount_amount": 1990,
                },
            ],
        )
        self.assertEqual(self.quote(self.ben).data["coupons"], [])

    def test_from_the_coupon_to_its_return(self):
        quote = self.quote(self.ann, coupon_ids=[self.five.id]).data
        self.assertEqual(self.sums(quote), [1990, 500, 0, 1490])
        version = quote["promise_version"]
        answer = self.order(self.ann, coupon_ids=[self.five.id], promise_version=version)
        self.assertEqual(answer.status, 201, answer.text)
        order = answer.data
        self.assertEqual(self.sums(order), [1990, 500, 0, 1490])
        # In its own place it can still be used, elsewhere not.
        again = self.quote(self.ann, coupon_ids=[self.five.id]).data
        self.assertEqual(self.sums(again), self.sums(quote))
        other = self.make_activity(product=self.make_product("Nuts", 10))
        wish = {"activity_id": other.id, "product_id": other.line_ids.product_id.id}
        refused = self.order(self.ann, coupon_ids=[self.five.id], **wish)
        self.assertEqual((refused.status, refused.code), (409, "not_allowed_now"))
        self.assertEqual(refused.details, {"coupon_id": self.five.id, "reason": "used"})

        payment = self.start_payment(self.ann, order).data
        self.provider_notifies(payment["reference"])
        order = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual((order["state"], self.sums(order)), ("forming", [1990, 500, 0, 1490]))
        self.lose(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.run_schedulers()
        order = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual((order["state"], self.sums(order)), ("lost", [1990, 500, 0, 1490]))
        self.assertEqual(order["refund"], {"state": "done", "amount": 1490})
        self.assertEqual(self.five.points, 1)

    def test_a_ticket_pays_all(self):
        order = self.order(self.ann, coupon_ids=[self.ticket.id]).data
        self.assertEqual(self.sums(order), [1990, 1990, 0, 0])
        payment = self.start_payment(self.ann, order).data
        self.assertEqual((payment["status"], payment["provider"]), ("paid", "wallet"))
        order = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual((order["state"], order["team"]["seats_paid"]), ("forming", 1))

    def test_points_and_wallet(self):
        card = self.give("ann", self.points, 300)
        self.fill_wallet(self.user_of("ann").partner_id, 10.0)
        values = {"points": 200, "use_wallet": True, "coupon_ids": [self.five.id]}
        self.assertEqual(self.sums(self.quote(self.ann, **values).data), [1990, 700, 1000, 290])
        order = self.order(self.ann, **values).data
        self.assertEqual(self.sums(order), [1990, 700, 1000, 290])
        card.invalidate_recordset()
        self.assertEqual(card.points, 100)
        answer = self.quote(self.ann, points=301)
        self.assertEqual((answer.status, answer.code), (409, "insufficient_balance"))

    def test_nobody_uses_anothers(self):
        self.give("ann", self.points, 300)
        for values in ({"coupon_ids": [self.five.id]}, {"coupon_ids": [self.ticket.id, 2**40]}):
            for answer in (self.quote(self.ben, **values), self.order(self.ben, **values)):
                self.assertEqual((answer.status, answer.code), (404, "not_found"))
        answer = self.order(self.ben, points=1)
        self.assertEqual((answer.status, answer.code), (409, "insufficient_balance"))
        self.five.invalidate_recordset()
        self.assertEqual(self.five.points, 1)

    def test_a_quote_asks_the_database_as_often_for_many_coupons(self):
        self.quote(self.ann)
        few = self.count_queries()
        for _number in range(10):
            self.give("ann", self.five_off)
        self.assertEqual(self.count_queries(), few)

    def count_queries(self):
        seats = self.env["pinbu.seat"]
        partner = self.user_of("ann").partner_id
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        seats._quote(partner, self.activity, self.product, 1, None)
        return self.env.cr.sql_log_count - before
