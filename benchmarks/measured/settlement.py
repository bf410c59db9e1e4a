"""What the schedulers do: formed teams, failed teams, one worker and two."""

import multiprocessing
import statistics
import time
from unittest.mock import patch

import psycopg2

from odoo.sql_db import close_all

from .shop import Shop, plain_order, refunds_answered
from .timing import Result, seconds

TEAM = 100
PRODUCTS = 6


def formed_team(shop, options):
    """A team of 100 whose payments all came at once: confirmed, reserved, let out."""

    def confirm(orders):
        with shop.request() as env:
            env["sale.order"].browse(orders).action_confirm()

    spent, floor = [], []
    for _round in range(options.repeats):
        product = shop.product()
        people = shop.shoppers(TEAM)
        with shop.request() as env:
            orders = env["sale.order"].create([plain_order(product, p) for p in people]).ids
        floor.append(seconds(confirm, orders))
        activity, team = shop.super_team(shop.product(), TEAM)
        for person in people:
            shop.join(person, activity, team)
        spent.append(seconds(shop.settle))
        _check(shop, team, "formed", "sale")
    figures = [statistics.median(times) * 1000 / TEAM for times in (spent, floor)]
    yield Result(
        "settling a formed team of 100, per order",
        "action_confirm of 100 orders",
        *figures,
        "ms",
        "<=",
        0.8,
    )


def failed_team(shop, options):
    """A team of 100 paid, delivered to the gate and booked; then its deadline passes."""
    spent, floor = [], []
    for _round in range(options.repeats):
        people = shop.shoppers(TEAM)
        orders = _paid_plain_orders(shop, shop.product(), people)
        with refunds_answered():
            floor.append(seconds(_cancel_and_refund, shop, orders))
        activity, team = shop.super_team(shop.product(), TEAM + 1)
        for person in people:
            shop.join(person, activity, team)
        shop.settle()
        shop.move_money()
        with shop.request() as env:
            env.cr.execute(
                "UPDATE pinbu_team SET deadline = (clock_timestamp() AT TIME ZONE 'UTC')"
                " WHERE id = %s",
                [team],
            )
        # Deadlines are compared by the second.
        time.sleep(1)
        with refunds_answered():
            spent.append(seconds(_fail, shop))
        _check(shop, team, "settled", "cancel")
    figures = [statistics.median(times) * 1000 / TEAM for times in (spent, floor)]
    yield Result(
        "failing a team of 100, per order",
        "action_cancel of 100, _refund and booking of each",
        *figures,
        "ms",
        "<=",
        1.0,
    )


def _fail(shop):
    shop.close_teams()
    shop.settle()
    shop.move_money()
    shop.settle()


def _paid_plain_orders(shop, product, people):
    """:return: ids of ordinary orders, confirmed, paid and booked"""
    with shop.request() as env:
        orders = env["sale.order"].create([plain_order(product, person) for person in people])
        orders.action_confirm()
        provider = env["payment.transaction"]._pinbu_provider(env.company)
        transactions = env["payment.transaction"].create(
            [
                {
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids[:1].id,
                    "reference": f"{order.name}-1",
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "operation": "online_direct",
                    "sale_order_ids": order.ids,
                }
                for order in orders
            ]
        )
        transactions._set_done()
        # Its mail wants a PDF, which not every machine can make.
        with patch.object(type(orders), "_send_payment_succeeded_for_order_mail", lambda _o: None):
            transactions._post_process()
        return orders.ids


def _cancel_and_refund(shop, order_ids):
    with shop.request() as env:
        env["sale.order"].browse(order_ids).action_cancel()
    with shop.request() as env:
        for transaction in env["sale.order"].browse(order_ids).transaction_ids:
            transaction._refund()
            # A request to a provider is not made twice because a later one fails.
            env.cr.commit()
    with shop.request() as env:
        env["payment.transaction"]._cron_post_process()


def _check(shop, team_id, state, order_state):
    """What was measured must have been done."""
    with shop.request() as env:
        team = env["pinbu.team"].browse(team_id)
        orders = team.seat_ids.order_id
        refunds = orders.transaction_ids.filtered(lambda tx: tx.operation == "refund")
        assert team.state == state, team.state
        assert set(orders.mapped("state")) == {order_state}, orders.mapped("state")
        assert not env["pinbu.settlement"].search_count([])
        if state == "formed":
            assert set(orders.picking_ids.mapped("state")) == {"assigned"}
            assert not any(orders.picking_ids.mapped("pinbu_is_gated"))
        else:
            assert len(refunds) == TEAM and all(refunds.mapped("is_post_processed"))


# === TWO WORKERS === #


def two_workers(shop, options):
    """The same formed orders, in two copies of the database: one worker, then two."""
    database = shop.registry.db_name
    _form_orders(shop, options.orders)
    shop.make_due()
    copies = [f"{database}_one", f"{database}_two"]
    del shop.registry
    close_all()
    try:
        for copy in copies:
            _execute(f'CREATE DATABASE "{copy}" TEMPLATE "{database}"')
        rates = []
        for copy, workers in zip(copies, ([(0, 1)], [(0,), (1,)]), strict=True):
            rates.append(options.orders / _run_workers(copy, workers))
    finally:
        for copy in copies:
            _execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        shop.registry = Shop(database).registry
    yield Result(
        f"settling {options.orders} orders, two workers",
        "one worker",
        rates[1],
        rates[0],
        "orders/s",
        ">=",
        1.6,
    )


def _form_orders(shop, count):
    """Full teams of 20 over several products, paid and not settled."""
    size = 20
    teams = count // size
    activities = [
        shop.activity(shop.product(f"Crisps {number}"), size=size) for number in range(PRODUCTS)
    ]
    people = iter(shop.shoppers(teams * size))
    for number in range(teams):
        activity = activities[number % PRODUCTS]
        team = shop.join(next(people), activity)
        for _place in range(size - 1):
            shop.join(next(people), activity, team)


def _run_workers(database, workers):
    """:param workers: for each process the shards that it settles
    :return: seconds from a common start to the end of the last one
    """
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(len(workers) + 1)
    processes = [
        context.Process(target=_work, args=(database, shards, ready)) for shards in workers
    ]
    for process in processes:
        process.start()
    ready.wait()

    def join():
        for process in processes:
            process.join()

    spent = seconds(join)
    assert not any(process.exitcode for process in processes)
    shop = Shop(database)
    with shop.request() as env:
        assert not env["pinbu.settlement"].search_count([])
    del shop
    close_all()
    return spent


def _work(database, shards, ready):
    shop = Shop(database)
    with shop.request() as env:
        env.cr.execute("SELECT 1")
    ready.wait()
    shop.work_off(shards)


def _execute(statement):
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
