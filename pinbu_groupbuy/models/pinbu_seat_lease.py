"""How a shopper gets a place: a lease, claimed in a short transaction and released by expiry.

The rest of a checkout can fail, be retried or be killed; the place then becomes free by itself.
Locks are always taken in this order: shopper, payment, team, seat, activity line, product.
"""

from odoo import api, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, short_transaction
from .pinbu_transition import log_start

# The classes of the advisory locks on shoppers and products: constants that nothing else uses.
SHOPPER_LOCK = 19_0001
PRODUCT_LOCK = 19_0002


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _claim(self, partner, activity, line, quantity, team, inviter=None, accept_reroute=False):
        """Hold a place, or find the one that this shopper holds already.

        Nothing may have been written in the request's own transaction before.

        :param pinbu.team team: the team to join, or an empty recordset to open one
        :return: the seat, freshly held or resumed
        :raise PinbuError: ``limit_reached``, ``already_in_team``, ``team_full``, ``team_closed``,
                           ``sold_out``, or what `_check_may_participate` refuses with
        """
        with short_transaction(self.env) as cr:
            self._lock_shopper(cr, partner.id)
            self._release_own_lapsed(cr, partner, activity)
            seat_id = self._find_hold(cr, partner, activity, team)
            if not seat_id or not self._renew_hold(cr, seat_id, line, quantity):
                self._check_limits(cr, partner, activity, team)
                self._check_may_participate(cr, partner, activity, team)
                if team and not self._take_place(cr, team.id):
                    self._raise_no_place(cr, team)
                if not self._take_quota(cr, line.id, quantity):
                    raise PinbuError("sold_out", self.env._("This is sold out."))
                seat_id = self._insert_seat(
                    cr, partner, activity, line, quantity, team, inviter, accept_reroute
                )
        return self.browse(seat_id)

    def _release_lapsed(self, activity):
        """Lapsed holds of the activity give their places and pieces to whoever comes now.

        :return: whether there were any
        """
        lapsed = self.sudo().search(
            [
                ("activity_id", "=", activity.id),
                ("state", "=", "held"),
                ("hold_until", "<", self.env.cr.now()),
            ],
            limit=50,
        )
        if lapsed:
            lapsed._release_hold("hold lapsed")
        return bool(lapsed)

    @api.model
    def _release_own_lapsed(self, cr, partner, activity):
        """A hold that lapsed this very moment must not stand in its own shopper's way."""
        cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_seat WHERE partner_id = %s AND activity_id = %s
                   AND state = 'held' AND hold_until <= %s
                """,
                partner.id,
                activity.id,
                SQL_NOW,
            )
        )
        self._give_up(cr, [row[0] for row in cr.fetchall()], "hold lapsed")

    @api.model
    def _lock_shopper(self, cr, partner_id):
        """One claim at a time for each shopper, so that limits can be counted."""
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", SHOPPER_LOCK, partner_id))

    @api.model
    def _find_hold(self, cr, partner, activity, team):
        cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_seat
                 WHERE partner_id = %s AND activity_id = %s AND state = 'held'
                   AND team_id IS NOT DISTINCT FROM %s AND hold_until > %s
                """,
                partner.id,
                activity.id,
                team.id or None,
                SQL_NOW,
            )
        )
        row = cr.fetchone()
        return row and row[0]

    @api.model
    def _renew_hold(self, cr, seat_id, line, quantity):
        """The shopper came back, perhaps with another variant or quantity: exchange the pieces.

        :return: whether the seat is still held: it may be paid this very moment
        """
        cr.execute(
            SQL(
                "SELECT line_id, quantity FROM pinbu_seat"
                " WHERE id = %s AND state = 'held' FOR UPDATE",
                seat_id,
            )
        )
        row = cr.fetchone()
        if not row or row == (line.id, quantity):
            return bool(row)
        cr.execute(
            SQL(
                "SELECT id FROM pinbu_activity_line WHERE id = ANY(%s)"
                " ORDER BY id FOR NO KEY UPDATE",
                [row[0], line.id],
            )
        )
        self._return_quota(cr, [seat_id])
        # Its own claim on the stock must not stand in its way.
        cr.execute(SQL("UPDATE pinbu_seat SET is_reserved = TRUE WHERE id = %s", seat_id))
        if not self._take_quota(cr, line.id, quantity):
            raise PinbuError("sold_out", self.env._("This is sold out."))
        cr.execute(
            SQL(
                """
                UPDATE pinbu_seat
                   SET line_id = %s, product_id = %s, quantity = %s, is_reserved = FALSE
                 WHERE id = %s
                """,
                line.id,
                line.product_id.id,
                quantity,
                seat_id,
            )
        )
        return True

    @api.model
    def _check_limits(self, cr, partner, activity, team):
        cr.execute(
            SQL(
                """
                SELECT count(*), count(*) FILTER (WHERE team_id = %s) FROM pinbu_seat
                 WHERE partner_id = %s AND activity_id = %s
                   AND (state IN ('paid', 'won') OR (state = 'held' AND hold_until > %s))
                """,
                team.id or None,
                partner.id,
                activity.id,
                SQL_NOW,
            )
        )
        used, in_team = cr.fetchone()
        if in_team:
            raise PinbuError("already_in_team", self.env._("You are in this team already."))
        if activity.limit_per_user and used >= activity.limit_per_user:
            raise PinbuError(
                "limit_reached", self.env._("You have taken part in this group-buy already.")
            )

    @api.model
    def _check_may_participate(self, cr, partner, activity, team):
        """Hook: refuse an opening or a joining before anything is taken.

        Runs inside the claim's short transaction, with the shopper locked, so that what it counts
        is exact. SQL on `cr` only; what it writes there stands or falls with the claim. Not called
        when a shopper comes back to a place that is still held.

        :param cr: the READ COMMITTED cursor
        :param pinbu.team team: empty for an opening
        :raise PinbuError: to refuse
        """

    @api.model
    def _check_may_still_open(self, cr, activity):
        """A team opened by a late payment needs its full validity before the activity ends.

        :raise PinbuError: ``too_late_to_open``
        """
        cr.execute(
            SQL(
                """
                SELECT 1 FROM pinbu_activity
                 WHERE id = %s AND is_published AND NOT is_stopped
                   AND ends_at >= %s + validity_hours * interval '1 hour'
                """,
                activity.id,
                SQL_NOW,
            )
        )
        if not cr.fetchone():
            raise PinbuError("too_late_to_open", self.env._("No team can be opened any more."))

    @api.model
    def _take_place(self, cr, team_id):
        """The one gate to a place: a conditional UPDATE, which waits its turn on a hot team."""
        cr.execute(
            SQL(
                """
                UPDATE pinbu_team SET seats_taken = seats_taken + 1
                 WHERE id = %s AND state = 'forming' AND deadline > %s AND seats_taken < size
             RETURNING id
                """,
                team_id,
                SQL_NOW,
            )
        )
        return bool(cr.fetchone())

    @api.model
    def _take_quota(self, cr, line_id, quantity):
        """Take pieces of the quota, if the stock can serve them.

        The first statement locks the line, the second one the product; then the stock is counted.
        """
        cr.execute(
            SQL(
                """
                UPDATE pinbu_activity_line SET quota_taken = quota_taken + %(quantity)s
                 WHERE id = %(line)s AND (quota = 0 OR quota_taken + %(quantity)s <= quota)
             RETURNING id
                """,
                quantity=quantity,
                line=line_id,
            )
        )
        if not cr.fetchone():
            return False
        # Other activities may offer the same product: the stock is counted by one at a time.
        cr.execute(
            SQL(
                "SELECT pg_advisory_xact_lock(%s, product_id) FROM pinbu_activity_line"
                " WHERE id = %s",
                PRODUCT_LOCK,
                line_id,
            )
        )
        left = self.env["pinbu.activity.line"]._stock_left(cr, [line_id])[line_id]
        return left is None or left >= quantity

    @api.model
    def _raise_no_place(self, cr, team):
        cr.execute(
            SQL("SELECT state, deadline > %s FROM pinbu_team WHERE id = %s", SQL_NOW, team.id)
        )
        state, in_time = cr.fetchone()
        if state in ("formed", "shipped") or (state == "forming" and in_time):
            raise PinbuError("team_full", self.env._("This team is full."))
        raise PinbuError("team_closed", self.env._("This team is closed."))

    @api.model
    def _insert_seat(self, cr, partner, activity, line, quantity, team, inviter, accept_reroute):
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_seat
                       (team_id, activity_id, line_id, product_id, quantity, partner_id, company_id,
                        terms_id, stock_policy, state, is_leader, hold_until, inviter_id,
                        accept_reroute, is_counted, is_reserved, create_uid, create_date)
                SELECT %(team)s, activity.id, %(line)s, %(product)s, %(quantity)s, %(partner)s,
                       activity.company_id, activity.terms_id,
                       COALESCE(team.stock_policy, activity.stock_policy), 'held', %(leader)s,
                       LEAST(%(now)s + activity.hold_minutes * interval '1 minute', team.deadline),
                       %(inviter)s, %(reroute)s, FALSE, FALSE, %(uid)s, %(now)s
                  FROM pinbu_activity activity LEFT JOIN pinbu_team team ON team.id = %(team)s
                 WHERE activity.id = %(activity)s
             RETURNING id
                """,
                team=team.id or None,
                line=line.id,
                product=line.product_id.id,
                quantity=quantity,
                partner=partner.id,
                leader=not team,
                now=SQL_NOW,
                inviter=inviter.id if inviter else None,
                reroute=bool(accept_reroute),
                uid=self.env.uid,
                activity=activity.id,
            )
        )
        seat_id = cr.fetchone()[0]
        log_start(cr, self.env.uid, "pinbu_seat", seat_id, "held", "checkout")
        return seat_id
