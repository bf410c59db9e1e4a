"""What judging adds to a checkout when a million events are there already.

The database is filled by SQL with events of 100,000 shoppers, spread over 30 days, a part of them
behind one busy address. Checkouts that are judged by the shipped rules then take turns with checkouts
of which no rule is asked, and which nobody writes down: of newcomers with an address of their own, of
newcomers behind the busy address, and of shoppers who have won a team of two with a friend. The same is
done before the filling, to compare how many statements judging adds. The exit status is 1 when a bound does not hold. In Odoo's environment
(`dev/run env`), on a database of your own that nobody else uses, and that is full of events afterwards:

    python3 benchmarks/risk.py --database NAME [--events 1000000] [--rounds 100]
"""

import argparse
import statistics
import sys
import time
from typing import NamedTuple

from measured.timing import HEADER, Result, interleaved

WARM_UP = 10
# Before the filling.
FEW = 1000
SHOPPERS = 100_000
CARRIER = "198.51.100.7"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database", required=True)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=100)
    options = options.parse_args()

    from odoo.tools import config

    config.parse_config(["-d", options.database, "--log-level=error"], setup_logging=True)

    from measured.shop import Shop

    shop = Shop(options.database).set_up()
    activity_id, team_id = shop.super_team(shop.product(), 10_000)
    checkouts = Checkouts(shop, activity_id, team_id)
    fill(shop, activity_id, FEW)
    few = {kind: checkouts.statements_added(kind) for kind in KINDS}
    fill(shop, activity_id, options.events - FEW)
    print(HEADER)
    results = []
    for kind in KINDS:
        judged, unjudged = checkouts.pair(kind, options.rounds)
        interleaved(unjudged, judged, WARM_UP)
        figure, floor = interleaved(unjudged, judged, options.rounds)
        subject = f"checkout of {kind.name}, judged"
        results.append(Result(subject, "the same, not judged", figure, floor, "ms", "<=", 1.1))
        results.append(
            Result(
                f"statements added, {kind.name}",
                f"the same with {FEW} events",
                checkouts.statements_added(kind),
                few[kind],
                "statements",
                "<=",
                # Behind a busy address newcomers are looked at: one statement opens their case.
                (few[kind] + 1) / few[kind] if kind.address else 1.0,
            )
        )
    for result in results:
        print(result.line())
    sys.exit(not all(result.holds for result in results))


class Kind(NamedTuple):
    """Who checks out."""

    name: str
    address: str | None = None  # none: of each shopper's own
    has_won: bool = False


KINDS = (
    Kind("a newcomer"),
    Kind("one behind a busy address", address=CARRIER),
    Kind("one who has won", has_won=True),
)


class Checkouts:
    """Joins of one large team, each by a shopper who is new to it."""

    def __init__(self, shop, activity_id, team_id):
        self.shop = shop
        self.activity_id = activity_id
        self.team_id = team_id
        self.number = 0
        self.pairs_id = shop.activity(shop.product(), size=2)

    def pair(self, kind, rounds):
        """:return: functions of a round's number: (judged, not judged)"""
        shoppers = {
            is_judged: iter(self._shoppers(kind, rounds + WARM_UP)) for is_judged in (True, False)
        }
        return tuple(
            lambda _number, is_judged=is_judged: self._check_out(
                next(shoppers[is_judged]), kind.address, is_judged
            )
            for is_judged in (True, False)
        )

    def _shoppers(self, kind, count):
        """:return: ids of an even number of shoppers"""
        shoppers = self.shop.shoppers(count + count % 2)
        if kind.has_won:
            for leader, friend in zip(shoppers[::2], shoppers[1::2], strict=True):
                self.shop.join(friend, self.pairs_id, self.shop.join(leader, self.pairs_id))
            self.shop.settle()
        return shoppers

    def statements_added(self, kind):
        """:return: how many more statements a judged checkout makes, on all connections"""
        from odoo import sql_db

        judged, unjudged = self.pair(kind, WARM_UP)

        def count(function):
            counts = []
            for number in range(2 * WARM_UP):
                before = sql_db.sql_counter
                function(number)
                counts.append(sql_db.sql_counter - before)
            return statistics.median(counts)

        return count(judged) - count(unjudged)

    def _check_out(self, partner_id, address, is_judged):
        self.number += 1
        own = f"203.0.{self.number // 250 % 250}.{self.number % 250}"
        with self.shop.request() as env:
            env = env(
                context={
                    "pinbu_address": address or own,
                    "pinbu_device": f"phone of {partner_id}",
                    "pinbu_delivery_id": partner_id,
                    "pinbu_rules_down": not is_judged,
                }
            )
            activity = env["pinbu.activity"].browse(self.activity_id)
            env["pinbu.seat"]._checkout(
                env["res.partner"].browse(partner_id),
                activity,
                activity.line_ids.product_id,
                team=env["pinbu.team"].browse(self.team_id),
            )


def fill(shop, activity_id, events):
    """So many events more, in the order of their time, as a shop writes them down. One in twenty came
    from the busy address, and as many of the last hour as of any other."""
    from odoo.addons.pinbu_risk.facts import mark

    started = time.perf_counter()
    with shop.request() as env:
        env.cr.execute(
            """
            INSERT INTO pinbu_risk_event
                   (kind, outcome, company_id, partner_ref, activity_ref, address_prefix, address,
                    device, phone, delivery, is_newcomer, account_age_hours, create_date)
            SELECT (ARRAY['open', 'join', 'join', 'join', 'login', 'login', 'registration',
                          'unpaid', 'subsidy', 'withdrawal'])[1 + n %% 10],
                   CASE WHEN n %% 50 = 0 THEN 'refused' ELSE 'allowed' END,
                   %(company)s, 100000000 + shopper, %(activity)s, '198.51.0.0/16',
                   CASE WHEN n %% 20 = 0 THEN %(busy)s ELSE left(md5('a' || shopper / 3), 32) END,
                   md5('d' || shopper), md5('p' || shopper), md5('h' || shopper / 2),
                   n %% 3 = 0, (random() * 1000)::int,
                   now() AT TIME ZONE 'UTC' - interval '30 days' * (1 - n / %(events)s::float)
              FROM (SELECT n, (random() * %(shoppers)s)::int AS shopper
                      FROM generate_series(1, %(events)s) n) made
          ORDER BY n
            """,
            {
                "company": env.company.id,
                "activity": activity_id,
                "busy": mark(env, "address", CARRIER),
                "shoppers": SHOPPERS,
                "events": events,
            },
        )
    with shop.request() as env:
        env.cr.execute("ANALYZE")
    print(f"{events} events more in {time.perf_counter() - started:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
