from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .means_common import WITH_WALLET, MeansMixin
from .voucher_common import VoucherMixin


@tagged("post_install", "-at_install")
class TestVoucherRefund(VoucherMixin, MeansMixin, TransactionCase):
    """Whoever gets all of the money of a service back, in whatever parts, has no voucher."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben = cls.shoppers(2)

    def win(self, **kwargs):
        """:return: Ann's order in a formed team of two, for 39.90"""
        order = self.pay(self.checkout(self.ann, **kwargs))
        self.join(self.ben, order.seat_ids.team_id)
        self.run_schedulers()
        return order

    def check_no_goods(self, order, amounts):
        voucher = order.seat_ids.voucher_ids
        self.assertEqual((voucher.state, order.state), ("expired", "cancel"))
        with self.assertRaises(UserError):
            self.env["pinbu.voucher"]._redeem(voucher.code)
        self.run_schedulers(3)
        refunds = order._pinbu_refund_transactions()
        self.assertEqual(set(refunds.mapped("state")), {"done"})
        self.assertEqual(sorted(refunds.mapped("amount")), amounts)

    def test_one_part_leaves_the_voucher(self):
        order = self.win()
        order._pinbu_refund_part(10.0, "It was late")
        self.assertEqual((order.seat_ids.voucher_ids.state, order.state), ("issued", "sale"))

    def test_parts_that_are_all_of_it(self):
        order = self.win()
        order._pinbu_refund_part(10.0, "It was late")
        order._pinbu_refund_part(29.9, "And bad")
        self.check_no_goods(order, [-29.9, -10.0])

    def test_parts_that_are_all_of_it_with_a_wallet(self):
        self.fill_wallet(self.ann, 10.0)
        order = self.win(means=WITH_WALLET)
        order._pinbu_refund_part(20.0, "It was late")
        order._pinbu_refund_part(19.9, "And bad")
        refunds = order._pinbu_refund_transactions()
        self.assertAlmostEqual(sum(refunds.mapped("amount")), -39.9)
        self.check_no_goods(order, sorted(refunds.mapped("amount")))

    def test_parts_that_are_all_of_it_from_the_wallet_alone(self):
        card = self.fill_wallet(self.ann, 39.9)
        order = self.checkout(self.ann, means=WITH_WALLET)
        order._pinbu_start_payment()
        self.join(self.ben, order.seat_ids.team_id)
        self.run_schedulers()
        self.assertEqual(order.seat_ids.voucher_ids.state, "issued")
        order._pinbu_refund_part(39.9, "It was bad")
        self.check_no_goods(order, [-39.9])
        self.assertEqual(card.points, 39.9)

    def test_all_of_it_before_the_voucher_is_there(self):
        order = self.pay(self.checkout(self.ann))
        with patch.object(self.registry["pinbu.voucher"], "_issue", lambda vouchers, seats: None):
            self.join(self.ben, order.seat_ids.team_id)
            self.run_schedulers()
        self.assertEqual(order.state, "sale")
        order._pinbu_refund_part(39.9, "It was bad")
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=order.seat_ids.ids)
        self.run_schedulers()
        self.check_no_goods(order, [-39.9])
