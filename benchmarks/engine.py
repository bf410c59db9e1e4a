"""What the group-buying engine costs, beside what Odoo itself costs in the same run.

Each line is a ratio with a bound; the exit status is 1 when a bound does not hold. `make bench`
builds a database for it and drops that again. In Odoo's environment (`dev/run env`), on a database
of your own that nobody else uses, and that is full of orders afterwards:

    python3 benchmarks/engine.py --database NAME [--only checkouts,notices]
"""

import argparse
import sys

from measured.timing import HEADER


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database", required=True)
    options.add_argument("--only", default="", help="names of measures, commas between")
    options.add_argument("--rounds", type=int, default=100, help="of checkouts and notices")
    options.add_argument("--repeats", type=int, default=3, help="of teams of 100")
    options.add_argument("--joins", type=int, default=1000, help="for each number of clients")
    options.add_argument("--orders", type=int, default=2000, help="for one worker and for two")
    options.add_argument("--teams", type=int, default=1000, help="that fail in one second")
    options.add_argument("--seats", type=int, default=10_000, help="for a worker's memory")
    options = options.parse_args()

    from odoo.tools import config

    config.parse_config(["-d", options.database, "--log-level=error"], setup_logging=True)
    config["db_maxconn"] = 100

    from measured import grants, joins, memory, requests, settlement
    from measured.shop import Shop

    # Two workers come late: their copies of the database hold whatever was made before.
    measures = {
        function.__name__: function
        for function in (
            requests.checkouts,
            requests.notices,
            settlement.formed_team,
            settlement.failed_team,
            joins.joins,
            settlement.two_workers,
            memory.memory,
            grants.grants,
        )
    }
    chosen = options.only.split(",") if options.only else measures
    if unknown := set(chosen) - measures.keys():
        raise SystemExit(f"No measure {', '.join(unknown)}; there are {', '.join(measures)}.")

    shop = Shop(options.database).set_up()
    print(HEADER, flush=True)
    results = []
    for name in chosen:
        for result in measures[name](shop, options):
            print(result.line(), flush=True)
            results.append(result)
    sys.exit(not all(result.holds for result in results))


if __name__ == "__main__":
    main()
