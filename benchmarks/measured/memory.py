"""Whether a worker that serves many shoppers grows."""

import gc
import resource

from .timing import Result

SIZE = 10


def memory(shop, options):
    """Checkouts and payments in this very process, team after team."""
    activity = shop.activity(shop.product(), size=SIZE)
    teams = options.seats // SIZE
    people = iter(shop.shoppers(teams * SIZE))
    after_warm_up = None
    for number in range(teams):
        team = shop.join(next(people), activity)
        for _place in range(SIZE - 1):
            shop.join(next(people), activity, team)
        if number == teams // 10:
            after_warm_up = _megabytes()
    yield Result(
        f"memory of a worker after {teams * SIZE} seats",
        "after the first tenth of them",
        _megabytes(),
        after_warm_up,
        "MB",
        "<=",
        1.1,
    )


def _megabytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
