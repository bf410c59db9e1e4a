"""What a shopper and a provider wait for: a checkout, a payment notice."""

from .shop import plain_order
from .timing import Result, interleaved

WARM_UP = 5


def checkouts(shop, options):
    """A checkout against a plain draft sale order of the same product for an equal partner."""
    product = shop.product()
    activity = shop.activity(product, size=20)
    rounds = options.rounds + WARM_UP
    buyers, openers, joiners = (iter(shop.shoppers(rounds)) for _ in range(3))
    team_activity, team = shop.super_team(shop.product(), 10_000)

    def plain(_number):
        with shop.request() as env:
            env["sale.order"].create(plain_order(product, next(buyers)))

    def opening(_number):
        shop.check_out(next(openers), activity)

    def joining(_number):
        shop.check_out(next(joiners), team_activity, team)

    for subject, act in (("checkout that joins a team", joining), ("... that opens one", opening)):
        buyers = iter(shop.shoppers(rounds))
        interleaved(plain, act, WARM_UP)
        figure, floor = interleaved(plain, act, options.rounds)
        yield Result(subject, "one plain draft order", figure, floor, "ms", "<=", 1.0)


def notices(shop, options):
    """A payment notice, with its commit and the team's count, against one plain confirmation."""
    product = shop.product()
    activity, team = shop.super_team(product, 1_000)
    rounds = options.rounds + WARM_UP
    people = shop.shoppers(rounds)
    paid = [shop.start_payment(shop.check_out(person, activity, team)) for person in people]
    with shop.request() as env:
        plain = env["sale.order"].create([plain_order(product, person) for person in people]).ids
    paid, plain = iter(paid), iter(plain)

    def confirm(_number):
        with shop.request() as env:
            env["sale.order"].browse(next(plain)).action_confirm()

    def notify(_number):
        shop.notify(next(paid))

    interleaved(confirm, notify, WARM_UP)
    figure, floor = interleaved(confirm, notify, options.rounds)
    yield Result("payment notice", "action_confirm of one order", figure, floor, "ms", "<=", 0.5)
