"""What promises are made of, and what they are worth."""

from datetime import date
from typing import NamedTuple

from odoo import models

# Of the amount, by how many a shopper had within the last 30 days.
DECAY = (100, 50, 25)
DECAY_DAYS = 30


class Usage(NamedTuple):
    """How many seats of a shopper were promised a type of subsidy, and did not lose the promise by
    winning, leaving or paying late."""

    today: int = 0
    here: int = 0  # in the activity
    ever: int = 0
    lately: int = 0  # within DECAY_DAYS
    since_win: int = 0  # since the last delivered win


class Facts(NamedTuple):
    """What a promise depends on beside the rules."""

    today: date  # the company's
    minutes_left: float  # to the team's deadline
    is_newcomer: bool
    usage: dict  # {type: Usage}


class Offer(NamedTuple):
    """What one rule promises."""

    rule: models.Model
    item: dict
    units: int  # the most that it can cost, in units of the rule's budget


def least_and_most(terms):
    """What a promise of cash can come to once its conditions are met.

    :param dict terms: as `pinbu.subsidy.rule._terms`
    :return: two amounts in minor units
    """
    least = worth(terms, terms["min"], max(terms["min_paid_members"], 1), 0)
    most = worth(terms, terms["max"], terms["size"], terms["max_friends"])
    return least, most


def worth(terms, amount, members, friends):
    """What a promise of cash is worth to a member of a failed team.

    :param dict terms: as `pinbu.subsidy.rule._terms`
    :param int amount: the fixed one, or one end of the range, in minor units
    :param int members: different ones who have paid in the team
    :param int friends: different ones of them whom this member has brought
    :return: minor units, 0 when there is nothing
    """
    friends = min(friends, terms["max_friends"])
    amount = in_proportion(terms, amount, members, friends)
    return amount + terms["extra"] + terms["friend_extra"] * friends


def in_proportion(terms, amount, members, friends):
    """:return: `amount` as the basis of the terms has it; the rest as `worth`"""
    if terms["basis"] == "friend":
        return amount * min(friends, terms["max_friends"])
    if terms["basis"] == "progress":
        return amount * (min(members, terms["size"]) - 1) // (terms["size"] - 1)
    return amount
