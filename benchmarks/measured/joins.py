"""Many shoppers for places in one team, against as many spread over many teams."""

import time
from concurrent.futures import ThreadPoolExecutor

from odoo.service.model import retrying

from .timing import Result

TEAMS = 2_000
PRODUCTS = 20
CLIENTS = (8, 32)


def joins(shop, options):
    """Claims of places, without the orders that follow: those do not meet."""
    activities = [
        shop.activity(shop.product(f"Crisps {number}"), size=20) for number in range(PRODUCTS)
    ]
    people = iter(shop.shoppers(PRODUCTS + len(CLIENTS) * 2 * (options.joins + max(CLIENTS))))
    spread = []
    for activity in activities:
        team = shop.join(next(people), activity)
        spread += [(activity, twin) for twin in _twins(shop, team, TEAMS // PRODUCTS)]
    for clients in CLIENTS:
        hot = shop.super_team(shop.product(), 10_000)
        rates = []
        for places in ([hot], spread):
            _rate(shop, clients, [(next(people), *places[n % len(places)]) for n in range(clients)])
            jobs = [(next(people), *places[n % len(places)]) for n in range(options.joins)]
            rates.append(_rate(shop, clients, jobs))
        yield Result(
            f"joins of one hot team, {clients} clients",
            f"joins of {TEAMS} teams, {PRODUCTS} products",
            *rates,
            "joins/s",
            ">=",
            0.6,
        )


def _twins(shop, team_id, count):
    """Copies of a team with one paid place, as far as a claim looks.

    :return: their ids
    """
    with shop.request() as env:
        env.cr.execute("SELECT * FROM pinbu_team WHERE id = %s", [team_id])
        columns = [
            column.name for column in env.cr.description if column.name not in ("id", "token")
        ]
        names = ", ".join(columns)
        env.cr.execute(
            f"INSERT INTO pinbu_team (token, {names})"
            f" SELECT md5(random()::text || number), {names}"
            " FROM pinbu_team, generate_series(1, %s) number WHERE id = %s RETURNING id",
            [count, team_id],
        )
        return [row[0] for row in env.cr.fetchall()]


def _rate(shop, clients, jobs):
    """:return: claims per second"""

    def claim(job):
        partner_id, activity_id, team_id = job
        with shop.request() as env:
            activity = env["pinbu.activity"].browse(activity_id)

            def act():
                return env["pinbu.seat"]._claim(
                    env["res.partner"].browse(partner_id),
                    activity,
                    activity.line_ids,
                    1,
                    env["pinbu.team"].browse(team_id),
                )

            return retrying(act, env).id

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        seats = list(pool.map(claim, jobs))
    rate = len(jobs) / (time.perf_counter() - started)
    assert len(set(seats)) == len(jobs)
    return rate
