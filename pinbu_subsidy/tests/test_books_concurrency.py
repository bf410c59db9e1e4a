import random
import threading
from functools import partial
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.service import model as service_model
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits
from odoo.addons.pinbu_groupbuy.transactions import short_transaction

from .books_common import LEDGER_CLOCK

SHOPPERS = 4
SHOPPERS_AT_ONCE = 4
OPERATIONS = 25
# Rows come in for days that are booked already.
SOME_DAY = SQL(
    "(clock_timestamp() AT TIME ZONE 'UTC' - (1 + floor(random() * 5)) * interval '1 day')"
)


@tagged("post_install", "-at_install")
class TestBooksConcurrency(TransactionCase):
    """Wallets move while they are booked, on real cursors and committed data."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self.registry.cursor() as cr:
            env = self._env(cr)
            self.company_id = env.company.id
            env.company._pinbu_set_up_books()
            partners = env["res.partner"].create([{"name": f"Storm {n}"} for n in range(SHOPPERS)])
            self.partner_ids = partners.ids
            wallets = env.company._pinbu_wallets(partners, create=True)
            self.card_ids = [card.id for card in wallets.values()]
        clock = patch(LEDGER_CLOCK, SOME_DAY)
        clock.start()
        self.addCleanup(clock.stop)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            mine = "SELECT id FROM pinbu_wallet_entry WHERE card_id = ANY(%s)"
            cr.execute(
                f"SELECT DISTINCT move_id FROM pinbu_wallet_booking WHERE entry_id IN ({mine})",
                [self.card_ids],
            )
            moves = env["account.move"].browse(row[0] for row in cr.fetchall())
            moves.button_draft()
            moves.with_context(force_delete=True).unlink()
            env["pinbu.books.check"].search([("company_id", "=", self.company_id)]).unlink()
            env.flush_all()
            # What protects the ledger also stands in the way of a test's clean-up.
            cr.execute("ALTER TABLE pinbu_wallet_entry DISABLE TRIGGER USER")
            cr.execute("DELETE FROM pinbu_wallet_entry WHERE card_id = ANY(%s)", [self.card_ids])
            cr.execute("DELETE FROM loyalty_card WHERE id = ANY(%s)", [self.card_ids])
            cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cr.execute("ALTER TABLE pinbu_wallet_entry ENABLE TRIGGER USER")
            env.invalidate_all()
            env["res.partner"].browse(self.partner_ids).unlink()

    def _request(self, work):
        """One request of its own transaction, repeated by Odoo when it fails to serialise."""
        with self.registry.cursor() as cr:
            env = self._env(cr)
            try:
                service_model.retrying(lambda: work(env), env)
            except PinbuError as error:
                cr.rollback()
                self.assertEqual(error.code, "insufficient_balance")

    def _shop(self, seed):
        """One shopper after the other, from here and there."""
        chance = random.Random(seed)

        def post(card_id, minor, number, env):
            with short_transaction(env) as cr:
                env["loyalty.card"]._pinbu_post(
                    [
                        {
                            "card_id": card_id,
                            "kind": "subsidy" if minor > 0 else "withdrawal",
                            "amount_minor": minor,
                            "idempotency_key": f"storm:{seed}:{number}",
                        }
                    ],
                    cr=cr,
                )

        def add(card_id, minor, env):
            env["loyalty.card"].browse(card_id).points += abs(minor) / 100

        for number in range(OPERATIONS):
            card_id, minor = chance.choice(self.card_ids), chance.randint(-300, 500) or 1
            if chance.random() < 0.3:
                self._request(partial(add, card_id, minor))
            else:
                self._request(partial(post, card_id, minor, number))

    def _book(self, until):
        """The scheduler, again and again."""
        while not until.wait(0.05):
            with self.registry.cursor() as cr:
                self._env(cr)["pinbu.wallet.booking"]._cron_book()

    def _at_once(self, *works):
        failures = []

        def run(work):
            try:
                work()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(failures, [])

    def _shop_while_booking(self, bookers):
        over = threading.Event()
        shoppers = threading.Barrier(SHOPPERS_AT_ONCE, action=over.set)

        def shop(seed):
            try:
                self._shop(seed)
            finally:
                shoppers.wait(120)

        with mute_logger("odoo.sql_db"), short_waits():
            self._at_once(
                *(partial(shop, seed) for seed in range(SHOPPERS_AT_ONCE)),
                *[partial(self._book, over)] * bookers,
            )

    def _check(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            company = env["res.company"].browse(self.company_id)
            checks = env["pinbu.books.check"]
            # What two of them booked at once was nobody's trouble.
            self.assertFalse(checks._last(company).findings)
            env["pinbu.wallet.booking"]._cron_book()
            check = checks._check(company)
            self.assertTrue(check.is_ok, check.result)
            self.assertGreater(check.booked, 0)
            self.assertEqual(check.unbooked, 0)
            self.assertEqual({check.cards, check.ledger, check.booked}, {check.liability})
            rows = env["pinbu.wallet.entry"].search([("card_id", "in", self.card_ids)])
            self.assertEqual(len(rows.booking_ids), len(rows))

    def test_rows_come_in_while_the_books_are_kept(self):
        self._shop_while_booking(1)
        self._check()

    def test_two_book_at_once(self):
        self._shop_while_booking(2)
        self._check()

    def test_a_scheduler_that_is_killed_half_way(self):
        self._shop(1)
        bookings = self.registry["pinbu.wallet.booking"]
        original = bookings._link

        def killed(records, move, entry_ids):
            # The entry is posted, and the process gone before it could say what the entry holds.
            raise KeyboardInterrupt

        with patch.object(bookings, "_link", killed), self.assertRaises(KeyboardInterrupt):
            with self.registry.cursor() as cr:
                self._env(cr)["pinbu.wallet.booking"]._cron_book()
        steps = []

        def later(records, move, entry_ids):
            if steps:
                raise KeyboardInterrupt
            steps.append(move)
            return original(records, move, entry_ids)

        with patch.object(bookings, "_link", later), self.assertRaises(KeyboardInterrupt):
            with self.registry.cursor() as cr:
                self._env(cr)["pinbu.wallet.booking"]._cron_book()
        self._check()
