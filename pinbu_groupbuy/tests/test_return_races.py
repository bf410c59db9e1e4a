"""Returns of one order that are asked for, answered and paid back in the same moment."""

from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .concurrent_common import ConcurrentCase


@tagged("post_install", "-at_install")
class TestReturnRaces(ConcurrentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity.write({"size": 2, "max_quantity": 3})
        cls.open_cr.commit()

    def setUp(self):
        super().setUp()
        order_ids = self.at_once(self.checking_out(quantity=3), [self.people[0].id])
        self.pay_all(order_ids)
        self.seat = self.seats_of(order_ids)
        joined = self.at_once(self.checking_out(self.seat.team_id), [self.people[1].id])
        self.pay_all(joined)
        self.settle_all()
        self.assertEqual(self.seat.state, "won")
        self.sql("UPDATE pinbu_seat SET shipped_at = now() WHERE id = %s", self.seat.id)
        # Goods that were shipped could not be taken away again.
        shipped = patch.object(
            self.registry["pinbu.seat"],
            "_moves_shipped",
            lambda seat: SimpleNamespace(mapped=lambda _name: [seat.quantity]),
        )
        self.startPatcher(shipped)

    def tearDown(self):
        self.sql("UPDATE payment_transaction SET pinbu_return_id = NULL")
        self.sql("ALTER TABLE pinbu_transition DISABLE TRIGGER USER")
        self.sql("DELETE FROM pinbu_transition WHERE return_id IS NOT NULL")
        self.sql("ALTER TABLE pinbu_transition ENABLE TRIGGER USER")
        self.sql("DELETE FROM pinbu_return")
        self.clean_teams()
        super().tearDown()

    def ask(self, quantities):
        """:return: for each the return's id, or the code of its refusal"""
        seat_id = self.seat.id

        def request(env, quantity):
            seat = env["pinbu.seat"].browse(seat_id)
            return env["pinbu.return"]._request(seat, quantity, "", []).id

        return self.at_once(request, quantities)

    def test_no_piece_is_asked_back_twice(self):
        asked = self.ask([1] * 6)
        self.assertEqual(len([one for one in asked if isinstance(one, int)]), 3)
        self.assertEqual(asked.count("not_allowed_now"), 3)
        self.check_invariants()

    def test_no_piece_is_paid_back_twice(self):
        asked = self.ask([1, 1, 1])

        def waive(env, return_id):
            try:
                env["pinbu.return"].browse(return_id)._waive()
            except UserError:
                return "too late"
            return "paid"

        done = self.at_once(waive, asked * 2)
        self.assertEqual((done.count("paid"), done.count("too late")), (3, 3))
        self.check_invariants()
        payment = self.seat.transaction_id
        self.assertEqual(payment.currency_id.compare_amounts(payment.pinbu_refunded, 59.7), 0)
        refunds = payment.child_transaction_ids
        self.assertEqual(sorted(round(-refund.amount * 100) for refund in refunds), [1990] * 3)
        self.settle_all()

    def test_who_keeps_the_goods_is_not_paid(self):
        [return_id] = self.ask([3])

        def act(env, name):
            request = env["pinbu.return"].browse(return_id)
            try:
                request._waive() if name == "waive" else request._give_up("cancelled")
            except UserError:
                return None
            return name

        done = self.at_once(act, ["waive", "cancel"])
        [winner] = filter(None, done)
        self.check_invariants()
        paid_back = self.seat.transaction_id.pinbu_refunded
        self.assertEqual(bool(paid_back), winner == "waive")
        self.assertEqual(self.seat.quantity_returned, 3 if winner == "waive" else 0)
