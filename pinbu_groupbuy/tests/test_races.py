"""Crowds and unlucky moments: what is decided by who comes first, in real threads.

After each race the database itself is asked whether all invariants hold.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from ..models.pinbu_seat_means import FRESH_MONEY
from ..transactions import short_transaction
from .concurrent_common import ConcurrentCase

ROUNDS = 3


class RaceCase(ConcurrentCase):
    def setUp(self):
        super().setUp()
        # Whatever a race left behind, the next one starts with none of it.
        self.addCleanup(self.clean_teams)
        self.addCleanup(self.look_again)

    def offer(self, stock=1000, **vals):
        """:return: a committed activity with a product of its own"""
        product = self.make_product("Race crisps", stock)
        activity = self.make_activity(product=product, **vals)
        self.open_cr.commit()
        return activity

    def check_results(self, results, taken, refusal):
        """So many got an order, and all others were refused with this code."""
        orders = [result for result in results if isinstance(result, int)]
        self.assertEqual(len(orders), taken)
        self.assertEqual(set(results) - set(orders), {refusal})
        return orders

    def times(self, records, state):
        """:return: how often these teams or seats came to this state"""
        return len(records.transition_ids.filtered(lambda row: row.to_state == state))


@tagged("post_install", "-at_install")
class TestCrowds(RaceCase):
    rivals = 1050

    def test_five_hundred_for_the_last_four_places(self):
        activity = self.offer(size=5)
        team = self.open_team(self.people[0], activity)
        results = self.at_once(self.checking_out(team), self.people[1:501].ids)
        orders = self.check_results(results, 4, "team_full")
        self.check_invariants()
        self.pay_all(orders)
        self.assertEqual((team.state, team.seats_paid), ("formed", 5))
        self.assertEqual(self.times(team, "formed"), 1)
        self.settle_all()
        self.assertEqual(set(team.order_ids.mapped("state")), {"sale"})

    def test_a_thousand_places_of_a_super_team(self):
        """A thousand claims and payments, each in a transaction of its own; what is between them
        is prepared in bulk."""
        activity = self.offer(
            mode="super", size=1000, stock=1100, hold_minutes=60, last_place_hold_minutes=60
        )
        team = activity.super_team_id
        line = activity.line_ids

        def claim(env, shopper_id):
            seat = env["pinbu.seat"]._claim(
                env["res.partner"].browse(shopper_id),
                activity.with_env(env),
                line.with_env(env),
                1,
                team.with_env(env),
            )
            return seat.id

        results = self.at_once(claim, self.people.ids)
        seat_ids = self.check_results(results, 1000, "team_full")
        self.assertEqual((team.seats_taken, team.seats_paid), (1000, 0))
        self.check_invariants()

        seats = self.env["pinbu.seat"].browse(seat_ids)
        orders = self.env["sale.order"].create(
            [seat._prepare_order(None, "", FRESH_MONEY) for seat in seats]
        )
        for seat, order in zip(seats, orders, strict=True):
            seat.order_id = order
        payments = [order._pinbu_start_payment().id for order in orders]
        self.open_cr.commit()

        self.at_once(self.notify, payments)
        self.assertEqual((team.state, team.seats_paid), ("formed", 1000))
        self.assertEqual(set(seats.mapped("state")), {"won"})
        self.assertEqual((self.times(team, "formed"), self.times(seats, "won")), (1, 1000))
        self.check_invariants()

    def test_two_hundred_openings_for_a_quota_of_fifty(self):
        activity = self.offer(quota=50)
        results = self.at_once(self.checking_out(activity=activity), self.people[:200].ids)
        self.check_results(results, 50, "sold_out")
        self.assertEqual(activity.line_ids.quota_taken, 50)
        self.check_invariants()

    def test_forty_openings_for_five_teams_at_once(self):
        activity = self.offer(max_forming_teams=5)
        results = self.at_once(self.checking_out(activity=activity), self.people[:40].ids)
        orders = self.check_results(results, 5, "not_allowed_now")
        self.pay_all(orders)
        self.assertEqual(activity.teams_forming, 5)
        self.check_invariants()

    def test_forty_openings_for_the_stock_of_three_teams(self):
        """With policy ``open`` each opening takes the pieces of its whole team."""
        activity = self.offer(stock=11, stock_policy="open")
        results = self.at_once(self.checking_out(activity=activity), self.people[:40].ids)
        self.check_results(results, 3, "sold_out")
        self.assertEqual(activity.line_ids.quota_taken, 9)
        self.check_invariants()

    def test_twelve_activities_for_the_stock_of_three_teams(self):
        """The stock is the product's, whichever activity sells it: an opening takes one piece and
        owes the other two to those who join."""
        first = self.offer(stock=10)
        product = first.line_ids.product_id
        activities = [first, *(self.make_activity(product=product) for _number in range(11))]
        self.open_cr.commit()
        jobs = [
            (self.checking_out(activity=activity), shopper_id)
            for activity, shopper_id in zip(activities * 2, self.people[:24].ids, strict=True)
        ]
        with self.slow("pinbu.seat", "_insert_seat"):
            results = self.at_once(lambda env, job: job[0](env, job[1]), jobs)
        self.check_results(results, 3, "sold_out")
        self.check_invariants()

    def test_six_full_teams_for_the_stock_of_two(self):
        """With policy ``success`` the stock is promised at the forming, to whoever forms first."""
        activity = self.offer(stock=18, stock_policy="success")
        teams = [self.open_team(shopper, activity) for shopper in self.people[:6]]
        joiners = iter(self.people[6:18].ids)
        orders = [
            order
            for team in teams
            for order in self.at_once(self.checking_out(team), [next(joiners), next(joiners)])
        ]
        # Meanwhile another channel sells.
        self.env["stock.quant"]._update_available_quantity(
            activity.line_ids.product_id, self.warehouse.lot_stock_id, -11
        )
        self.open_cr.commit()
        with self.slow("pinbu.team", "_let_waiting_go"):
            self.pay_all(orders)
        outcomes = sorted(team.state for team in teams)
        self.assertEqual(outcomes, ["failed"] * 4 + ["formed"] * 2)
        self.settle_all(processes=2)
        won = self.env["pinbu.seat"].search([("state", "=", "won")])
        self.assertEqual(len(won), 6)
        self.assertTrue(all(won.mapped("is_reserved")))


@tagged("post_install", "-at_install")
class TestUnluckyMoments(RaceCase):
    rivals = 40

    def team_waiting_for(self, orders, paid=1, **vals):
        """:return: a committed team, with `paid` members who paid and `orders` others who have
        started to pay: their transactions fill it up"""
        activity = self.offer(size=paid + orders, **vals)
        team = self.open_team(self.people[0], activity)
        others = self.at_once(self.checking_out(team), self.people[1 : paid + orders].ids)
        started = self.at_once(self.start_payment, others)
        self.at_once(self.notify, started[: paid - 1])
        return team, started[paid - 1 :]

    def deadline_now(self, team, milliseconds=0):
        self.sql(
            "UPDATE pinbu_team SET deadline = (clock_timestamp() AT TIME ZONE 'UTC')"
            " + %s * interval '1 millisecond' WHERE id = %s",
            milliseconds,
            team.id,
        )

    def joining(self, team, shopper):
        """:return: a function of an environment that checks this shopper out in this team"""
        check_out, shopper_id = self.checking_out(team), shopper.id
        return lambda env: check_out(env, shopper_id)

    def race(self, **jobs):
        """Run these functions of an environment at the same moment.

        :return: ``{name: result or refusal}``
        """
        names = list(jobs)
        return dict(zip(names, self.at_once(lambda env, name: jobs[name](env), names), strict=True))

    def test_the_last_places_against_the_deadline(self):
        """All win or nobody does, and who paid too late gets it back."""
        self.race_the_deadline({"formed", "settled"}, 0, 40, 100, 400)

    def test_the_last_places_against_the_completion_by_the_merchant(self):
        """Two have paid, which is enough: at the deadline the merchant takes what nobody has paid
        for just then."""
        self.race_the_deadline({"formed"}, 0, 20, 40, 80, paid=2, completes_from=2)

    def race_the_deadline(self, allowed, *moments, paid=1, **vals):
        """Four payments, and what decides the team, around its deadline."""
        for milliseconds in moments:
            with self.subTest(milliseconds=milliseconds):
                team, payments = self.team_waiting_for(4, paid=paid, **vals)
                self.deadline_now(team, milliseconds)

                def act(env, job, team=team):
                    if job == "close":
                        team.with_env(env)._close()
                    elif job == "cron":
                        env["pinbu.settlement"]._cron_close_teams()
                    else:
                        self.notify(env, job)

                self.at_once(act, [*payments, "close", "cron", "close"])
                self.check_invariants()
                self.settle_all()
                self.assertIn(team.state, allowed)
                seats = team.seat_ids
                if team.state == "formed":
                    self.assertLessEqual(set(seats.mapped("state")), {"won", "released"})
                else:
                    self.assertLessEqual(set(seats.mapped("state")), {"lost", "released"})
                for seat in seats:
                    self.assertEqual(seat.refund_state, seat.state != "won" and "done")
                self.clean_teams()

    def test_a_payment_against_the_expiry_of_its_hold(self):
        """The place, or the money back; and where the place is still free, the place."""
        for _round in range(ROUNDS):
            team, [payment] = self.team_waiting_for(1, paid=2)
            seat = self.env["payment.transaction"].browse(payment).sale_order_ids.seat_ids
            self.race(
                pays=lambda env, payment=payment: self.notify(env, payment),
                lapses=lambda env, seat=seat: len(seat.with_env(env)._release_hold("hold lapsed")),
            )
            self.check_invariants()
            self.settle_all()
            self.assertEqual((seat.state, team.state), ("won", "formed"))
            self.assertFalse(seat.refund_state)
            self.clean_teams()

    def test_a_payment_against_the_expiry_and_a_newcomer(self):
        """One of the two gets the place; the payer's yuan is never lost."""
        for _round in range(ROUNDS):
            team, [payment] = self.team_waiting_for(1, paid=2)
            seat = self.env["payment.transaction"].browse(payment).sale_order_ids.seat_ids
            self.sql(
                "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE id = %s",
                seat.id,
            )
            results = self.race(
                pays=lambda env, payment=payment: self.notify(env, payment),
                joins=self.joining(team, self.people[30]),
            )
            self.check_invariants()
            self.settle_all()
            if isinstance(results["joins"], int):
                self.assertEqual((seat.state, seat.refund_state), ("released", "done"))
                self.assertEqual((team.state, team.seats_taken), ("forming", 3))
            else:
                self.assertEqual(results["joins"], "team_full")
                self.assertEqual((seat.state, team.state), ("won", "formed"))
            self.clean_teams()

    def test_a_payment_against_its_cancellation(self):
        for _round in range(ROUNDS):
            team, [payment] = self.team_waiting_for(1, paid=2)
            order = self.env["payment.transaction"].browse(payment).sale_order_ids
            results = self.race(
                pays=lambda env, payment=payment: self.notify(env, payment),
                cancels=lambda env, order=order: order.with_env(env)._pinbu_cancel(),
            )
            self.assertIn(results["cancels"], (None, "already_paid", "order_closed"))
            self.check_invariants()
            self.settle_all()
            # Who cancels and pays all the same wants the place, and it is free.
            self.assertEqual((order.seat_ids.state, team.state), ("won", "formed"))
            self.clean_teams()

    def test_the_same_notice_ten_times(self):
        team, [payment] = self.team_waiting_for(1, paid=2)
        self.at_once(self.notify, [payment] * 10)
        seat = self.env["payment.transaction"].browse(payment).sale_order_ids.seat_ids
        self.assertEqual((team.state, team.seats_paid), ("formed", 3))
        self.assertEqual([self.times(seat, state) for state in ("paid", "won")], [1, 1])
        self.settle_all(processes=2)
        self.assertFalse(seat.order_id._pinbu_refund_transactions())
        self.assertEqual(len(seat.order_id.picking_ids), 1)

    def test_two_payments_of_one_order(self):
        """Two devices of a shopper pay the same order: one buys the place, one goes back."""
        team, [payment] = self.team_waiting_for(1, paid=2)
        first = self.env["payment.transaction"].browse(payment)
        second = first.copy({"reference": f"{first.reference}-2"})
        second.sale_order_ids = first.sale_order_ids
        self.open_cr.commit()
        self.at_once(self.notify, [first.id, second.id])
        self.assertEqual((team.state, team.seats_paid), ("formed", 3))
        self.settle_all(processes=2)
        refund = first.sale_order_ids._pinbu_refund_transactions()
        self.assertEqual((len(refund), refund.state), (1, "done"))
        self.assertEqual(
            refund.source_transaction_id | first.sale_order_ids.seat_ids.transaction_id,
            first | second,
        )

    def test_two_schedulers_on_twenty_teams(self):
        """Ten teams past their deadline and ten full ones: each order is confirmed or cancelled
        once, each yuan goes back once."""
        activity = self.offer(size=2)
        leaders = self.at_once(self.checking_out(activity=activity), self.people[:20].ids)
        self.pay_all(leaders)
        teams = self.seats_of(leaders).team_id
        full, failing = teams[:10], teams[10:]
        joined = [
            self.at_once(self.checking_out(team), [shopper.id])[0]
            for team, shopper in zip(full, self.people[20:30], strict=True)
        ]
        self.pay_all(joined)
        self.sql(
            "UPDATE pinbu_seat SET paid_at = paid_at - interval '1 hour' WHERE team_id = ANY(%s)",
            failing.ids,
        )
        self.sql(
            "UPDATE pinbu_team SET deadline = now() AT TIME ZONE 'UTC' - interval '1 minute'"
            " WHERE id = ANY(%s)",
            failing.ids,
        )
        sent = []

        def answer(tx):
            sent.append(tx.reference)
            time.sleep(0.05)  # as a provider takes to answer
            tx._set_done()

        with patch.object(PaymentTransaction, "_send_refund_request", answer):
            for _round in range(3):
                self.in_processes(2, "close", "settle", "money")
        self.settle_all(processes=2)
        self.assertEqual(set(full.mapped("state")), {"formed"})
        self.assertEqual(set(failing.mapped("state")), {"settled"})
        self.assertEqual(self.times(failing, "failed"), 10)
        self.assertEqual(self.times(failing, "settled"), 10)
        self.assertEqual(self.times(failing.seat_ids, "lost"), 10)
        self.assertEqual((len(sent), len(set(sent))), (10, 10))
        self.assertEqual(len(full.order_ids.picking_ids), 20)
        self.assertEqual(set(full.order_ids.mapped("state")), {"sale"})
        self.assertEqual(set(failing.order_ids.mapped("state")), {"cancel"})

    def test_leaving_against_the_forming(self):
        """The team forms with all of its members, or it does not and one is refunded."""
        for _round in range(ROUNDS):
            team, [payment] = self.team_waiting_for(1, paid=2, allow_leaving=True)
            leaver = team.seat_ids.filtered("is_leader")
            results = self.race(
                pays=lambda env, payment=payment: self.notify(env, payment),
                leaves=lambda env, leaver=leaver: leaver.with_env(env)._leave(),
            )
            self.check_invariants()
            self.settle_all()
            if results["leaves"]:
                self.assertIn(results["leaves"], ("not_allowed_now", "team_closed"))
                self.assertEqual((team.state, leaver.state), ("formed", "won"))
            else:
                self.assertEqual((team.state, team.seats_paid), ("forming", 2))
                self.assertEqual((leaver.state, leaver.refund_state), ("released", "done"))
                self.assertNotEqual(team.leader_id, leaver.partner_id)
            self.clean_teams()

    def test_everybody_leaves_at_once(self):
        team, _payments = self.team_waiting_for(1, paid=3, allow_leaving=True)
        paid = team.seat_ids.filtered(lambda seat: seat.state == "paid")
        self.at_once(
            lambda env, seat_id: env["pinbu.seat"].browse(seat_id)._leave(), [*paid.ids, *paid.ids]
        )
        self.assertEqual((team.state, team.failure), ("failed", "left"))
        self.settle_all(processes=2)
        self.assertEqual(set(paid.mapped("refund_state")), {"done"})

    def test_late_payers_for_the_last_place_of_another_team(self):
        activity = self.offer(size=2, allow_reroute=True)
        full, other = (self.open_team(shopper, activity) for shopper in self.people[:2])
        late = []
        for shopper in self.people[2:8]:
            [order] = self.at_once(self.checking_out(full, accept_reroute=True), [shopper.id])
            late += self.at_once(self.start_payment, [order])
            self.committed(lambda env, order=order: env["sale.order"].browse(order)._pinbu_cancel())
        self.pay_all(self.at_once(self.checking_out(full), [self.people[8].id]))
        self.assertEqual(full.state, "formed")
        self.at_once(self.notify, late)
        self.check_invariants()
        self.settle_all(processes=2)
        seats = self.env["payment.transaction"].browse(late).sale_order_ids.seat_ids
        self.assertEqual(sorted(seats.mapped("state")), ["released"] * 5 + ["won"])
        self.assertEqual((full.seats_paid, other.seats_paid, other.state), (2, 2, "formed"))

    def test_two_devices_in_two_teams(self):
        activity = self.offer()
        teams = [self.open_team(shopper, activity) for shopper in self.people[:2]]
        shopper = self.people[2]
        for _round in range(ROUNDS):
            joins = [self.joining(team, shopper) for team in teams]
            orders = self.at_once(lambda env, join: join(env), joins)
            self.assertEqual({type(order) for order in orders}, {int})
            held = self.seats_of(orders).filtered(lambda seat: seat.state == "held")
            self.assertEqual(len(held), 1)
            self.assertEqual(sum(team.seats_taken for team in teams), 3)
            self.check_invariants()

    def test_crossing_changes_of_place(self):
        """One goes from A to B and one from B to A: with room both do, without it neither can
        wait for the other."""
        for size in (4, 2):
            activity = self.offer(size=size)
            a, b = (self.open_team(shopper, activity) for shopper in self.people[:2])
            x, y = self.people[2:4]
            self.at_once(self.checking_out(a), [x.id])
            self.at_once(self.checking_out(b), [y.id])
            for _round in range(ROUNDS):
                with self.slow("pinbu.seat", "_take_place"):
                    results = self.race(
                        x=self.joining(b, x),
                        y=self.joining(a, y),
                    )
                self.check_invariants()
                self.assertEqual((a.seats_taken, b.seats_taken), (2, 2))
                if size > 2:
                    self.assertEqual({type(result) for result in results.values()}, {int})
                    a, b = b, a
                else:
                    self.assertEqual(set(results.values()), {"team_full"})
            self.clean_teams()

    def test_crossing_moves_by_managers(self):
        """Two managers move members of two teams across, and a third payment forms one."""
        for _round in range(ROUNDS):
            activity = self.offer(size=4)
            a, b = (self.open_team(shopper, activity) for shopper in self.people[:2])
            [x, y] = (
                self.at_once(self.checking_out(team), [shopper.id])[0]
                for team, shopper in ((a, self.people[2]), (b, self.people[3]))
            )
            self.pay_all([x, y])
            x, y = self.seats_of([x]), self.seats_of([y])
            results = self.race(
                x=lambda env, x=x, b=b: x.with_env(env)._move_to_team(b.with_env(env), "x"),
                y=lambda env, y=y, a=a: y.with_env(env)._move_to_team(a.with_env(env), "y"),
            )
            self.assertEqual(set(results.values()), {None})
            self.assertEqual((x.team_id, y.team_id), (b, a))
            self.assertEqual((a.seats_paid, b.seats_paid), (2, 2))
            self.settle_all()
            self.clean_teams()

    def test_the_last_payment_against_a_manager_who_stops_the_team(self):
        for _round in range(ROUNDS):
            team, [payment] = self.team_waiting_for(1, paid=2)
            self.race(
                pays=lambda env, payment=payment: self.notify(env, payment),
                # What he reads when he comes too late is for the screen, not for this race.
                stops=lambda env, team=team: self.stopped_by_hand(env, team),
            )
            self.check_invariants()
            self.settle_all()
            states = set(team.seat_ids.mapped("state"))
            if team.state == "formed":
                self.assertEqual(states, {"won"})
            else:
                self.assertEqual(set(team.seat_ids.mapped("refund_state")), {"done"})
                self.assertLessEqual(states, {"lost", "released"})
            self.clean_teams()

    @staticmethod
    def stopped_by_hand(env, team):
        with short_transaction(env) as cr:
            teams = env["pinbu.team"]
            state, _size, deadline, _over, _from = teams._lock_and_read(cr, team.id)
            if state == "forming":
                timely, _late = teams._paid_seats(cr, team.id, deadline)
                teams._fail(cr, team.id, "merchant", timely)


