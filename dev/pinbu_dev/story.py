"""The demo's story: one team forms and can be shipped, another fails and is made whole, and a farm
is turned away.

Told over HTTP only, by shoppers who know nothing but api.md, and by the manager who, to spare us
the hours until a deadline, moves one team's.
"""

import time
from datetime import datetime, timedelta, timezone

from pinbu_client import ApiError, PinbuError

from . import say
from .shopper import Manager, Refused, Shopper

# Settlement follows a deadline within 70 s; a refund and a subsidy follow settlement.
_PATIENCE = 180
_NEARER = 5  # seconds ahead of now, for the deadline that is moved
_ACCOUNTS = 4  # one more than a phone may have that take part within the hour


class Broken(Exception):
    """The shop did not do what api.md promises."""


def play(site, database):
    """Play the story.

    :param site: the shop's address.
    :param database: its database, for the manager's log-in.
    :return: list of (what, name) of the records it made.
    :raise Broken: at the first thing that goes wrong.
    """
    try:
        return _play(site, database)
    except (Refused, PinbuError) as refused:
        raise Broken(str(refused)) from refused
    except (KeyError, TypeError, IndexError) as error:
        raise Broken(f"an answer does not have the shape of api.md: {error!r}") from error


def _play(site, database):
    # New names on each run: shoppers have limits per activity and per day.
    run = time.strftime("%d%H%M%S")
    names = [f"{name}{run}" for name in ("小雨", "阿强", "丽丽", "老陈", "思思")]
    shoppers = [Shopper(site, name) for name in names]
    activity = _choose(shoppers[0])
    _tell(
        f"The activity: {activity['name']}, {_money(activity['group_price'])} instead of "
        f"{_money(activity['list_price'])}, {activity['size']} to a team. "
        f"Promised if a team fails: {activity['subsidy']['summary']}"
    )

    # The team that will fail comes first: while its deadline passes, the other one forms.
    failing = _open_and_join(shoppers[3:], activity)
    token = failing[0][1]["team"]["token"]
    _move_deadline(site, database, token)

    winning = _open_and_join(shoppers[:3], activity)
    _until_formed(winning)
    _until_made_whole(failing)
    farmer = _turn_farm_away(site, run, activity)

    named = [
        ("Formed team", _team_line(winning)),
        ("Failed team", _team_line(failing)),
        ("Refused", f"{farmer}, who waits under Risk / Review"),
        ("Shoppers", ", ".join(f"demo:{name}" for name in names)),
    ]
    _tell("The story went as it should.")
    return named


def _choose(shopper):
    """A running activity for teams of three, if possible one that promises cash."""
    items = shopper.activities(limit=100)
    fitting = [
        item
        for item in items
        if item["state"] == "running" and item["mode"] == "normal" and item["size"] == 3
    ]
    fitting.sort(key=lambda item: not any(s["type"] == "cash" for s in item["subsidy"]["items"]))
    if not fitting:
        raise Refused(f"no running activity for teams of three among {len(items)}")
    return shopper.activity(fitting[0]["id"])


def _open_and_join(shoppers, activity):
    """The first opens a team by paying, the others join it by paying.

    :return: list of (shopper, Order).
    """
    done, token = [], None
    for shopper in shoppers:
        order = shopper.take_place(activity, token)
        shopper.pay(order)
        order = _until(
            lambda shopper=shopper, order=order: shopper.order(order["id"]),
            lambda order: order["state"] in ("forming", "won") and order["team"],
            f"order {order['name']} is paid and has a team",
        )
        verb = "joins" if token else "opens"
        token = order["team"]["token"]
        _tell(
            f"{shopper.name} {verb} the team {token} with order {order['name']}, "
            f"pays {_money(order['amount'])}: {order['team']['seats_paid']} of "
            f"{order['team']['size']} places paid"
        )
        done.append((shopper, order))
    return done


