"""What an order is paid with beside fresh money: a wallet, coupons, points.

Which means there are, another module says (`pinbu_subsidy`); here are the hooks that it implements.
"""

from typing import NamedTuple

from odoo import api, models


class Means(NamedTuple):
    """What a shopper wants to pay with beside fresh money."""

    use_wallet: bool = False
    coupon_ids: tuple = ()
    points: int = 0


FRESH_MONEY = Means()


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _check_means(self, partner, line, quantity, team, means):
        """Hook: look at these means before a place is taken for them.

        :param pinbu.team team: empty for an opening
        :return: those of them that pay anything now
        :rtype: Means
        :raise PinbuError: ``not_found`` for what is not the shopper's; ``not_allowed_now``,
                           ``insufficient_balance``
        """
        return means

    @api.model
    def _quote_means(self, partner, line, quantity, team, amount, fee, means):
        """Hook: what these means would pay now. Writes nothing.

        :param pinbu.team team: empty for an opening
        :param float amount: what the goods cost, in the activity's currency
        :param float fee: what their delivery costs
        :return: ``discount_amount`` and ``wallet_amount`` in that currency; ``coupons``: the
                 contract's list of them
        :rtype: dict
        """
        return {"discount_amount": 0.0, "wallet_amount": 0.0, "coupons": []}

    @api.model
    def _pays_fresh(self, partner, line, quantity, team, means):
        """Hook: whether what these means leave to pay is paid by fresh money alone, and is
        anything. A promise is made to that only.

        :param Means means: as `_check_means` has returned them, or for a quote as they are wished
        """
        return True

    def _take_means(self, means):
        """Hook: have these means pay their part of this held seat's order, at once.

        Called in the request's transaction with the order's goods and delivery just written, for a
        new order and whenever it was written anew. What an earlier call took stays taken as far as
        it is still wanted; the rest goes back.

        :return: by how much the order's total became less, in its currency
        :raise PinbuError: when one of them cannot be used
        """
        self.ensure_one()
        return 0.0

    def _has_taken(self, means):
        """Hook: whether the order is paid with these means already, as far as they go now."""
        self.ensure_one()
        return self.order_id._pinbu_wanted_means() == means
