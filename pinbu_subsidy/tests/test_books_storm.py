"""A storm of random operations on wallets, after which ledger, cards and books agree to the fen.

The same storm every time. `PINBU_HYPOTHESIS=long` makes it 5,000 operations.
"""

import os
import random
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from ..money import from_minor, to_minor
from .books_common import BooksMixin
from .means_common import WITH_WALLET, MeansMixin

LONG = os.environ.get("PINBU_HYPOTHESIS") == "long"
OPERATIONS = 5000 if LONG else 200
SEED = 20250301
SHOPPERS = 6
# So many days pass during a storm.
DAYS = 30

# {operation: how often}
WEIGHTS = {
    "owe_and_grant": 16,
    "take_back": 4,
    "credit": 10,
    "debit": 14,
    "repeat": 4,
    "spend_natively": 12,
    "correct": 6,
    "withdraw": 10,
    "end_withdrawal": 9,
    "order_natively": 2,
    "pay_with_wallet": 3,
    "end_order": 3,
    "book": 3,
    "book_now": 1,
    "close_period": 1,
    "check": 1,
}


@tagged("post_install", "-at_install")
class TestBooksStorm(BooksMixin, MeansMixin, TransactionCase):
    """Three companies: with cents, without, and with three decimals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.activity.subsidy_rule_ids.unlink()
        cls.people = cls.shoppers(SHOPPERS)

    def setUp(self):
        super().setUp()
        self.companies = [
            self.company,
            self.make_company("Storm in Tokyo"),
            self.make_company("Storm in Kuwait", "KWD", "kw"),
        ]
        for company in self.companies:
            company.write(
                {
                    "pinbu_withdrawal_min": from_minor(1, company.currency_id),
                    "pinbu_withdrawal_max": 10**6,
                    "pinbu_withdrawal_day_amount": 10**6,
                    "pinbu_withdrawal_day_count": 10**6,
                }
            )
        self.people.pinbu_identity_checked_at = "2025-01-01"
        self.wallets = [
            self.wallet_of(partner, company)
            for company in self.companies
            for partner in self.people
        ]
        self.card_ids = [card.id for card in self.wallets]
        self.activities = [
            self.make_activity(
                product=self.make_product(f"Storm {number}", 10**4), limit_per_user=0
            )
            for number in range(3)
        ]
        # What each wallet must hold, reckoned without looking at any of them.
        self.expected = dict.fromkeys(self.wallets, 0)
        self.random = random.Random(SEED)
        self.posted = []
        self.legs = self.env["payment.transaction"]
        self.done = dict.fromkeys(WEIGHTS, 0)

    # === THE STORM === #

    def test_storm(self):
        names, weights = zip(*WEIGHTS.items(), strict=True)
        begin = self.days_ago(DAYS)
        for number in range(OPERATIONS):
            name = self.random.choices(names, weights)[0]
            self.now = begin + timedelta(days=DAYS) * number / OPERATIONS
            with self.on(self.now):
                self.done[name] += bool(getattr(self, name)())
            self.check_wallets(f"operation {number}, {name}")
        # Each of them has happened.
        self.assertFalse([name for name, times in self.done.items() if not times])
        self.end_storm()

    def end_storm(self):
        for seat in self.env["pinbu.seat"].search([("state", "=", "held")]):
            self.let_lapse(seat)
        for team in self.env["pinbu.team"].search([("state", "=", "forming")]):
            self.pass_deadline(team)
        for _round in range(3):
            self.settle()
        self.check_wallets("the end")
        # No team was full: what orders took is back.
        for card in self.wallets:
            entries = card.pinbu_entry_ids.filtered(lambda row: row.kind in ("spend", "refund"))
            self.assertEqual(sum(entries.mapped("amount_minor")), 0)
        self.check_ledger()
        days = self.env["pinbu.books.day"]
        days.with_context(
            allowed_company_ids=[company.id for company in self.companies]
        ).action_book_now()
        for company in self.companies:
            check = self.check_books(company)
            self.assertTrue(check.is_ok, check.result)
            minors = [minor for card, minor in self.expected.items() if card.company_id == company]
            total = from_minor(sum(minors), company.currency_id)
            self.assertEqual(
                (check.cards, check.ledger, check.booked, check.liability, check.unbooked),
                (total, total, total, total, 0.0),
            )
            self.assertFalse(
                days.search([("company_id", "=", company.id), ("difference", "!=", 0)])
            )
        # Each row stands in one entry, and each entry holds what its rows come to.
        entries = self.entries.search([("card_id", "in", self.card_ids)])
        self.assertEqual(len(entries.booking_ids), len(entries))
        for move, rows in entries.grouped("move_id").items():
            liability = move.company_id.pinbu_wallet_account_id
            lines = move.line_ids.filtered(lambda line, own=liability: line.account_id == own)
            minor = sum(rows.mapped("amount_minor"))
            self.assertEqual(
                move.currency_id.compare_amounts(
                    -sum(lines.mapped("balance")), from_minor(minor, move.currency_id)
                ),
                0,
            )
            self.assertEqual(len(set(rows.mapped("kind"))), 1)

    def pick(self, of=None):
        """:return: a wallet, and an amount in minor units that it may not have"""
        wallets = [card for card in self.wallets if not of or card.company_id == of]
        return self.random.choice(wallets), self.random.randint(1, 3000)

    def move(self, card, kind, minor):
        """Post, and expect a refusal just when there is not enough.

        :return: whether it was posted
        """
        move = {
            "card_id": card.id,
            "kind": kind,
            "amount_minor": minor,
            "idempotency_key": str(UUID(int=self.random.getrandbits(128))),
        }
        enough = self.expected[card] + minor >= 0
        try:
            with self.env.cr.savepoint():
                card._pinbu_post([move])
        except PinbuError as error:
            self.assertEqual((error.code, enough), ("insufficient_balance", False))
            return False
        self.assertTrue(enough)
        self.expected[card] += minor
        self.posted.append(move)
        return True

    # === OPERATIONS: each says whether it changed anything === #

    def owe_and_grant(self):
        rows = []
        for _number in range(self.random.randint(1, 5)):
            card, minor = self.pick()
            rows.append(
                {
                    "partner_id": card.partner_id.id,
                    "company_id": card.company_id.id,
                    "type": "cash",
                    "reason": "prize",
                    "key": f"storm:{self.random.getrandbits(64)}",
                    "amount_minor": minor,
                }
            )
            self.expected[card] += minor
        owed = self.subsidies._owe(rows)
        # The same is owed once.
        self.assertFalse(self.subsidies._owe(rows))
        self.subsidies._grant_batch(ids=owed.ids)
        self.assertEqual(set(owed.mapped("state")), {"granted"})
        return True

    def take_back(self):
        granted = self.subsidies.search(
            [("reason", "=", "prize"), ("state", "=", "granted")], order="id"
        )
        if not granted:
            return False
        subsidy = self.random.choice(granted)
        card = subsidy.entry_id.card_id
        self.expected[card] -= min(subsidy.amount_minor, self.expected[card])
        subsidy._take_back("storm")
        return True

    def credit(self):
        card, minor = self.pick()
        return self.move(card, self.random.choice(("subsidy", "withdrawal_return")), minor)

    def debit(self):
        card, minor = self.pick()
        return self.move(card, self.random.choice(("take_back", "withdrawal")), -minor)

    def repeat(self):
        """The same number comes in again."""
        if not self.posted:
            return False
        move = self.random.choice(self.posted)
        self.env["loyalty.card"]._pinbu_post([move])
        return True

    def spend_natively(self):
        """As an ordinary order does: a float is taken from a float."""
        card, minor = self.pick()
        currency = card.program_id.currency_id
        enough = self.expected[card] >= minor
        card.invalidate_recordset()
        try:
            with self.env.cr.savepoint():
                card.points -= from_minor(minor, currency)
        except ValidationError:
            self.assertFalse(enough)
            return False
        self.assertTrue(enough)
        self.expected[card] -= minor
        return True

    def correct(self):
        card, minor = self.pick()
        currency = card.program_id.currency_id
        if minor == self.expected[card]:
            return False
        self.env["loyalty.card.update.balance"].create(
            {
                "card_id": card.id,
                "new_balance": from_minor(minor, currency),
                "description": "Storm",
            }
        ).action_update_card_point()
        self.expected[card] = minor
        return True

    def withdraw(self):
        card, minor = self.pick()
        enough = self.expected[card] >= minor
        try:
            with self.env.cr.savepoint():
                self.env["pinbu.withdrawal"]._request(card.partner_id, card.company_id, minor)
        except PinbuError as error:
            self.assertEqual((error.code, enough), ("insufficient_balance", False))
            return False
        self.assertTrue(enough)
        self.expected[card] -= minor
        return True

    def end_withdrawal(self):
        """It is cancelled, fails or is paid; whatever is tried again changes nothing."""
        withdrawals = self.env["pinbu.withdrawal"].search([], order="id")
        if not withdrawals:
            return False
        withdrawal = self.random.choice(withdrawals)
        was_open = withdrawal.state not in ("done", "failed")
        match self.random.choice(("cancel", "fail", "pay")):
            case "cancel":
                withdrawal._cancel()
            case "fail":
                withdrawal._to_failed("not_paid", ("requested", "review", "sent"))
            case _:
                withdrawal._to_done("withdrawal paid")
        if was_open and withdrawal.state == "failed":
            self.expected[withdrawal.debit_entry_id.card_id] += withdrawal.amount_minor
        return was_open

    def order_natively(self):
        """An ordinary order is paid with the wallet, and perhaps cancelled."""
        card, minor = self.pick(self.company)
        price = from_minor(minor, self.company.currency_id)
        order = self.env["sale.order"].create(
            {
                "partner_id": card.partner_id.id,
                "order_line": [(0, 0, {"product_id": self.product.id, "price_unit": price})],
            }
        )
        order.order_line.tax_ids = False
        order._update_programs_and_rewards()
        claimable = order._get_claimable_rewards()
        if card not in claimable:
            self.assertFalse(self.expected[card])
            return False
        order._apply_program_reward(claimable[card], card)
        order.action_confirm()
        spent = min(minor, self.expected[card])
        if self.random.random() < 0.5:
            order._action_cancel()
        else:
            self.expected[card] -= spent
        return True

    def pay_with_wallet(self):
        card, _minor = self.pick(self.company)
        with suppress(PinbuError, UserError), self.env.cr.savepoint():
            order = self.checkout(
                card.partner_id, activity=self.random.choice(self.activities), means=WITH_WALLET
            )
            # Of an order that is come back to, they are there already.
            legs = order.transaction_ids.filtered(
                lambda tx: tx.provider_code == "wallet" and tx not in self.legs
            )
            self.legs += legs
            self.expected[card] -= to_minor(sum(legs.mapped("amount")), self.company.currency_id)
            return bool(legs)
        return False

    def end_order(self):
        """A group-buying order is paid, or lapses; its team will not be full and is refunded."""
        seats = self.env["pinbu.seat"].search([("state", "=", "held")], order="id")
        if not seats:
            return False
        seat = self.random.choice(seats)
        if self.random.random() < 0.5:
            with suppress(PinbuError, UserError), self.env.cr.savepoint():
                self.pay(seat.order_id)
        else:
            self.let_lapse(seat)
        if seat.team_id:
            self.pass_deadline(seat.team_id)
        self.settle()
        return True

    def book(self):
        super().book()
        return True

    def book_now(self):
        """An accountant does not wait for the day's end."""
        self.env["pinbu.books.day"].action_book_now()
        return True

    def close_period(self):
        company = self.random.choice(self.companies)
        day = self.now.date() - timedelta(days=self.random.randint(1, 5))
        if company.fiscalyear_lock_date and company.fiscalyear_lock_date >= day:
            return False
        company.fiscalyear_lock_date = day
        return True

    def check(self):
        # What was paid with a wallet is booked within minutes; here it is days ago.
        self.settle()
        company = self.random.choice(self.companies)
        check = self.check_books(company)
        self.assertTrue(check.is_ok, check.result)
        return True

    # === HELPERS === #

    def check_wallets(self, after):
        """Each wallet and its ledger hold what this storm has reckoned."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT card.id,
                   round(COALESCE(card.points, 0) * 10 ^ currency.decimal_places)::bigint,
                   (SELECT COALESCE(SUM(amount_minor), 0) FROM pinbu_wallet_entry
                     WHERE card_id = card.id)
              FROM loyalty_card card
              JOIN loyalty_program program ON program.id = card.program_id
              JOIN res_currency currency ON currency.id = program.currency_id
             WHERE card.id = ANY(%s)
            """,
            [self.card_ids],
        )
        self.assertEqual(
            {card_id: held for card_id, *held in self.env.cr.fetchall()},
            {card.id: [minor, minor] for card, minor in self.expected.items()},
            f"after {after}",
        )

    def settle(self):
        """Let the schedulers do what is due. What went back into wallets is read from the ledger."""
        before = self.refunded()
        self.skip_delay()
        self.run_schedulers()
        for card, minor in self.refunded().items():
            self.expected[card] += minor - before.get(card, 0)

    def refunded(self):
        """:return: what orders gave back to each wallet so far, in minor units"""
        rows = self.entries.search([("kind", "=", "refund"), ("card_id", "in", self.card_ids)])
        return {
            card: sum(own.mapped("amount_minor")) for card, own in rows.grouped("card_id").items()
        }
