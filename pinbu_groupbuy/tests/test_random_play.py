"""Random moves of shoppers, the merchant, the clock and the provider, and what must hold after each.

`PINBU_HYPOTHESIS=long` plays many more games, other ones each time.
"""

import os
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from .common import GroupBuyCase
from .invariants import assert_invariants, assert_money, assert_settled

LONG = os.environ.get("PINBU_HYPOTHESIS") == "long"
GAMES = settings(
    max_examples=300 if LONG else 12,
    stateful_step_count=60 if LONG else 30,
    derandomize=not LONG,
    database=None,
    # Finding a shorter game than the one that was lost takes minutes.
    phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SHOPPERS = 6

# Which of the records that are there: by number, so that a game can be repeated.
which = st.integers(0, 11)


class Play(RuleBasedStateMachine):
    """One game: an activity of its own, played in a savepoint and taken back at its end."""

    # Set for each test: a `GroupBuyCase` and the values of the activity to play with.
    case = None
    offer = {}

    def __init__(self):
        super().__init__()
        self.env = self.case.env
        self.savepoint = self.env.cr.savepoint()
        self.refuses = False
        self.is_broken = False

    # === THE TABLE === #

    @initialize(size=st.integers(2, 4), stock=st.integers(5, 14), quota=st.sampled_from([0, 6, 9]))
    def open_the_shop(self, size, stock, quota):
        self.product = self.case.make_product("Crisps", stock)
        self.shoppers = [self.case.shopper(f"Player {number}") for number in range(SHOPPERS)]
        self.activity = self.case.make_activity(
            product=self.product,
            size=size,
            quota=quota,
            limit_per_user=2,
            allow_reroute=True,
            allow_leaving=True,
            **self.offer,
        )
        # Two teams, and somebody about to pay: every rule has something to play with.
        for leader in range(2):
            self.check_out_and_pay(leader, None, True)
        self.check_out(2, 0, 1, True)
        self.start_to_pay(0)

    def any_of(self, model, number, *domain):
        """:return: one of the records of this domain, or an empty recordset"""
        records = self.env[model].search([*domain], order="id")
        return records[number % len(records)] if records else records

    def any_team(self, number, *domain):
        return self.any_of("pinbu.team", number, ("activity_id", "=", self.activity.id), *domain)

    def any_seat(self, number, *domain):
        return self.any_of("pinbu.seat", number, ("activity_id", "=", self.activity.id), *domain)

    def move(self, function):
        """One request: it may be refused, and then it has changed nothing."""
        try:
            with suppress(UserError), self.env.cr.savepoint():
                function()
        except Exception:
            self.is_broken = True
            raise
        self.env.invalidate_all()

    def sql(self, query, *params):
        self.env.flush_all()
        self.env.cr.execute(query, params)
        self.env.invalidate_all()

    @invariant()
    def nothing_is_broken(self):
        self.env.flush_all()
        try:
            assert_invariants(self.env.cr)
        except AssertionError:
            self.is_broken = True
            raise

    # === SHOPPERS === #

    @rule(
        shopper=st.integers(0, SHOPPERS - 1),
        team=st.none() | which,
        quantity=st.integers(1, 2),
        agrees=st.booleans(),
    )
    def check_out(self, shopper, team, quantity, agrees):
        team = None if team is None else self.any_team(team)
        self.move(
            lambda: self.case.checkout(
                self.shoppers[shopper],
                team,
                activity=self.activity,
                quantity=quantity,
                accept_reroute=agrees,
            )
        )

    @rule(shopper=st.integers(0, SHOPPERS - 1), team=st.none() | which, agrees=st.booleans())
    def check_out_and_pay(self, shopper, team, agrees):
        team = None if team is None else self.any_team(team)
        self.move(
            lambda: self.case.join(
                self.shoppers[shopper], team, activity=self.activity, accept_reroute=agrees
            )
        )

    @rule(team=which)
    def fill_up(self, team):
        team = self.any_team(team, ("state", "=", "forming"))
        others = [shopper for shopper in self.shoppers if shopper not in team.seat_ids.partner_id]
        for shopper in others[: team.size - team.seats_taken]:
            self.move(lambda shopper=shopper: self.case.join(shopper, team))

    @rule(seat=which)
    def start_to_pay(self, seat):
        seat = self.any_seat(seat, ("state", "=", "held"), ("order_id", "!=", False))
        self.move(lambda: seat and seat.order_id._pinbu_start_payment())

    @rule(payment=which)
    def pay(self, payment):
        """In time, late, after a cancellation, or once more: the provider tells it all the same."""
        payment = self.any_of(
            "payment.transaction",
            payment,
            ("sale_order_ids.seat_ids.activity_id", "=", self.activity.id),
            ("operation", "!=", "refund"),
        )
        self.move(lambda: payment and payment._set_done())

    @rule(seat=which)
    def pay_with_another_device(self, seat):
        """A payment beside the one that the order waits for, or has long had."""
        seat = self.any_seat(seat, ("order_id", "!=", False))
        transactions = self.env["payment.transaction"]
        self.move(lambda: seat and transactions._pinbu_create(seat.order_id)._set_done())

    @rule(seat=which)
    def cancel(self, seat):
        seat = self.any_seat(seat, ("order_id", "!=", False))
        self.move(lambda: seat and seat.order_id._pinbu_cancel())

    @rule(seat=which)
    def leave(self, seat):
        seat = self.any_seat(seat, ("state", "=", "paid"))
        self.move(lambda: seat and seat._leave())

    # === THE CLOCK === #

    @rule(seat=which)
    def let_a_hold_lapse(self, seat):
        seat = self.any_seat(seat, ("state", "=", "held"))
        self.sql(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE id = %s",
            seat.id or 0,
        )

    @rule(team=which)
    def reach_a_deadline(self, team):
        team = self.any_team(team, ("state", "=", "forming"))
        self.case.pass_deadline(team) if team else None

    # === THE MERCHANT === #

    @rule(
        changes=st.fixed_dictionaries(
            {},
            optional={
                "size": st.integers(3, 4),
                "is_stopped": st.booleans(),
                "allow_leaving": st.booleans(),
                "allow_reroute": st.booleans(),
                "completes_from": st.sampled_from([0, 2]),
                "max_forming_teams": st.integers(0, 3),
                "max_quantity": st.integers(1, 2),
                "stock_policy": st.sampled_from(["payment", "open", "success"]),
            },
        )
    )
    def edit_the_offer(self, changes):
        self.move(lambda: self.activity.write(changes))

    @rule(price=st.sampled_from([9.9, 19.9, 25.0]))
    def edit_the_price(self, price):
        self.move(lambda: self.activity.line_ids.write({"group_price": price}))

    @rule(seat=which)
    def cancel_an_order(self, seat):
        seat = self.any_seat(seat, ("order_id", "!=", False))
        self.move(lambda: seat and seat.order_id.action_cancel())

    @rule(team=which)
    def form_by_hand(self, team):
        team = self.any_team(team)
        self.move(lambda: team and team._form_by_hand("play"))

    @rule(team=which)
    def fail_by_hand(self, team):
        team = self.any_team(team)
        self.move(lambda: team and team._fail_by_hand("play"))

    @rule(team=which, days=st.integers(1, 3))
    def move_a_deadline(self, team, days):
        team = self.any_team(team, ("state", "=", "forming"))
        deadline = fields.Datetime.now() + timedelta(days=days)
        self.move(lambda: team and team._move_deadline(deadline, "play"))

    @rule(seat=which, team=which)
    def move_a_member(self, seat, team):
        seat, team = self.any_seat(seat, ("state", "=", "paid")), self.any_team(team)
        self.move(lambda: seat and seat._move_to_team(team, "play"))

    @rule(pieces=st.integers(-4, 4))
    def sell_or_buy_elsewhere(self, pieces):
        location = self.case.warehouse.lot_stock_id
        quants = self.env["stock.quant"]
        held = sum(quants._gather(self.product, location).mapped("quantity"))
        self.move(
            lambda: quants._update_available_quantity(self.product, location, max(pieces, -held))
        )

    # === THE SCHEDULERS AND THE PROVIDER === #

    @rule(name=st.sampled_from(["close", "settle", "money"]))
    def run_a_scheduler(self, name):
        def answer(tx):
            if self.refuses:
                raise ValidationError(tx.env._("Not enough balance"))
            tx._set_done()

        with patch.object(PaymentTransaction, "_send_refund_request", answer):
            self.case.run_scheduler(name)

    @rule(refuses=st.booleans())
    def change_the_provider_s_mind(self, refuses):
        self.refuses = refuses

    @rule()
    def wait_for_the_next_try(self):
        self.sql("UPDATE pinbu_settlement SET due_at = '2020-01-01'")
        self.sql("UPDATE payment_transaction SET pinbu_next_attempt_at = NULL")

    # === THE END === #

    def teardown(self):
        try:
            if not self.is_broken:
                self.play_to_the_end()
        finally:
            self.savepoint.close(rollback=True)
            self.env.invalidate_all()

    def play_to_the_end(self):
        """All deadlines pass, all schedulers come to rest, and the provider refunds: then every
        yuan is a won place or went back."""
        self.refuses = False
        for team in self.env["pinbu.team"].search([("state", "=", "forming")]):
            self.case.pass_deadline(team)
        self.sql("UPDATE pinbu_seat SET hold_until = hold_until - interval '1 day'")
        for _round in range(4):
            self.wait_for_the_next_try()
            for name in ("close", "settle", "money"):
                self.run_a_scheduler(name)
        self.env.flush_all()
        assert_settled(self.env.cr)
        seats = self.env["pinbu.seat"].search([("activity_id", "=", self.activity.id)])
        assert_money(self.env, seats.order_id)
        assert set(seats.mapped("state")) <= {"won", "lost", "released"}, seats.mapped("state")
        teams = self.env["pinbu.team"].search([("activity_id", "=", self.activity.id)])
        assert set(teams.mapped("state")) <= {"formed", "shipped", "settled"}, teams.mapped("state")


@tagged("post_install", "-at_install")
class TestRandomPlay(GroupBuyCase):
    def play(self, **offer):
        game = type("Game", (Play,), {"case": self, "offer": offer})
        with self.enter_registry_test_mode():
            run_state_machine_as_test(game, settings=GAMES)

    def test_policy_payment(self):
        self.play(stock_policy="payment", max_quantity=2)

    def test_policy_open(self):
        self.play(stock_policy="open")

    def test_policy_success(self):
        self.play(stock_policy="success", max_quantity=2)

    def test_a_game_is_lost_when_a_rule_is_broken(self):
        """What the games look for, they find: here, pieces that nobody gives back."""
        with (
            patch.object(self.registry["pinbu.seat"], "_return_quota", lambda *_args: None),
            self.assertRaisesRegex(AssertionError, "a line's quota is not what"),
        ):
            self.play(stock_policy="payment")
