"""Rivals on cursors of their own, with committed data: what no savepoint can show."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest.mock import patch

from psycopg2.errors import DeadlockDetected

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.tests import BaseCase, get_db_name
from odoo.tools import mute_logger

from ..exceptions import PinbuError
from ..models.pinbu_settlement import SHARDS
from .common import GroupBuyMixin
from .invariants import assert_invariants, assert_money, assert_settled

# So many requests run at the same time; each takes two connections.
THREADS = 24

# What a test leaves behind, children first.
TABLES = (
    "pinbu_transition",
    "pinbu_settlement",
    "pinbu_seat",
    "pinbu_team",
)


def short_waits():
    """Odoo waits for seconds before it repeats a request that failed to serialise."""
    return patch.object(
        service_model,
        "random",
        SimpleNamespace(uniform=lambda low, high: random.uniform(low, high) / 10),
    )


class ConcurrentCase(GroupBuyMixin, BaseCase):
    """Tests whose data is committed, and taken away again at the end."""

    rivals = 8

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.cr = None
        cls.open_cr = cls.registry.cursor()
        cls.addClassCleanup(cls.open_cr.close)
        cls.env = api.Environment(cls.open_cr, SUPERUSER_ID, {"mail_notrack": True})
        cls.env["ir.cron"].search([("cron_name", "like", "Group-buying")]).active = False
        cls.addClassCleanup(cls.clean)
        cls.set_up_shop()
        cls.people = cls.env["res.partner"].create(
            [
                {"name": f"Rival {number}", "street": "1 Lane", "city": "Shanghai"}
                for number in range(cls.rivals)
            ]
        )
        cls.open_cr.commit()

    @classmethod
    def clean(cls):
        cls.open_cr.rollback()
        cls.env.invalidate_all()
        cls.clean_teams()
        cls.env["pinbu.activity"].search([("name", "=", "Three bags of crisps")]).unlink()
        cls.provider.write({"state": "disabled", "is_published": False})
        cls.env["ir.cron"].with_context(active_test=False).search(
            [("cron_name", "like", "Group-buying")]
        ).active = True
        cls.open_cr.commit()

    @classmethod
    def clean_teams(cls):
        """Delete all teams and seats with all that came of them, and free the quotas."""
        env = cls.env
        orders = env["pinbu.seat"].search([]).order_id
        transactions = orders.transaction_ids
        cls.open_cr.execute(
            "UPDATE stock_move SET pinbu_seat_id = NULL WHERE pinbu_seat_id IS NOT NULL"
        )
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in TABLES:
            cls.open_cr.execute(f"DELETE FROM {table}")
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cls.open_cr.execute("UPDATE pinbu_activity_line SET quota_taken = 0")
        env.invalidate_all()
        payments = transactions.payment_id
        # What was booked goes as it came: nothing of it is of this test database's story.
        payments.action_draft()
        payments.move_id.with_context(force_delete=True).unlink()
        payments.unlink()
        transactions.unlink()
        orders._action_cancel()
        pickings = orders.picking_ids
        pickings.move_ids.unlink()
        pickings.unlink()
        orders.unlink()
        cls.open_cr.commit()
        env.invalidate_all()

    # === RIVALS === #

    def at_once(self, function, arguments):
        """Call `function(env, argument)` for each argument, each in a transaction of its own as a
        request would run, in many threads that start together. What they share of this test's own
        environment must be read before.

        Odoo would repeat a request that met a deadlock, a second later; here it is a failure.

        :return: for each its result, or the PinbuError's code; any other error is raised
        """
        arguments = list(arguments)
        if not arguments:
            return []
        threads = min(THREADS, len(arguments))
        barrier = threading.Barrier(threads)
        arrived = threading.local()
        deadlocks = []

        def attempt(env, argument):
            try:
                return function(env, argument)
            except DeadlockDetected as error:
                deadlocks.append(str(error))
                raise

        def request(argument):
            if not getattr(arrived, "is_here", False):
                arrived.is_here = True
                barrier.wait(timeout=20)
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                try:
                    return service_model.retrying(lambda: attempt(env, argument), env)
                except PinbuError as error:
                    cr.rollback()
                    return error.code

        # Rivals who fail to serialise are what this is about: Odoo repeats them.
        with mute_logger("odoo.sql_db"), short_waits(), ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(request, arguments))
        self.assertFalse(deadlocks)
        self.look_again()
        return results

    def slow(self, model, method):
        """Let a moment pass before this method, so that rivals come in between."""
        original = getattr(self.registry[model], method)

        def slow(records, *args, **kwargs):
            time.sleep(0.05)
            return original(records, *args, **kwargs)

        return patch.object(self.registry[model], method, slow)

    def look_again(self):
        """See what was committed since."""
        self.env.cr.rollback()
        self.env.invalidate_all()

    def committed(self, function):
        """:return: the result of `function(env)`, committed"""
        return self.at_once(lambda env, _argument: function(env), [None])[0]

    def sql(self, query, *params):
        """Change the database behind everybody's back, as time does."""
        self.open_cr.rollback()
        self.open_cr.execute(query, params)
        self.open_cr.commit()
        self.env.invalidate_all()

    def check_invariants(self):
        self.look_again()
        assert_invariants(self.open_cr)

    # === WHAT A REQUEST DOES === #

    def checking_out(self, team=None, activity=None, **kwargs):
        """:return: a function for `at_once`, from a shopper's id to that of the order"""
        activity = activity or (team and team.activity_id) or self.activity
        product = activity.line_ids[:1].product_id

        def check_out(env, shopper_id):
            order, _created = env["pinbu.seat"]._checkout(
                env["res.partner"].browse(shopper_id),
                activity.with_env(env),
                product.with_env(env),
                team=team and team.with_env(env),
                **kwargs,
            )
            return order.id

        return check_out

    @staticmethod
    def start_payment(env, order_id):
        return env["sale.order"].browse(order_id)._pinbu_start_payment().id

    @staticmethod
    def notify(env, transaction_id):
        """The provider's notice that a payment is done."""
        env["payment.transaction"].browse(transaction_id)._set_done()

    def pay_all(self, order_ids):
        """Pay these orders at once, as their shoppers would. :return: the transactions' ids"""
        transaction_ids = self.at_once(self.start_payment, order_ids)
        self.at_once(self.notify, transaction_ids)
        return transaction_ids

    def seats_of(self, order_ids):
        return self.env["pinbu.seat"].search([("order_id", "in", order_ids)])

    def open_team(self, leader, activity=None, **kwargs):
        """:return: a committed team with one paying member"""
        [order_id] = self.at_once(self.checking_out(activity=activity, **kwargs), [leader.id])
        self.pay_all([order_id])
        return self.seats_of([order_id]).team_id

    # === SCHEDULERS === #

    def scheduler(self, name):
        """Run one of the scheduled actions in a process of its own: ``close``, ``money`` or
        ``settle``. Nothing repeats it, and no error may leave it."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if name == "close":
                env["pinbu.settlement"]._cron_close_teams()
            elif name == "money":
                env["payment.transaction"]._cron_move_money()
            else:
                for shard in range(SHARDS):
                    env["pinbu.settlement"]._cron_settle(shard)

    def in_processes(self, number, *names):
        """Run each of these schedulers so many times at once, one name after the other."""
        with mute_logger("odoo.sql_db"), ThreadPoolExecutor(number) as pool:
            for name in names:
                list(pool.map(self.scheduler, [name] * number))
        self.look_again()

    def settle_all(self, processes=1):
        """Run the schedulers until nothing is left to do, and check that all is as it must be."""
        with self.refunds_answered():
            for _round in range(10):
                self.in_processes(processes, "close", "settle", "money")
                # What waits a moment for a place elsewhere, or for its next try.
                self.sql("UPDATE pinbu_settlement SET due_at = '2020-01-01'")
                self.open_cr.execute("SELECT count(*) FROM pinbu_settlement")
                if not self.open_cr.fetchone()[0]:
                    break
        self.look_again()
        assert_settled(self.open_cr)
        assert_money(self.env, self.env["pinbu.seat"].search([]).order_id)
