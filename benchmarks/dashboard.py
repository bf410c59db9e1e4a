"""Whether the dashboard shows a month of a million seats in under a second.

The database is filled by SQL with teams of five of several activities, spread over 60 days, with an
order for each seat. Then the scheduler counts the days that are over, and the dashboard is asked
for each of its periods as a marketing person would. Prints the seconds of each, and of the same
month when no day is counted (as right after the installation). The exit status is 1 when a counted
period takes a second or more. In Odoo's environment (`dev/run env`), on a database of your own that
nobody else uses, and that is full of seats afterwards:

    python3 benchmarks/dashboard.py --database NAME [--seats 1000000]
"""

import argparse
import statistics
import sys
import time

SIZE = 5
DAYS = 60
ACTIVITIES = 20
ROUNDS = 5
LIMIT = 1.0


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database", required=True)
    options.add_argument("--seats", type=int, default=1_000_000)
    options = options.parse_args()

    from odoo.tools import config

    config.parse_config(["-d", options.database, "--log-level=error"], setup_logging=True)

    from measured.shop import Shop

    shop = Shop(options.database).set_up()
    fill(shop, options.seats)
    uncounted = ask(shop, "month", 1)
    started = time.perf_counter()
    with shop.request() as env:
        env.cr.execute("DELETE FROM pinbu_activity_day")
        env["pinbu.activity.day"]._cron_count()
    print(f"Counting the days that are over: {time.perf_counter() - started:.1f} s")
    print(f"A month of which no day is counted: {uncounted:.2f} s\n")
    slow = False
    for period in ("today", "yesterday", "week", "month"):
        spent = ask(shop, period, ROUNDS)
        slow |= spent >= LIMIT
        print(f"{period:<10} {spent:6.3f} s  {'ok' if spent < LIMIT else 'NOT OK'}")
    sys.exit(slow)


