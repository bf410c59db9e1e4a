"""Money between the books (a float in the currency's unit) and the ledger (an integer)."""

from odoo.addons.pinbu_groupbuy.api.render import to_minor  # noqa: F401


def from_minor(minor, currency):
    """:return: the float nearest to `minor` smallest units, as the books hold it"""
    return minor / 10**currency.decimal_places