def _move_deadline(site, database, token):
    manager = Manager(site, database, "admin", "admin")
    teams = manager.call("pinbu.team", "search_read", [["token", "=", token]], fields=["id"])
    if not teams:
        raise Refused(f"the back office knows no team {token}")
    deadline = datetime.now(timezone.utc) + timedelta(seconds=_NEARER)
    value = deadline.strftime("%Y-%m-%d %H:%M:%S")
    manager.call("pinbu.team", "write", [teams[0]["id"]], {"deadline": value})
    _tell(
        f"The manager moves that team's deadline to {_NEARER} s from now; its third place stays empty"
    )


def _until_formed(members):
    shopper = members[0][0]
    token = members[0][1]["team"]["token"]
    team = _until(
        lambda: shopper.team(token),
        lambda team: team["state"] == "formed",
        f"team {token} is formed",
    )
    _tell(f"Team {token} is formed: {team['seats_paid']} of {team['size']}")
    for member, order in members:
        final = _until(
            lambda member=member, order=order: member.order(order["id"]),
            lambda order: order["state"] == "won" and order["delivery"]["state"] == "ready",
            f"the delivery of order {order['name']} is ready",
        )
        _tell(f"{member.name}: order {final['name']} is won, its delivery is ready")


def _until_made_whole(members):
    shopper = members[0][0]
    token = members[0][1]["team"]["token"]
    _until(
        lambda: shopper.team(token),
        lambda team: team["state"] == "failed",
        f"team {token} has failed",
    )
    _tell(f"Team {token} has failed: its deadline passed with {len(members)} of 3")
    for member, order in members:
        final = _until(
            lambda member=member, order=order: member.order(order["id"]),
            lambda order: (
                order["state"] == "lost" and (order["refund"] or {}).get("state") == "done"
            ),
            f"order {order['name']} is refunded",
        )
        if final["refund"]["amount"] != order["amount"]:
            raise Refused(f"paid {order['amount']}, refunded {final['refund']['amount']}")
        promised = sum(
            i.get("amount") or 0 for i in order["promise"]["items"] if i["type"] == "cash"
        )
        wallet = _until(
            lambda member=member: member.wallet(),
            lambda wallet, promised=promised: promised and wallet["balance"] >= promised,
            f"{member.name}'s wallet holds the promised {_money(promised)}",
        )
        _tell(
            f"{member.name}: {_money(final['refund']['amount'])} refunded for order {final['name']}, "
            f"{_money(wallet['balance'])} of subsidy in the wallet"
        )


def _turn_farm_away(site, run, activity):
    """Somebody with several accounts on one phone.

    :return: the name of the account that was refused.
    """
    orders = []
    for number in range(1, _ACCOUNTS + 1):
        shopper = Shopper(site, f"马甲{number}号{run}", device=f"farm-{run}")
        try:
            orders.append((shopper, shopper.take_place(activity)))
        except ApiError as error:
            if number < _ACCOUNTS or error.code != "risk_blocked":
                raise
    if len(orders) == _ACCOUNTS:
        raise Refused(f"{_ACCOUNTS} accounts on one phone may all take a place")
    for other, order in orders:
        other.cancel_order(order["id"])
    _tell(f"{shopper.name}, account {_ACCOUNTS} on one phone, is refused; an officer is told why")
    return shopper.name


def _until(read, good, what):
    """Poll as the mini-program does, every two seconds or less, until the answer is good.

    :raise Refused: when that takes too long.
    """
    deadline = time.monotonic() + _PATIENCE
    pause = 0.2
    while not good(answer := read()):
        if time.monotonic() > deadline:
            raise Refused(f"waited {_PATIENCE} s in vain until {what}; last answer: {answer}")
        time.sleep(pause)
        pause = min(pause * 1.5, 2)
    return answer


def _team_line(members):
    orders = ", ".join(order["name"] for _shopper, order in members)
    return f"{members[0][1]['team']['token']}, orders {orders}"


def _money(minor):
    return f"¥{minor / 100:.2f}"


def _tell(text):
    say.line(f"  {time.strftime('%H:%M:%S')}  {text}")
