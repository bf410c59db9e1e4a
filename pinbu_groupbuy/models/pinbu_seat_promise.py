"""What a place is promised for the case that its team fails: reserved with it, given up with it.

Which promises there are, another module says (`pinbu_subsidy`); here are the hooks that it
implements, and the check that a shopper gets what they were shown.
"""

from odoo import api, fields, models

from ..exceptions import PinbuError

NO_PROMISE = {"items": [], "reserved": False, "reason": None}


def promise_terms(promise):
    """:return: what a promise says but for its wording, which follows the reader's language"""
    return [
        {name: value for name, value in item.items() if name != "conditions"}
        for item in promise["items"]
    ]


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    promise = fields.Json(
        readonly=True,
        groups="pinbu_groupbuy.group_user",
        help="What was reserved with this place, as `pinbu.activity._promise` says it; empty where "
        "nothing was promised.",
    )

    # === BUSINESS METHODS === #

    def _promised(self):
        """:return: what this place was promised when it was claimed, for its order to store"""
        self.ensure_one()
        return self.sudo().promise or NO_PROMISE

    @api.model
    def _check_promise(self, promise, expected):
        """:param dict | None expected: what the shopper was shown, if they said so
        :raise PinbuError: ``terms_changed``; the claim and what it has reserved are undone
        """
        if expected is not None and promise_terms(promise) != promise_terms(expected):
            raise PinbuError(
                "terms_changed",
                self.env._("Price or promise have changed. Please look at them again."),
            )

    # === HOOKS === #

    @api.model
    def _reserve_promise(self, cr, seat_id, partner, activity, team, is_fresh):
        """Hook: reserve what a new place is promised, and note it in the seat's `promise`.

        Runs at the end of the claim's short transaction, with the shopper, the team, the line and
        the product locked: SQL on `cr` only. What can be read before is read before the claim.

        :param int seat_id: the seat, just inserted
        :param pinbu.team team: empty for an opening
        :param bool is_fresh: as in `pinbu.activity._promise`
        :return: the promise, in the shape of `pinbu.activity._promise`
        :rtype: dict
        """
        return NO_PROMISE

    @api.model
    def _renew_promise(self, cr, seat_id, promise, is_same, partner, activity, team, is_fresh):
        """Hook: the shopper came back to a place that is still held.

        What was promised stays so, unless they want something else now. As `_reserve_promise`.

        :param dict promise: what the place was promised so far
        :param bool is_same: whether variant and quantity stayed the same
        :return: what it is promised from now on
        :rtype: dict
        """
        return promise

    @api.model
    def _release_promises(self, cr, seat_ids):
        """Hook: these places were given up, or have won: nothing is promised to them any more.

        Runs in the middle of a short transaction that goes on to lock lines and products, so it
        must not wait for what other transactions hold: it writes what belongs to these seats only.
        """
