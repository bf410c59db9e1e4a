"""Members who leave a forming team, and payments that go to another one."""

from odoo.tests import tagged

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestLeaving(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity.allow_leaving = True

    def test_leaving_pays_back_and_frees_the_place(self):
        team = self.join(self.shopper("1")).team_id
        seat = self.join(self.shopper("2"), team)
        self.run_schedulers()
        self.assertEqual(seat.order_id._pinbu_actions(), ["leave"])
        seat._leave()
        self.assertEqual((team.seats_taken, team.seats_paid), (1, 1))
        self.run_schedulers()
        self.assertEqual((seat.state, seat.release_reason), ("released", "left"))
        self.assertEqual((seat.refund_state, seat.refund_amount), ("done", 19.9))
        self.assertEqual(seat.order_id.state, "cancel")
        self.assertEqual(set(seat.order_id.picking_ids.mapped("state")), {"cancel"})
        self.assertEqual(seat.order_id._pinbu_actions(), [])
        # The place goes to others, and the team forms without the one who left.
        for name in ("3", "4"):
            self.join(self.shopper(name), team)
        self.run_schedulers()
        self.assertEqual((team.state, seat.state), ("formed", "released"))

    def test_twice_is_refused_and_pays_once(self):
        team = self.join(self.shopper("1")).team_id
        seat = self.join(self.shopper("2"), team)
        seat._leave()
        self.assertEqual(self.refusal_of(seat._leave), "not_allowed_now")
        self.run_schedulers()
        self.assertEqual(len(seat.order_id._pinbu_refund_transactions()), 1)
        self.assertEqual(team.seats_taken, 1)

    def test_the_earliest_other_member_leads(self):
        leader = self.join(self.shopper("1"))
        team = leader.team_id
        second = self.join(self.shopper("2"), team)
        leader._leave()
        self.assertEqual(team.leader_id, second.partner_id)
        self.assertTrue(second.is_leader)
        self.assertFalse(leader.is_leader)

    def test_the_last_one_out_closes_the_team(self):
        leader = self.join(self.shopper("1"))
        team = leader.team_id
        waiting = self.checkout(self.shopper("2"), team)
        leader._leave()
        self.run_schedulers()
        self.assertEqual((team.state, team.failure), ("settled", "left"))
        self.assertEqual(waiting.seat_ids.state, "released")
        self.assertEqual(self.activity.line_ids.quota_taken, 0)

    def test_not_where_the_terms_do_not_allow_it(self):
        """Terms are those that the team was opened under."""
        self.activity.allow_leaving = False
        seat = self.join(self.shopper("1"))
        self.activity.allow_leaving = True
        self.assertEqual(self.refusal_of(seat._leave), "not_allowed_now")
        self.assertEqual(seat.order_id._pinbu_actions(), [])

    def test_not_once_the_team_is_decided(self):
        team = self.form_team()
        self.assertEqual(self.refusal_of(team.seat_ids[0]._leave), "not_allowed_now")
        late = self.join(self.shopper("late"))
        self.pass_deadline(late.team_id)
        self.assertEqual(self.refusal_of(late._leave), "not_allowed_now")
        # The look and the lock are two moments: the lock decides.
        with self.subTest("decided in between"):
            self.assertEqual(
                self.refusal_of(lambda: team._lock_forming(self.env.cr, team.ids)), "team_closed"
            )


@tagged("post_install", "-at_install")
class TestRerouting(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity.allow_reroute = True

    def late_payer(self, **kwargs):
        """:return: an order whose place in a full team is gone, its payment, another team"""
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team, **kwargs)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        for name in ("2", "3"):
            self.join(self.shopper(name), team)
        other = self.join(self.shopper("4")).team_id
        return order, tx, other

    def test_a_late_payment_goes_to_another_team(self):
        order, tx, other = self.late_payer(accept_reroute=True)
        tx._set_done()
        self.run_schedulers()
        seat = order.seat_ids
        self.assertEqual((seat.state, seat.team_id, seat.is_rerouted), ("paid", other, True))
        self.assertEqual((other.seats_taken, other.seats_paid), (2, 2))
        self.assertEqual(order.state, "sale")
        self.assertFalse(order._pinbu_refund_transactions())
        # It shares the fate of the new team, to the last yuan.
        self.pass_deadline(other)
        self.run_schedulers()
        self.assertEqual((seat.state, seat.refund_state), ("lost", "done"))
        self.assertEqual(self.activity.line_ids.quota_taken, 3)

    def test_without_agreement_it_goes_back(self):
        for shopper_agrees, merchant_allows in ((False, True), (True, False)):
            with self.subTest(shopper=shopper_agrees, merchant=merchant_allows):
                self.activity.allow_reroute = merchant_allows
                order, tx, other = self.late_payer(accept_reroute=shopper_agrees)
                tx._set_done()
                self.run_schedulers()
                self.assertEqual(order.seat_ids.state, "released")
                self.assertEqual(order.seat_ids.refund_state, "done")
                self.assertEqual(other.seats_taken, 1)

    def test_no_other_team_no_place(self):
        order, tx, other = self.late_payer(accept_reroute=True)
        self.pass_deadline(other)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.refund_state, "done")

    def test_paid_after_the_deadline(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team, accept_reroute=True)
        tx = order._pinbu_start_payment()
        other = self.join(self.shopper("2")).team_id
        self.pass_deadline(team)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual((order.seat_ids.state, order.seat_ids.team_id), ("paid", other))
        self.assertEqual(team.state, "settled")

    def test_paid_after_the_deadline_and_nowhere_to_go(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("late"), team, accept_reroute=True)
        tx = order._pinbu_start_payment()
        self.pass_deadline(team)
        tx._set_done()
        self.skip_delay()
        self.run_schedulers(3)
        self.assertEqual(order.seat_ids.refund_state, "done")
        self.assertEqual(team.state, "settled")

    def test_a_payment_owed_back_is_not_rerouted(self):
        order, tx, other = self.late_payer(accept_reroute=True)
        tx.write({"state": "done"})
        tx._pinbu_owe_refund("released")
        order.seat_ids._take_again(tx.id)
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(other.seats_taken, 1)

    def test_not_into_a_team_of_their_own(self):
        self.activity.limit_per_user = 0
        order, tx, other = self.late_payer(accept_reroute=True)
        self.join(order.partner_id, other)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.refund_state, "done")
        self.assertEqual(other.seats_paid, 2)
