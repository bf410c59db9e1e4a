"""What goes back for returned goods when coupons and the wallet have paid a part of them."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means
from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyCase
from odoo.addons.pinbu_groupbuy.tests.invariants import assert_invariants
from odoo.addons.pinbu_groupbuy.tests.test_delivery_methods import DeliveryMixin

from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestReturnMoney(DeliveryMixin, MeansMixin, GroupBuyCase):
    """Three pieces at 19.90, five off, 8.00 for the delivery: 62.70, of which the wallet pays 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity = cls.make_activity(size=2, max_quantity=5)
        cls.set_up_methods()
        cls.express.free_over = False
        cls.five_off = cls.make_program("Five off", discount=5, discount_mode="per_order")

    def win(self, wallet=10.0, quantity=3):
        shopper = self.shopper("Ann")
        self.card = self.fill_wallet(shopper, wallet)
        self.coupon = self.env["loyalty.card"].create(
            {"program_id": self.five_off.id, "partner_id": shopper.id, "points": 1}
        )
        order = self.checkout(
            shopper,
            quantity=quantity,
            address=self.address_of(shopper, self.zhejiang),
            delivery_method=self.express,
            means=Means(use_wallet=True, coupon_ids=(self.coupon.id,)),
        )
        seat = self.pay(order).seat_ids
        friend = self.shopper("Bob")
        self.pay(
            self.checkout(
                friend,
                seat.team_id,
                address=self.address_of(friend, self.zhejiang),
                delivery_method=self.express,
            )
        )
        self.run_schedulers()
        self.assertEqual(seat.state, "won")
        self.receive(order.picking_ids)
        return seat

    def receive(self, pickings):
        pickings.move_ids.picked = True
        pickings.with_context(skip_backorder=True).button_validate()
        self.env.flush_all()

    def come_back(self, seat, quantity, check=True, **kwargs):
        """:return: what goes back for it, in fen: fresh money, and to the wallet"""
        request = self.env["pinbu.return"]._request(seat, quantity, "", [])
        request._accept(**kwargs)
        self.receive(request.picking_ids)
        self.env.flush_all()
        if check:
            assert_invariants(self.env.cr)
        self.run_schedulers()
        self.assertEqual(request.state, "refunded")
        back = {False: 0, True: 0}
        for refund in request.refund_ids:
            back[refund.provider_code == "wallet"] += round(-refund.amount * 100)
        return back[False], back[True]

    def test_piece_by_piece(self):
        seat = self.win()
        self.assertEqual((seat._paid_for_all(), seat._paid_in_all()), (5470, 6270))
        parts = [self.come_back(seat, 1) for _piece in range(2)]
        self.assertEqual(self.coupon.points, 0)
        parts.append(self.come_back(seat, 1))
        # Cumulated and rounded down: never more than the share of what came back.
        self.assertEqual([sum(part) for part in parts], [1823, 1823, 1824])
        self.assertEqual(sum(wallet for _fresh, wallet in parts), self.card_balance())
        self.assertAlmostEqual(self.card_balance(), 1000 * 5470 / 6270, delta=2)
        # All of it came back: so does the coupon, once.
        self.assertEqual(self.coupon.points, 1)
        seat._all_came_back()
        self.assertEqual(self.coupon.points, 1)

    def card_balance(self):
        self.card.invalidate_recordset()
        return round(self.card.points * 100)

    def test_all_with_its_delivery(self):
        seat = self.win()
        self.assertEqual(sum(self.come_back(seat, 3, with_fee=True)), 6270)
        self.assertEqual(self.card_balance(), 1000)

    def test_the_delivery_goes_back_once(self):
        seat = self.win()
        first = sum(self.come_back(seat, 1, with_fee=True))
        second = sum(self.come_back(seat, 1, with_fee=True))
        self.assertEqual((first, second), (1823 + 800, 1823))

    def test_the_wallet_paid_all(self):
        seat = self.win(wallet=100.0)
        self.assertEqual(self.come_back(seat, 3), (0, 5470))
        self.assertEqual(self.card_balance(), 10000 - 800)

    def test_a_wallet_that_was_used_less_in_the_end(self):
        """What an unpaid order gave back to the wallet was never paid for it."""
        shopper = self.shopper("Ann")
        self.card = self.fill_wallet(shopper, 30.0)
        address = self.address_of(shopper, self.zhejiang)
        wish = {
            "address": address,
            "delivery_method": self.express,
            "means": Means(use_wallet=True),
        }
        self.checkout(shopper, quantity=3, **wish)
        order = self.checkout(shopper, quantity=1, **wish)
        seat = self.pay(order).seat_ids
        friend = self.shopper("Bob")
        self.pay(
            self.checkout(
                friend,
                seat.team_id,
                address=self.address_of(friend, self.zhejiang),
                delivery_method=self.express,
            )
        )
        self.run_schedulers()
        self.receive(order.picking_ids)
        self.assertEqual((seat._paid_for_all(), seat._paid_in_all()), (1990, 2790))
        self.assertEqual(sum(self.come_back(seat, 1)), 1990)

    def test_a_price_that_staff_changed_since(self):
        """What was paid counts, not what somebody has made of the order."""
        seat = self.win()
        seat.order_id.order_line.filtered(lambda line: line._pinbu_is_goods()).price_unit = 500.0
        seat.order_id.order_line = [
            Command.create({"product_id": self.make_product("Extra", 5).id, "price_unit": 100.0})
        ]
        self.assertEqual(sum(self.come_back(seat, 3, check=False)), 5470)
