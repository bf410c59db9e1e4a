"""Orders as a merchandiser sees them: where each stands, what is noted, where it goes."""

from html import unescape

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase
from .test_delivery_methods import DeliveryMixin


@tagged("post_install", "-at_install")
class TestOrderStages(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", groups="pinbu_groupbuy.group_user")
        cls.activity.limit_per_user = 0

    def ship(self, orders):
        for picking in orders.picking_ids.filtered(lambda p: p.state == "assigned"):
            picking.move_ids.picked = True
            picking.button_validate()

    def test_each_order_is_in_one_stage(self):
        shopper = self.shopper
        unpaid = self.checkout(shopper("unpaid"))
        forming = self.join(shopper("forming")).order_id
        won, shipped, cancelled = self.form_team("winner").seat_ids.order_id
        self.ship(shipped)
        cancelled._action_cancel()
        lost_seat = self.join(shopper("loser"))
        self.pass_deadline(lost_seat.team_id)
        closed = self.checkout(shopper("closed"))
        closed._pinbu_cancel()
        self.run_schedulers()
        expected = {
            "unpaid": unpaid,
            "forming": forming,
            "to_ship": won,
            "shipped": shipped,
            "refunded": cancelled + lost_seat.order_id,
            "closed": closed,
        }
        all_orders = self.env["sale.order"].concat(*expected.values())
        seen = all_orders.with_user(self.seller)
        for stage, orders in expected.items():
            self.assertEqual(set(orders.with_user(self.seller).mapped("pinbu_stage")), {stage})
            found = seen.search([("pinbu_stage", "=", stage), ("id", "in", all_orders.ids)])
            self.assertEqual(set(found.ids), set(orders.ids), stage)
        hidden = seen.search(
            [("pinbu_stage", "not in", ("unpaid", "closed")), ("id", "in", all_orders.ids)]
        )
        self.assertEqual(set(hidden.ids), set((all_orders - unpaid - closed).ids))

    def test_an_ordinary_order_has_no_stage(self):
        order = self.env["sale.order"].create({"partner_id": self.shopper("Ann").id})
        self.assertFalse(order.pinbu_stage)

    def test_chatter_says_who_paid(self):
        """In the order's own words, whatever became of the payment: Odoo's are in English."""
        seat = self.join(self.shopper("Ann"))
        payment = seat.order_id.transaction_ids
        self.pass_deadline(seat.team_id)
        self.run_schedulers()
        refund = payment.child_transaction_ids
        self.assertEqual(refund.state, "done")
        booked = (payment | refund).payment_id
        # Odoo's own scheduler, which found them before ours had booked them.
        (payment | refund)._post_process()
        self.assertEqual((payment | refund).payment_id, booked)
        said = unescape(" ".join(seat.order_id.message_ids.mapped("body")))
        for tx in (payment, refund):
            amount = tx.currency_id.format(abs(tx.amount))
            # Paid or given back, and booked.
            self.assertEqual(said.count(f">{tx.reference}<"), 2)
            self.assertIn(amount, said)
            self.assertIn(f">{tx.payment_id.name}<", said)
        self.assertNotIn(f"-{payment.currency_id.format(payment.amount)}", said)
        self.assertNotIn("has been", said)

    def test_notes_and_invoice(self):
        exporter = new_test_user(
            self.env, "exporter", groups="pinbu_groupbuy.group_user,base.group_allow_export"
        )
        order = self.join(self.shopper("Ann")).order_id.with_user(exporter)
        order.write(
            {
                "pinbu_note": "Pack with care",
                "pinbu_invoice_title": "Ann Ltd",
                "pinbu_tax_number": "91310000MA1FL0000X",
            }
        )
        preset = self.env.ref("pinbu_groupbuy.export_invoice_requests")
        rows = order.export_data(preset.export_fields.mapped("name"))["datas"]
        self.assertEqual((rows[0][0], rows[0][2]), (order.name, "Ann Ltd"))
        self.assertIn("91310000MA1FL0000X", rows[0])


@tagged("post_install", "-at_install")
class TestChangeAddress(DeliveryMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_methods()
        cls.seller = new_test_user(cls.env, "seller", groups="pinbu_groupbuy.group_user")
        cls.ann = cls.shopper("Ann")
        cls.home = cls.address_of(cls.ann, cls.shanghai)

    def buy(self, method=None):
        order = self.checkout(self.ann, address=self.home, delivery_method=method or self.express)
        seat = self.pay(order).seat_ids
        self.run_schedulers()
        return seat.order_id

    def change(self, order, user=None, **values):
        wizard = (
            self.env["pinbu.order.address"]
            .with_user(user or self.seller)
            .with_context(default_order_id=order.id)
            .create({"name": "Ann's mother", "phone": "13900000000", "city": "Hangzhou",
                     "street": "9 Lake Road", "state_id": self.zhejiang.id, **values})
        )  # fmt: skip
        wizard.action_apply()
        self.env.invalidate_all()

    def test_a_paid_order_goes_elsewhere(self):
        order = self.buy()
        total = order.amount_total
        self.change(order)
        new = order.partner_shipping_id
        self.assertEqual(
            (new.name, new.street, new.parent_id), ("Ann's mother", "9 Lake Road", self.ann)
        )
        self.assertEqual(order.picking_ids.partner_id, new)
        self.assertEqual(order.picking_ids.move_ids.partner_id, new)
        self.assertEqual(order.amount_total, total)
        # The shopper's own addresses are what they were.
        self.assertEqual(self.ann._api_addresses(), self.home)
        self.assertEqual(self.home.street, "2 Lane")
        note = order.message_ids[0]
        self.assertIn("9 Lake Road", note.body)
        self.assertNotIn("13900000000", note.body)
        self.assertEqual(note.author_id, self.seller.partner_id)

    def test_it_still_waits_for_its_team(self):
        order = self.buy()
        self.change(order)
        self.assertTrue(order.picking_ids.pinbu_is_gated)

    def test_a_method_that_does_not_go_there(self):
        order = self.buy(self.local)
        with self.assertRaises(UserError):
            self.change(order)
        self.assertEqual(order.partner_shipping_id, self.home)

    def test_too_late_or_never(self):
        picked_up = self.buy(self.pickup)
        with self.assertRaises(UserError):
            self.change(picked_up)
        self.activity.limit_per_user = 0
        unpaid = self.checkout(self.shopper("Bob"), delivery_method=self.pickup)
        with self.assertRaises(UserError):
            self.change(unpaid)

    def test_what_has_left(self):
        self.activity.limit_per_user = 0
        order = self.buy()
        team = order.seat_ids.team_id
        for number in range(2):
            self.join(self.shopper(str(number)), team, delivery_method=self.pickup)
        self.run_schedulers()
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.state, "done")
        with self.assertRaises(UserError):
            self.change(order)

    def test_only_merchandisers_of_the_company(self):
        order = self.buy()
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        other = self.env["res.company"].create({"name": "The other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for user in (clerk, stranger):
            with self.assertRaises(AccessError):
                self.change(order, user=user)
        self.assertEqual(order.partner_shipping_id, self.home)
