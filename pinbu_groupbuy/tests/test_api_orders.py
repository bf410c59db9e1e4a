from odoo.tests import tagged

from .api_common import ApiCase

ORDER_FIELDS = {
    "id",
    "name",
    "state",
    "activity_id",
    "team",
    "is_leader",
    "product_id",
    "product_name",
    "image_url",
    "quantity",
    "currency",
    "goods_amount",
    "delivery_fee",
    "discount_amount",
    "wallet_amount",
    "amount",
    "remark",
    "address",
    "created_at",
    "pay_before",
    "payment",
    "refund",
    "refunds",
    "delivery",
    "deliveries",
    "voucher",
    "subsidies",
    "promise",
    "actions",
    "server_time",
}


@tagged("post_install", "-at_install")
class TestApiOrders(ApiCase):
    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann Smith")

    def address(self, token, **values):
        body = {
            "name": "Ann",
            "phone": "138 0000 0000",
            "province": "浙江",
            "city": "杭州市",
            "district": "西湖区",
            "street": "文三路1号",
            **values,
        }
        answer = self.call("POST", "/me/addresses", body, token)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.data

    def test_a_team_forms(self):
        quote = self.call("POST", "/orders/quote", self.wish(), self.ann).data
        self.assertEqual(
            (quote["amount"], quote["currency"]), (1990, self.company.currency_id.name)
        )
        order = self.order(self.ann, remark="gently", promise_version=quote["promise_version"]).data
        self.assertGreaterEqual(order.keys(), ORDER_FIELDS)
        self.assertEqual((order["state"], order["team"]), ("unpaid", None))
        self.assertEqual(order["actions"], ["pay", "cancel"])
        self.assertEqual((order["amount"], order["remark"]), (1990, "gently"))
        self.assertRegex(order["pay_before"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        path = f"/orders/{order['id']}"
        payment = self.call("POST", f"{path}/payment", {}, self.ann, "p").data
        self.assertEqual(payment["status"], "pay")
        again = self.call("POST", f"{path}/payment", {}, self.ann, "p2").data
        self.assertEqual(again["reference"], payment["reference"])
        self.provider_notifies(payment["reference"])
        order = self.call("GET", path, token=self.ann).data
        self.assertEqual((order["state"], order["is_leader"]), ("forming", True))
        self.assertEqual(order["payment"]["state"], "done")
        self.assertEqual(
            self.call("POST", f"{path}/payment", {}, self.ann, "p3").code, "already_paid"
        )
        team = order["team"]
        self.assertEqual((team["seats_paid"], team["missing"]), (1, 2))
        self.assertEqual(team["viewer"]["is_leader"], True)
        for name in ("Bob", "Cat"):
            token = self.log_in(name)
            joined = self.buy(token, team, inviter=team["share"]["scene"])
            self.assertFalse(joined["is_leader"])
        self.run_schedulers()
        order = self.call("GET", path, token=self.ann).data
        self.assertEqual((order["state"], order["team"]["state"]), ("won", "formed"))
        self.assertEqual(order["delivery"]["state"], "ready")
        self.assertEqual([d["state"] for d in order["deliveries"]], ["ready"])
        seat = self.env["sale.order"].browse(joined["id"]).seat_ids
        self.assertEqual(seat.inviter_id, self.user_of("Ann Smith").partner_id)
        other = self.buy(self.log_in("Eve"))["team"]["token"]
        dan = self.log_in("Dan")
        quoted = self.call("POST", "/orders/quote", self.wish(team), dan)
        for late in (quoted, self.order(dan, team)):
            self.assertEqual((late.status, late.code), (409, "team_full"))
            suggested = late.details["suggested_teams"]
            self.assertEqual([shown["token"] for shown in suggested], [other])

    def test_a_team_fails_and_pays_back(self):
        order = self.buy(self.ann)
        self.pass_deadline(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        # Lost by the clock, before any scheduler has run.
        path = f"/orders/{order['id']}"
        order = self.call("GET", path, token=self.ann).data
        self.assertEqual((order["state"], order["team"]["state"]), ("lost", "failed"))
        self.assertEqual(order["team"]["failure"], "deadline")
        self.assertEqual(order["refund"], {"state": "due", "amount": 1990})
        self.assertEqual(self.order(self.log_in("Bob"), order["team"]).code, "team_closed")
        for query in ("state=lost", "tab=lost"):
            found = self.call("GET", f"/orders?{query}", token=self.ann).data["items"]
            self.assertEqual([item["id"] for item in found], [order["id"]])
        self.run_schedulers()
        order = self.call("GET", path, token=self.ann).data
        self.assertEqual(order["refund"], {"state": "done", "amount": 1990})
        self.assertEqual([refund["amount"] for refund in order["refunds"]], [1990])
        self.assertEqual(order["actions"], [])

    def test_an_unpaid_order_is_resumed(self):
        first = self.order(self.ann)
        again = self.order(self.ann, remark="second thoughts")
        self.assertEqual((first.status, again.status), (201, 200))
        self.assertEqual(again.data["id"], first.data["id"])
        self.assertEqual(again.data["remark"], "second thoughts")

    def test_cancel(self):
        order = self.order(self.ann).data
        path = f"/orders/{order['id']}"
        canceled = self.call("POST", f"{path}/cancel", {}, self.ann, "c")
        self.assertEqual((canceled.status, canceled.data["state"]), (200, "closed"))
        self.assertEqual(self.call("POST", f"{path}/cancel", {}, self.ann, "c").text, canceled.text)
        self.assertEqual(self.call("POST", f"{path}/cancel", {}, self.ann).code, "order_closed")
        self.assertEqual(
            self.call("POST", f"{path}/payment", {}, self.ann, "p").code, "order_closed"
        )
        paid = self.buy(self.ann)
        answer = self.call("POST", f"/orders/{paid['id']}/cancel", {}, self.ann)
        self.assertEqual((answer.status, answer.code), (409, "already_paid"))

    def test_payment_refresh(self):
        order = self.order(self.ann).data
        answer = self.call("POST", f"/orders/{order['id']}/payment/refresh", {}, self.ann)
        self.assertEqual((answer.status, answer.data["id"]), (200, order["id"]))

    def test_what_is_another_shoppers_does_not_exist(self):
        """Each route with an id, as the shopper who may not."""
        eve = self.log_in("Eve")
        order_id = self.order(self.ann).data["id"]
        address = self.address(self.ann)
        mine = [
            ("GET", f"/orders/{order_id}"),
            ("POST", f"/orders/{order_id}/payment"),
            ("POST", f"/orders/{order_id}/payment/refresh"),
            ("POST", f"/orders/{order_id}/cancel"),
            ("PUT", f"/me/addresses/{address['id']}"),
            ("DELETE", f"/me/addresses/{address['id']}"),
        ]
        for method, path in mine:
            body = None if method == "GET" else dict(address)
            answer = self.call(method, path, body, eve, key="e")
            self.assertEqual((answer.status, answer.code), (404, "not_found"), path)
            answer = self.call(method, path, body, key="e")
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"), path)
        answer = self.order(eve, address_id=address["id"])
        self.assertEqual((answer.status, answer.code), (404, "not_found"))
        for path in ("/orders", "/me/addresses", "/me/teams"):
            self.assertEqual(self.call("GET", path, token=eve).data["items"], [])
            self.assertEqual(self.call("GET", path).status, 401)
        # An ordinary order of the same shop is none of the API's business.
        plain = self.env["sale.order"].create(
            {"partner_id": self.user_of("Ann Smith").partner_id.id}
        )
        self.assertEqual(self.call("GET", f"/orders/{plain.id}", token=self.ann).status, 404)

    def test_wishes_that_name_nothing(self):
        huge = 2**70
        hidden = self.make_activity(publish=False)
        other = self.make_activity(
            product=self.env["product.product"].create(
                {"name": "Other", "list_price": 30, "taxes_id": False}
            )
        )
        for wrong in (
            {"activity_id": huge},
            {"activity_id": -1},
            {"activity_id": hidden.id},
            {"product_id": huge},
            {"product_id": other.line_ids.product_id.id},
            {"team_token": "nope"},
            {"address_id": huge},
            {"address_id": self.company.partner_id.id},
        ):
            answer = self.order(self.ann, **wrong)
            self.assertEqual((answer.status, answer.code), (404, "not_found"), wrong)
        for wrong in (
            {"quantity": 0},
            {"quantity": 10**12},
            {"quantity": "1"},
            {"quantity": True},
            {"quantity": 1.0},
            {"team_token": "x" * 65},
            {"coupon_ids": "x"},
            {"remark": "x" * 201},
        ):
            answer = self.order(self.ann, **wrong)
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), wrong)
            self.assertEqual(answer.details[0]["field"], next(iter(wrong)))
        # A client newer than this server may send what it does not know.
        self.assertEqual(self.order(self.ann, newer={"a": [1]}, use_wallet=True).status, 201)

    def test_terms_that_changed_meanwhile(self):
        answer = self.order(self.ann, promise_version="yesterday")
        self.assertEqual((answer.status, answer.code), (409, "terms_changed"))
        self.assertFalse(self.call("GET", "/orders", token=self.ann).data["items"])

    def test_sold_out(self):
        self.activity.line_ids.quota = 1
        self.env.flush_all()
        self.assertEqual(self.order(self.ann).status, 201)
        self.assertEqual(self.order(self.log_in("Bob")).code, "sold_out")

    def test_lists_and_tabs(self):
        self.activity.limit_per_user = 0
        won = self.buy(self.ann)
        for name in ("Bob", "Cat"):
            self.buy(self.log_in(name), won["team"])
        self.run_schedulers()
        forming = self.buy(self.ann)
        unpaid = self.order(self.ann).data
        expected = {
            "": [unpaid, forming, won],
            "state=unpaid": [unpaid],
            "state=forming": [forming],
            "state=won": [won],
            "state=lost": [],
            "state=closed": [],
            "tab=unpaid": [unpaid],
            "tab=forming": [forming],
            "tab=to_ship": [won],
            "tab=to_receive": [],
            "tab=done": [],
            "tab=lost": [],
        }
        for query, orders in expected.items():
            found = self.call("GET", f"/orders?{query}", token=self.ann).data["items"]
            self.assertEqual([o["id"] for o in found], [o["id"] for o in orders], query)
        # The hold lapses: closed by the clock.
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE state = 'held'"
        )
        self.env.invalidate_all()
        closed = self.call("GET", "/orders?state=closed", token=self.ann).data["items"]
        self.assertEqual([(o["id"], o["state"]) for o in closed], [(unpaid["id"], "closed")])
        picking = self.env["sale.order"].browse(won["id"]).picking_ids
        picking.move_ids.picked = True
        picking.button_validate()
        self.env.flush_all()
        shipped = self.call("GET", "/orders?tab=to_receive", token=self.ann).data["items"]
        self.assertEqual([o["delivery"]["state"] for o in shipped], ["shipped"])
        page = self.call("GET", "/orders?limit=2", token=self.ann).data
        self.assertEqual([o["id"] for o in page["items"]], [unpaid["id"], forming["id"]])
        rest = self.call(
            "GET", f"/orders?limit=2&cursor={page['next_cursor']}", token=self.ann
        ).data
        self.assertEqual([o["id"] for o in rest["items"]], [won["id"]])
        self.assertIsNone(rest["next_cursor"])
        answer = self.call("GET", f"/orders?tab=lost&cursor={page['next_cursor']}", token=self.ann)
        self.assertEqual((answer.status, answer.code), (400, "invalid_cursor"))
        for state, orders in {"forming": [forming], "formed": [won], "failed": []}.items():
            found = self.call("GET", f"/me/teams?state={state}", token=self.ann).data["items"]
            self.assertEqual([o["id"] for o in found], [o["id"] for o in orders])
        self.assertEqual(len(self.call("GET", "/me/teams", token=self.ann).data["items"]), 2)

    def test_addresses(self):
        first = self.address(self.ann)
        self.assertTrue(first["is_default"])
        second = self.address(self.ann, province="Neverland", is_default=True, district="D")
        self.assertEqual((second["province"], second["district"]), ("Neverland", "D"))
        items = self.call("GET", "/me/addresses", token=self.ann).data["items"]
        self.assertEqual(
            [(item["id"], item["is_default"]) for item in items],
            [(second["id"], True), (first["id"], False)],
        )
        # Without an address in the order, the default one is meant.
        order = self.order(self.ann).data
        self.assertEqual(order["address"]["id"], second["id"])
        path = f"/me/addresses/{second['id']}"
        changed = self.call("PUT", path, {**second, "street": "2 Lane"}, self.ann).data
        self.assertEqual(changed, {**second, "street": "2 Lane"})
        order = self.order(self.ann, address_id=second["id"]).data
        self.assertEqual(order["address"], changed)
        self.assertEqual(self.call("DELETE", path, token=self.ann).status, 204)
        self.assertEqual(self.call("DELETE", path, token=self.ann).status, 404)
        items = self.call("GET", "/me/addresses", token=self.ann).data["items"]
        self.assertEqual([(i["id"], i["is_default"]) for i in items], [(first["id"], True)])
        # The order still knows where it goes.
        order = self.call("GET", f"/orders/{order['id']}", token=self.ann).data
        self.assertEqual(order["address"]["street"], "2 Lane")
        record = self.env["res.partner"].browse(first["id"])
        self.assertEqual(record.parent_id, self.user_of("Ann Smith").partner_id)
        for wrong in ({"name": ""}, {"phone": "abc"}, {"street": None}, {"is_default": "yes"}):
            answer = self.call("POST", "/me/addresses", {**first, **wrong}, self.ann)
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), wrong)
