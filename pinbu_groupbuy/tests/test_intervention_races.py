"""Managers, members and payments that act on one team in the same moment."""

import threading

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..exceptions import PinbuError
from ..models.pinbu_seat_pieces import PRODUCT_LOCK
from .concurrent_common import ConcurrentCase


@tagged("post_install", "-at_install")
class TestInterventionRaces(ConcurrentCase):
    def tearDown(self):
        self.clean_teams()
        super().tearDown()

    def paid_member(self, team, person):
        [order_id] = self.at_once(self.checking_out(team), [person.id])
        self.pay_all([order_id])
        return self.seats_of([order_id])

    def act_on_old_snapshot(self, seat, before, action):
        """Call `action(seat)` in a transaction that read the seat before `before()` was committed.

        :return: the code of its refusal
        """
        with self.registry.cursor() as cr:
            mine = seat.with_env(api.Environment(cr, SUPERUSER_ID, {}))
            self.assertTrue(mine.team_id)
            before()
            with self.assertRaises(PinbuError) as caught:
                action(mine)
        return caught.exception.code

    def moving(self, seat, team):
        return lambda: self.committed(
            lambda env: seat.with_env(env)._move_to_team(team.with_env(env), "why")
        )

    def test_two_managers_move_one_member(self):
        origin, first, second = (self.open_team(person) for person in self.people[:3])
        seat = self.paid_member(origin, self.people[3])
        code = self.act_on_old_snapshot(
            seat,
            self.moving(seat, first),
            lambda mine: mine._move_to_team(second.with_env(mine.env), "why"),
        )
        self.assertEqual(code, "not_allowed_now")
        self.check_invariants()
        self.assertEqual(
            [team.seats_taken for team in (origin, first, second)],
            [1, 2, 1],
        )

    def test_a_member_leaves_who_was_moved(self):
        self.activity.allow_leaving = True
        self.open_cr.commit()
        origin, target = (self.open_team(person) for person in self.people[:2])
        seat = self.paid_member(origin, self.people[3])
        code = self.act_on_old_snapshot(seat, self.moving(seat, target), lambda mine: mine._leave())
        self.assertEqual(code, "not_allowed_now")
        self.check_invariants()
        self.assertEqual((target.seats_taken, target.seats_paid), (2, 2))

    def test_the_merchant_cancels_what_is_paid_this_moment(self):
        team = self.open_team(self.people[0])
        [order_id] = self.at_once(self.checking_out(team), [self.people[3].id])
        payments = self.at_once(self.start_payment, [order_id])
        with self.registry.cursor() as cr:
            order = api.Environment(cr, SUPERUSER_ID, {})["sale.order"].browse(order_id)
            self.assertEqual(order.seat_ids.state, "held")
            self.at_once(self.notify, payments)
            with self.assertRaises(UserError):
                order.action_cancel()
        self.check_invariants()
        self.assertEqual(team.seats_paid, 2)

    def test_an_opening_and_a_forming_wait_for_each_other_in_order(self):
        """Both take the line, then the product: one waits, none is killed."""
        activity = self.make_activity(
            product=self.make_product("Nuts", 100), stock_policy="success", size=2
        )
        self.open_cr.commit()
        team = self.open_team(self.people[0], activity=activity)
        [order_id] = self.at_once(self.checking_out(team, activity), [self.people[1].id])
        payments = self.at_once(self.start_payment, [order_id])
        line_id, product_id = activity.line_ids.id, activity.line_ids.product_id.id
        has_line = threading.Event()
        errors = []

        def open_slowly():
            try:
                with self.registry.cursor() as cr:
                    cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    cr.execute(
                        "SELECT 1 FROM pinbu_activity_line WHERE id = %s FOR NO KEY UPDATE",
                        [line_id],
                    )
                    has_line.set()
                    # The forming comes meanwhile, and must not have the product by now.
                    cr.execute("SELECT pg_sleep(1)")
                    cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PRODUCT_LOCK, product_id])
            except Exception as error:
                errors.append(error)

        opening = threading.Thread(target=open_slowly)
        opening.start()
        has_line.wait(timeout=20)
        self.at_once(self.notify, payments)
        opening.join()
        self.look_again()
        self.assertEqual((errors, team.state), ([], "formed"))
