"""Whether a ranking takes as long to read among a million seats as among a thousand.

The database is filled by SQL with teams of five, spread over 30 days; then the scheduler's own
queries count them. Who looks is the last one of all. Prints the plans of a read's statements; their
time in multiples of finding a team by its token, beside the same before the filling; and the whole
read beside that of a team. The exit status is 1 when a bound does not hold. In Odoo's environment (`dev/run
env`), on a database of your own that nobody else uses, and that is full of seats afterwards:

    python3 benchmarks/rankings.py --database NAME [--seats 1000000]
"""

import argparse
import sys
import time

from measured.timing import HEADER, Result, interleaved

SIZE = 5
FEW = 1000
ROUNDS = 200
KINDS = ("hottest", "fastest", "inviters")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database", required=True)
    options.add_argument("--seats", type=int, default=1_000_000)
    options = options.parse_args()

    from odoo.tools import config

    config.parse_config(["-d", options.database, "--log-level=error"], setup_logging=True)

    from measured.shop import Shop

    shop = Shop(options.database).set_up()
    activity_id = shop.activity(shop.product())
    results = []
    fill(shop, activity_id, FEW)
    before = measure(shop)
    fill(shop, activity_id, options.seats - FEW)
    after = measure(shop)
    explain(shop)
    print(HEADER)
    for name, (figure, floor, what) in after.items():
        few, few_floor, _what = before[name]
        if name.startswith("GET"):
            results.append(Result(name, what, figure, floor, "ms", "<=", 1.0))
        else:
            # Both as multiples of their floors: the machine may be busier by now.
            few_ratio, ratio = few / few_floor, figure / floor
            floor_name = f"the same with {FEW} seats; the unit is {what}"
            results.append(Result(name, floor_name, ratio, few_ratio, "floors", "<=", 2.0))
    for result in results:
        print(result.line())
    sys.exit(not all(result.holds for result in results))


