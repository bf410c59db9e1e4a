from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import new_test_user, tagged

from .api_common import ApiCase

TABS = ("unpaid", "forming", "to_ship", "to_receive", "done", "lost")


class AfterPurchaseCase(ApiCase):
    """Ann has an order that won, of two pieces where `QUANTITY` says so."""

    QUANTITY = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity = cls.make_activity(size=2, max_quantity=5, limit_per_user=0)
        cls.clerk = new_test_user(cls.env, "after_clerk", groups="stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self.ann = self.log_in("Ann Smith")
        self.bob = self.log_in("Bob")

    def win(self, **values):
        """:return: Ann's order, won and ready in the warehouse"""
        mine = self.buy(self.ann, quantity=self.QUANTITY, **values)
        self.buy(self.bob, mine["team"])
        self.run_schedulers()
        return self.env["sale.order"].browse(mine["id"])

    def ship(self, order, quantity=None):
        """The warehouse ships all, or so many pieces and leaves the rest for later."""
        picking = order.picking_ids.filtered(lambda p: p.state == "assigned" and not p.return_id)
        self.validate(picking, quantity)

    def validate(self, picking, quantity=None):
        picking = picking.with_user(self.clerk)
        move = picking.move_ids
        if quantity is not None:
            move.quantity = quantity
        move.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        self.env.flush_all()

    def seen(self, order):
        answer = self.call("GET", f"/orders/{order.id}", token=self.ann)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def post(self, path, body=None, token=None):
        return self.call("POST", path, body or {}, token or self.ann)

    def let_days_pass(self, seat, days):
        """As if shipment and receipt were so many days earlier."""
        for name in ("shipped_at", "received_at"):
            if seat[name]:
                seat[name] -= timedelta(days=days)
        self.env.flush_all()

    def tabs_of(self, order):
        """:return: the tabs that show this order, and it alone; the counts say the same"""
        counts = self.call("GET", "/me/counts", token=self.ann).data
        shown = []
        for tab in TABS:
            items = self.call("GET", f"/orders?tab={tab}", token=self.ann).data["items"]
            self.assertEqual(counts[tab], len(items), tab)
            shown += [tab] * (order.id in [item["id"] for item in items])
        return shown

    def notices(self, token=None, query=""):
        answer = self.call("GET", f"/me/notices{query}", token=token or self.ann)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["items"]

    def kinds(self, **kwargs):
        return [notice["kind"] for notice in self.notices(**kwargs)]


@tagged("post_install", "-at_install")
class TestReceipt(AfterPurchaseCase):
    QUANTITY = 2

    def run_receipts(self):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.seat"]._cron_receive()
        self.env.invalidate_all()

    def test_the_shopper_has_the_goods(self):
        order = self.win()
        path = f"/orders/{order.id}/receive"
        self.assertEqual(self.seen(order)["actions"], [])
        self.assertEqual(self.post(path).code, "not_allowed_now")
        self.assertEqual(self.tabs_of(order), ["to_ship"])
        # A part is on its way: not all of it can have come.
        self.ship(order, 1)
        self.assertEqual(self.tabs_of(order), ["to_ship"])
        self.assertEqual(self.post(path).code, "not_allowed_now")
        self.ship(order)
        shown = self.seen(order)
        self.assertEqual(shown["delivery"]["state"], "shipped")
        self.assertIn("receive", shown["actions"])
        self.assertEqual(self.tabs_of(order), ["to_receive"])
        self.assertEqual(self.post(path, token=self.bob).status, 404)
        parcel = shown["deliveries"][0]
        self.assertEqual((parcel["carrier_code"], parcel["tracking_url"]), (None, None))
        order.picking_ids.write(
            {
                "carrier_id": self.env["delivery.carrier"]
                .create(
                    {
                        "name": "SF Express",
                        "product_id": self.product.id,
                        "pinbu_code": "SF",
                        "tracking_url": "https://track.example/<shipmenttrackingnumber>",
                    }
                )
                .id,
                "carrier_tracking_ref": "SF42",
            }
        )
        parcel = self.seen(order)["deliveries"][0]
        self.assertEqual((parcel["carrier_code"], parcel["tracking"]), ("SF", "SF42"))
        self.assertEqual(parcel["tracking_url"], "https://track.example/SF42")
        received = self.post(path)
        self.assertEqual(received.status, 200, received.text)
        self.assertEqual(received.data["delivery"]["state"], "delivered")
        self.assertEqual({d["state"] for d in received.data["deliveries"]}, {"delivered"})
        self.assertNotIn("receive", received.data["actions"])
        self.assertEqual(self.post(path).code, "not_allowed_now")
        self.assertEqual(self.tabs_of(order), ["done"])

    def test_who_says_nothing_has_the_goods_in_the_end(self):
        order = self.win()
        self.ship(order)
        seat = order.seat_ids
        self.let_days_pass(seat, 9)
        self.run_receipts()
        self.assertFalse(seat.received_at)
        self.let_days_pass(seat, 2)
        self.run_receipts()
        self.assertTrue(seat.received_at)
        received_at = seat.received_at
        self.run_receipts()
        self.assertEqual(seat.received_at, received_at)
        self.assertEqual(self.tabs_of(order), ["done"])

    def test_what_is_not_shipped_is_never_taken_as_received(self):
        order = self.win()
        self.run_receipts()
        self.ship(order, 1)
        self.assertFalse(order.seat_ids.shipped_at)
        # No more is to come: what has come was all.
        order.picking_ids.filtered(lambda p: p.state == "assigned").action_cancel()
        self.env.invalidate_all()
        self.assertTrue(order.seat_ids.shipped_at)
        self.assertEqual(self.tabs_of(order), ["to_receive"])

    def test_batches(self):
        orders = [self.win() for _number in range(3)]
        for order in orders:
            self.ship(order)
            self.let_days_pass(order.seat_ids, 20)
        with patch("odoo.addons.pinbu_groupbuy.models.pinbu_seat_receipt.RECEIPT_BATCH", 1):
            self.run_receipts()
        self.assertTrue(all(order.seat_ids.received_at for order in orders))

    def test_tabs_of_what_never_ships(self):
        unpaid = self.env["sale.order"].browse(self.order(self.ann).data["id"])
        self.assertEqual(self.tabs_of(unpaid), ["unpaid"])
        self.post(f"/orders/{unpaid.id}/cancel")
        self.assertEqual(self.tabs_of(unpaid), [])
        order = self.win()
        order.action_cancel()
        self.run_schedulers()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self.tabs_of(order), ["done"])

    def test_the_last_day_of_returning(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        seat = self.win().seat_ids
        self.assertIsNone(seat._can_return_until())
        # Half past midnight in Shanghai, the 11th.
        seat.received_at = fields.Datetime.to_datetime("2026-11-10 16:30:00")
        until = seat._can_return_until()
        self.assertEqual(until, fields.Datetime.to_datetime("2026-11-18 16:00:00"))


@tagged("post_install", "-at_install")
class TestNotices(AfterPurchaseCase):
    def test_won_and_shipped(self):
        order = self.win()
        self.run_schedulers()
        self.assertEqual(self.kinds(), ["won"])
        self.ship(order)
        shipped, won = self.notices()
        self.assertEqual((shipped["kind"], won["kind"]), ("shipped", "won"))
        self.assertEqual(won.keys(), {
            "id", "kind", "order_id", "title", "text", "amount", "created_at",
        })  # fmt: skip
        self.assertEqual((won["order_id"], won["amount"]), (order.id, None))
        self.assertIn("Crisps", won["text"])

    def test_lost_and_refunded(self):
        order = self.buy(self.ann)
        self.pass_deadline(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.run_schedulers()
        refunded, lost = self.notices()
        self.assertEqual((refunded["kind"], lost["kind"]), ("refunded", "lost"))
        self.assertEqual((refunded["amount"], lost["amount"]), (1990, 1990))
        # Settled again, answered again: told once.
        self.env["pinbu.seat"].search([("order_id", "=", order["id"])])._settle()
        self.assertEqual(self.kinds(), ["refunded", "lost"])

    def test_reading(self):
        order = self.win()
        self.ship(order)
        shipped, won = self.notices()
        [bobs] = self.notices(token=self.bob)
        counts = self.call("GET", "/me/counts", token=self.ann).data
        self.assertEqual(counts["unread_notices"], 2)
        body = {"ids": [won["id"], bobs["id"], 2**40, -1]}
        answer = self.post("/me/notices/read", body)
        self.assertEqual(answer.status, 204, answer.text)
        self.assertEqual(self.notices(query="?unread=1"), [shipped])
        self.assertEqual(self.notices(query="?unread=0"), [shipped, won])
        self.assertEqual(self.notices(token=self.bob, query="?unread=1"), [bobs])
        self.assertEqual(self.post("/me/notices/read", {"ids": ["x"]}).status, 400)
        self.assertEqual(self.call("GET", "/me/notices").status, 401)

    def test_pages_and_words(self):
        self.win()
        for _number in range(2):
            self.win()
        first = self.call("GET", "/me/notices?limit=2", token=self.ann).data
        rest = self.call(
            "GET", f"/me/notices?limit=2&cursor={first['next_cursor']}", token=self.ann
        ).data
        self.assertEqual((len(first["items"]), len(rest["items"])), (2, 1))
        self.assertIsNone(rest["next_cursor"])

    def test_old_ones_go(self):
        self.win()
        notices = self.env["pinbu.notice"].search([])
        notices.created_at = fields.Datetime.now() - timedelta(days=100)
        self.env["pinbu.retention"]._delete_some("pinbu.notice")
        self.assertTrue(notices.exists())
        notices.read_at = fields.Datetime.now() - timedelta(days=31)
        self.env.flush_all()
        self.env["pinbu.retention"]._delete_some("pinbu.notice")
        self.assertFalse(notices.exists())