def fill(shop, seats):
    product = shop.product()
    activity_ids = [shop.activity(product, allow_overlap=True) for _ in range(ACTIVITIES)]
    started = time.perf_counter()
    with shop.request() as env:
        # Nothing that is made here refers to what is not there; looking would take most of the time.
        env.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if env.cr.fetchone()[0]:
            env.cr.execute("SET LOCAL session_replication_role = replica")
        activities = env["pinbu.activity"].browse(activity_ids)
        env.cr.execute(
            "UPDATE pinbu_activity SET starts_at = starts_at - interval '70 days' WHERE id = ANY(%s)",
            [activity_ids],
        )
        partner = env["res.partner"].create({"name": "Shopper"})
        order = env["sale.order"].create({"partner_id": partner.id})
        env.flush_all()
        values = {
            "activities": activity_ids,
            "company": env.company.id,
            "lines": activities.line_ids.ids,
            "product": product,
            "size": SIZE,
            "days": DAYS,
            "teams": seats // SIZE,
            "partner": partner.id,
            "order": order.id,
        }
        env.cr.execute(
            f"""
            CREATE TEMP TABLE people AS WITH made AS (
                INSERT INTO res_partner ({columns(env, "res_partner", "barcode")})
                SELECT {columns(env, "res_partner", "barcode")}
                  FROM res_partner, generate_series(1, %(teams)s * %(size)s / 2)
                 WHERE id = %(partner)s RETURNING id
            ) SELECT id, row_number() OVER () - 1 AS number FROM made;
            CREATE TEMP TABLE orders AS WITH made AS (
                INSERT INTO sale_order ({columns(env, "sale_order", "access_token")}, amount_total)
                SELECT {columns(env, "sale_order", "access_token")}, 19.9
                  FROM sale_order, generate_series(1, %(teams)s * %(size)s)
                 WHERE id = %(order)s RETURNING id
            ) SELECT id, row_number() OVER () - 1 AS number FROM made;
            CREATE TEMP TABLE teams AS WITH made AS (
                INSERT INTO pinbu_team
                       (token, activity_id, company_id, stock_policy, size, seats_taken,
                        seats_paid, merchant_places, state, deadline, opened_at, finished_at,
                        leader_id)
                SELECT md5(random()::text || numbered.number),
                       (%(activities)s::int[])[
                           1 + numbered.number %% cardinality(%(activities)s::int[])],
                       %(company)s, 'payment', %(size)s, %(size)s, %(size)s, 0,
                       CASE WHEN numbered.number %% 4 = 0 THEN 'settled' ELSE 'shipped' END,
                       opened + interval '1 day', opened, opened + random() * interval '8 hours',
                       people.id
                  FROM (SELECT number, now() AT TIME ZONE 'UTC' - interval '1 day'
                               * %(days)s * (1 - (number + 1) / %(teams)s::float) AS opened
                          FROM generate_series(0, %(teams)s - 1) number) numbered
                  JOIN people ON people.number = numbered.number * %(size)s
                                 %% (%(teams)s * %(size)s / 2)
                 ORDER BY numbered.number
             RETURNING id, activity_id, opened_at, state
            ) SELECT *, row_number() OVER () - 1 AS number FROM made;
            ANALYZE people; ANALYZE orders; ANALYZE teams;
            INSERT INTO pinbu_seat
                   (team_id, activity_id, line_id, product_id, quantity, partner_id, company_id,
                    order_id, state, is_leader, paid_at, create_date, stock_policy, is_counted,
                    is_reserved)
            SELECT teams.id, teams.activity_id, (%(lines)s::int[])[1], %(product)s, 1, people.id,
                   %(company)s, orders.id,
                   CASE WHEN teams.state = 'settled' THEN 'lost' ELSE 'won' END, place = 0,
                   teams.opened_at, teams.opened_at, 'payment', TRUE, TRUE
              FROM teams CROSS JOIN generate_series(0, %(size)s - 1) place
              JOIN orders ON orders.number = teams.number * %(size)s + place
              JOIN people ON people.number = (teams.number * %(size)s + place)
                             %% (%(teams)s * %(size)s / 2)
             ORDER BY teams.number;
            """,
            values,
        )
        if "pinbu.subsidy" in env:
            env.cr.execute(
                """
                INSERT INTO pinbu_subsidy
                       (seat_id, key, partner_id, company_id, activity_id, team_id, type,
                        amount_minor, amount, reason, state, due_at, granted_at,
                        withdraw_after_wins)
                SELECT seat.id, 'bench', seat.partner_id, seat.company_id, seat.activity_id,
                       seat.team_id, 'cash', 100, 1, 'team_failed', 'granted', seat.paid_at,
                       seat.paid_at, 0
                  FROM pinbu_seat seat WHERE seat.state = 'lost' ORDER BY seat.id
                    ON CONFLICT DO NOTHING
                """
            )
            env.cr.execute(
                """
                INSERT INTO pinbu_invite (partner_id, inviter_id, company_id, joined_at, state)
                SELECT seat.partner_id, leader.partner_id, seat.company_id, seat.paid_at, 'joined'
                  FROM pinbu_seat seat JOIN pinbu_seat leader
                    ON leader.team_id = seat.team_id AND leader.is_leader
                 WHERE NOT seat.is_leader AND seat.partner_id != leader.partner_id
              ORDER BY seat.id ON CONFLICT DO NOTHING
                """
            )
    with shop.registry.cursor() as cr:
        cr.execute("ANALYZE")
    print(f"{seats} seats over {DAYS} days in {time.perf_counter() - started:.0f} s", flush=True)


def columns(env, table, *without):
    """:return: the names of a table's columns, to copy a row of it"""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND column_name != ALL(%s) ORDER BY 1",
        [table, ["id", "amount_total", *without]],
    )
    return ", ".join(f'"{name}"' for (name,) in env.cr.fetchall())


def ask(shop, period, times):
    """:return: the median of the seconds that the dashboard takes"""
    spent = []
    for _round in range(times):
        with shop.request() as env:
            started = time.perf_counter()
            env["pinbu.dashboard"].get_dashboard(period)
            spent.append(time.perf_counter() - started)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