def fill(shop, activity_id, seats):
    """So many paid seats more, in formed teams, each second member brought by the leader."""
    teams = max(1, seats // SIZE)
    started = time.perf_counter()
    with shop.request() as env:
        activity = env["pinbu.activity"].browse(activity_id)
        values = {
            "activity": activity.id,
            "company": activity.company_id.id,
            "line": activity.line_ids[:1].id,
            "product": activity.line_ids[:1].product_id.id,
            "size": SIZE,
            "teams": teams,
        }
        values["shopper"] = env["res.partner"].create({"name": "Shopper"}).id
        env.flush_all()
        env.cr.execute("SELECT * FROM res_partner LIMIT 0")
        columns = ", ".join(c.name for c in env.cr.description if c.name not in ("id", "barcode"))
        env.cr.execute(
            """
            WITH people AS (
                INSERT INTO res_partner ({columns})
                SELECT {columns} FROM res_partner, generate_series(1, %(teams)s * %(size)s)
                 WHERE id = %(shopper)s
             RETURNING id
            ), numbered AS (
                SELECT id, (row_number() OVER () - 1) / %(size)s AS team,
                       (row_number() OVER () - 1) %% %(size)s AS place
                  FROM people
            ), teams AS (
                INSERT INTO pinbu_team
                       (token, activity_id, company_id, stock_policy, size, seats_taken,
                        seats_paid, merchant_places, state, deadline, opened_at, finished_at,
                        leader_id)
                SELECT md5(random()::text || id), %(activity)s, %(company)s, 'payment', %(size)s,
                       %(size)s, %(size)s, 0, 'formed', clock.opened + interval '1 day',
                       clock.opened, clock.opened + random() * interval '1 day', id
                  FROM numbered, LATERAL (
                       SELECT now() AT TIME ZONE 'UTC' - (team %% 30) * interval '1 day'
                              - random() * interval '1 minute' AS opened) clock
                 WHERE place = 0
             RETURNING id, leader_id, opened_at
            )
            INSERT INTO pinbu_seat
                   (team_id, activity_id, line_id, product_id, quantity, partner_id, company_id,
                    state, is_leader, paid_at, stock_policy, is_counted, is_reserved)
            SELECT teams.id, %(activity)s, %(line)s, %(product)s, 1, member.id, %(company)s,
                   'won', member.place = 0, teams.opened_at, 'payment', TRUE, TRUE
              FROM teams JOIN numbered leader ON leader.id = teams.leader_id
              JOIN numbered member ON member.team = leader.team
            """.replace("{columns}", columns),
            values,
        )
        env.cr.execute(
            """
            INSERT INTO pinbu_invite
                   (partner_id, inviter_id, company_id, joined_at, seat_id, outcome, decided_at,
                    state)
            SELECT seat.partner_id, team.leader_id, seat.company_id, seat.paid_at, seat.id, 'won',
                   team.finished_at, 'earned'
              FROM pinbu_seat seat JOIN pinbu_team team ON team.id = seat.team_id
             WHERE NOT seat.is_leader AND seat.activity_id = %(activity)s AND seat.id %% 2 = 0
                ON CONFLICT DO NOTHING
            """,
            values,
        )
        env.cr.execute(
            """
            INSERT INTO pinbu_ranking_queue (team_id, inviter_id)
            SELECT team.id, NULL FROM pinbu_team team
             WHERE NOT EXISTS (SELECT 1 FROM pinbu_ranking_score WHERE team_id = team.id)
             UNION ALL
            SELECT NULL, invite.inviter_id FROM pinbu_invite invite
             WHERE NOT EXISTS (SELECT 1 FROM pinbu_ranking_score score
                                WHERE score.partner_id = invite.inviter_id
                                  AND score.kind = 'inviters')
             GROUP BY invite.inviter_id
            """
        )
    filled = time.perf_counter()
    counted = 0
    while done := refresh(shop):
        counted += done
    spent = time.perf_counter() - filled
    with shop.request() as env:
        env.cr.execute("ANALYZE")
    print(
        f"{teams * SIZE} seats more in {filled - started:.0f} s; counted {counted} teams and"
        f" inviters anew, {counted / spent:.0f}/s\n",
        flush=True,
    )


def refresh(shop):
    with shop.request() as env:
        return env["pinbu.ranking.score"]._refresh_next()


def measure(shop):
    """:return: ``{what is read: (its median, the floor's, what the floor is)}`` in milliseconds"""
    found = {}
    with shop.request() as env:
        scores = env["pinbu.ranking.score"]
        team = env["pinbu.team"].search([], limit=1)
        token = team.token
        for kind in KINDS:
            for period in ("today", "all"):
                last = scores.search(
                    [("kind", "=", kind), ("period", "=", period)],
                    order="starts_on DESC, sort_key DESC, reached_at DESC, subject_id DESC",
                    limit=1,
                )
                statements = reads(last)

                def find_team(_number):
                    env.cr.execute("SELECT * FROM pinbu_team WHERE token = %s", [token])

                def read(_number, statements=statements):
                    for statement in statements.values():
                        env.cr.execute(statement)

                found[f"statements of {kind}, {period}"] = (
                    *interleaved(find_team, read, ROUNDS),
                    "finding a team by its token",
                )

                def show_team(_number, partner=last.partner_id):
                    env.invalidate_all()
                    team._to_api(partner)

                def show(_number, kind=kind, period=period, partner=last.partner_id):
                    env.invalidate_all()
                    scores._api_ranking(kind, period, 20, partner)

                found[f"GET /rankings {kind}, {period}"] = (
                    *interleaved(show_team, show, ROUNDS // 4),
                    "GET /teams/{token}",
                )
    return found


def reads(last):
    """:return: the statements of a read by whoever is furthest behind: ``{what for: SQL}``"""
    ranking = (
        f"company_id = {last.company_id.id} AND kind = '{last.kind}' AND period = '{last.period}'"
        f" AND starts_on = '{last.starts_on}'"
    )
    order = "ORDER BY sort_key, reached_at, subject_id"
    behind = f"({last.sort_key}, '{last.reached_at}', {last.subject_id})"
    return {
        "The first twenty": f"SELECT id FROM pinbu_ranking_score WHERE {ranking} {order} LIMIT 20",
        "One's own best place": "SELECT id FROM pinbu_ranking_score"
        f" WHERE {ranking} AND partner_id = {last.partner_id.id} {order} LIMIT 1",
        "How many are ahead, up to a thousand": "SELECT count(*) FROM (SELECT 1"
        f" FROM pinbu_ranking_score WHERE {ranking}"
        f" AND (sort_key, reached_at, subject_id) < {behind} LIMIT 1000) ahead",
    }


def explain(shop):
    """Print how the database answers the last of the largest ranking."""
    with shop.request() as env:
        last = env["pinbu.ranking.score"].search(
            [("kind", "=", "hottest"), ("period", "=", "all")],
            order="sort_key DESC, reached_at DESC, subject_id DESC",
            limit=1,
        )
        for title, statement in reads(last).items():
            env.cr.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {statement}")
            print(title)
            print("\n".join(f"    {row[0]}" for row in env.cr.fetchall()), end="\n\n")


if __name__ == "__main__":
    main()