@tagged("post_install", "-at_install")
class TestBookingRaces(RaceCase):
    """Odoo's scheduler books what is done as well, and may meet ours."""

    rivals = 6

    def book_natively(self, _number):
        with self.registry.cursor() as cr:
            self.env(cr=cr)["payment.transaction"]._cron_post_process()

    def book(self, number):
        if number % 2:
            self.scheduler("money")
        else:
            self.book_natively(number)

    def test_each_payment_and_refund_is_booked_and_told_once(self):
        activity = self.offer(size=2)
        order_ids = self.at_once(self.checking_out(activity=activity), self.people.ids)
        self.pay_all(order_ids)
        orders = self.env["sale.order"].browse(order_ids)
        teams = orders.seat_ids.team_id
        for _round in range(4):
            with self.slow("payment.transaction", "_create_payment"), mute_logger(
                "odoo.sql_db", "odoo.addons.payment.models.payment_transaction"
            ), ThreadPoolExecutor(4) as pool, self.refunds_answered():  # fmt: skip
                list(pool.map(self.book, range(4)))
            self.sql(
                "UPDATE pinbu_team SET deadline = (clock_timestamp() AT TIME ZONE 'UTC')"
                " WHERE state = 'forming'"
            )
            self.sql("UPDATE pinbu_settlement SET due_at = '2020-01-01'")
            self.in_processes(1, "close", "settle")
        self.settle_all()
        self.assertEqual(set(teams.mapped("state")), {"settled"})
        transactions = orders.transaction_ids
        self.assertEqual(len(transactions), 2 * len(orders))
        for tx in transactions:
            payments = self.env["account.payment"].search([("payment_transaction_id", "=", tx.id)])
            self.assertEqual(payments, tx.payment_id)
            said = [
                message
                for message in tx.sale_order_ids.message_ids.mapped("body")
                if f">{tx.payment_id.name}<" in message
            ]
            self.assertEqual(len(said), 1, tx.reference)
