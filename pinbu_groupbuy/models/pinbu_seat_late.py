"""A payment whose place is gone: a place all the same if there is one, else a full refund.

It came after its hold had lapsed, after a cancellation, or after its team's deadline.
"""

from odoo import models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, short_transaction
from .pinbu_transition import move_state

# So many other teams are tried, nearest to full first.
REROUTE_TRIES = 5


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _take_again(self, transaction_id):
        """Give a released seat whose payment arrived its place back, or one in another team.

        Otherwise the seat stays released, and settlement refunds the payment in full. Both write
        the payment's row, so that it is either used or owed back. In a short transaction.
        """
        self.ensure_one()
        seat = self.sudo()
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    "SELECT 1 FROM pinbu_seat WHERE id = %s AND state = 'released'"
                    " AND release_reason IS DISTINCT FROM 'left'",
                    self.id,
                )
            )
            if not cr.fetchone():
                return
            try:
                with cr.savepoint(flush=False):
                    self._lock_shopper(cr, seat.partner_id.id)
                    self._use_payment(cr, transaction_id)
                    team = seat._take_place_again(cr)
                    terms = team.terms_id or seat.terms_id
                    # Before the seat lives again and claims pieces itself.
                    self._take_pieces(cr, seat.line_id, seat.quantity, terms, team)
                    seat._revive(cr, transaction_id, team)
            except PinbuError:
                # Everything above is undone; there is no place for this payment.
                return

    def _reroute_late(self):
        """These seats were paid after their team's deadline and are released: another team may
        have a place. Their refund waits a moment for that."""
        for seat in self.sudo():
            seat._count_payment(seat.transaction_id.id)

    def _use_payment(self, cr, transaction_id):
        """:raise PinbuError: ``order_closed`` when the payment is not here, or owed back already"""
        cr.execute(
            SQL(
                """
                UPDATE payment_transaction SET write_date = write_date
                 WHERE id = %s AND state = 'done' AND COALESCE(pinbu_refunded, 0) = 0
             RETURNING id
                """,
                transaction_id,
            )
        )
        if not cr.fetchone():
            raise PinbuError("order_closed", self.env._("This order is closed."))

    def _take_place_again(self, cr):
        """:return: the team that has a place for this seat, or an empty recordset to open one
        :raise PinbuError: as a claim would
        """
        self._check_limits(cr, self.partner_id, self.activity_id, self.team_id)
        try:
            # A refusal gives its locks back: another team's comes before those in their order.
            with cr.savepoint(flush=False):
                if not self.team_id:
                    self._check_may_still_open(cr)
                elif not self._take_place(cr, self.team_id.id):
                    self._raise_no_place(cr, self.team_id)
                return self.team_id
        except PinbuError:
            other = self._find_other_team(cr)
            if not other:
                raise
            return other

    def _check_may_still_open(self, cr):
        """A team opened by a late payment needs its full validity before the activity ends.

        :raise PinbuError: ``too_late_to_open``, or what an opening is refused with
        """
        cr.execute(
            SQL(
                """
                SELECT 1 FROM pinbu_activity activity, pinbu_activity_terms terms
                 WHERE activity.id = %s AND activity.is_published AND NOT activity.is_stopped
                   AND terms.id = %s
                   AND activity.ends_at >= %s + terms.validity_hours * interval '1 hour'
                """,
                self.activity_id.id,
                self.terms_id.id,
                SQL_NOW,
            )
        )
        if not cr.fetchone():
            raise PinbuError("too_late_to_open", self.env._("No team can be opened any more."))
        self.activity_id._check_opening(cr)

    def _find_other_team(self, cr):
        """A place in another forming team of the activity, if shopper and merchant agreed to it.

        :return: the team, a place in it taken, or an empty recordset
        """
        teams = self.env["pinbu.team"].sudo()
        if not (self.accept_reroute and self.terms_id.allow_reroute):
            return teams
        cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_team team
                 WHERE activity_id = %(activity)s AND id != %(own)s AND state = 'forming'
                   AND deadline > %(now)s AND seats_taken < size
                   AND stock_policy = %(policy)s
                   AND NOT EXISTS (SELECT 1 FROM pinbu_seat mine
                                    WHERE mine.team_id = team.id AND mine.partner_id = %(partner)s
                                      AND mine.state IN ('held', 'paid', 'won'))
              ORDER BY size - seats_paid, deadline LIMIT %(tries)s
                """,
                activity=self.activity_id.id,
                own=self.team_id.id or 0,
                now=SQL_NOW,
                policy=self.stock_policy,
                partner=self.partner_id.id,
                tries=REROUTE_TRIES,
            )
        )
        for (team_id,) in cr.fetchall():
            if self._take_place(cr, team_id):
                return teams.browse(team_id)
        return teams

    def _revive(self, cr, transaction_id, team):
        """:raise PinbuError: ``order_closed`` when the seat is not a released one (any more)"""
        rerouted = team and team != self.team_id
        assignments = [
            SQL("paid_at = %s", SQL_NOW),
            SQL("transaction_id = %s", transaction_id),
            SQL("is_counted = FALSE"),
            SQL("release_reason = NULL"),
        ]
        if rerouted:
            assignments += [
                SQL("team_id = %s", team.id),
                SQL("is_rerouted = TRUE"),
                SQL("is_leader = FALSE"),
            ]
        moved = move_state(
            cr,
            self.env.uid,
            "pinbu_seat",
            self.ids,
            ["released"],
            "paid",
            "rerouted" if rerouted else "payment after the hold",
            assignments,
        )
        if not moved:
            raise PinbuError("order_closed", self.env._("This order is closed."))
