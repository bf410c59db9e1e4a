"""How a shopper gets a place: a lease, claimed in a short transaction and released by expiry.

The rest of a checkout can fail, be retried or be killed; the place then becomes free by itself.
Locks are always taken in this order: shopper, payment, team, seat, activity line, product, and
what a promise is reserved from.
"""

from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, short_transaction
from .pinbu_seat import HOLD_LAPSED
from .pinbu_seat_promise import NO_PROMISE

# The class of the advisory locks on shoppers: a constant that nothing else uses.
SHOPPER_LOCK = 19_0001


class Shopper(NamedTuple):
    """What a shopper has taken in a company, as seen from one team or opening."""

    hold: int | None  # the seat held just here
    holds: int  # all that are held, lapsed ones included
    bought: int  # places paid for or won in the activity
    in_team: int  # ... and in the team
    lapsed: int  # places in the team that were not paid in time


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _claim(
        self,
        partner,
        activity,
        line,
        quantity,
        team,
        inviter=None,
        accept_reroute=False,
        is_fresh=True,
        expected=None,
    ):
        """Hold a place, or find the one that this shopper holds already.

        Nothing may have been written in the request's own transaction before.

        :param pinbu.team team: the team to join, or an empty recordset to open one
        :param bool is_fresh: whether all of it will be paid with fresh money
        :param dict | None expected: the promise that the shopper was shown
        :return: the seat, freshly held or resumed
        :raise PinbuError: ``limit_reached``, ``already_in_team``, ``team_full``, ``team_closed``,
                           ``sold_out``, ``not_allowed_now``, ``terms_changed``, or what
                           `_check_may_participate` refuses with
        """
        # The order's commit follows, and no shopper is told of the place before.
        with short_transaction(self.env, durable=False) as cr:
            self._lock_shopper(cr, partner.id)
            shopper = self._read_shopper(cr, partner, activity, team)
            if shopper.hold:
                promise = self._renew_hold(cr, shopper.hold, line, quantity, is_fresh)
                if promise:
                    self._check_promise(promise, expected)
                    self._agree_to_reroute(cr, shopper.hold, accept_reroute)
                    return self.browse(shopper.hold)
                # It was paid this very moment.
                shopper = self._read_shopper(cr, partner, activity, team)
            self._check_shopper(activity, shopper)
            self._check_may_participate(cr, partner, activity, team)
            if shopper.holds:
                self._let_go_of_other_hold(cr, partner, activity, line, team)
            left = None
            if not team:
                left = activity._check_opening(cr)
            elif not self._take_place(cr, team.id):
                self._raise_no_place(cr, team)
            terms = team.terms_id or activity.terms_id
            self._take_pieces(cr, line, quantity, terms, team, left)
            seat_id = self._insert_seat(
                cr, partner, activity, line, quantity, team, inviter, accept_reroute
            )
            promise = self._reserve_promise(cr, seat_id, partner, activity, team, is_fresh)
            self._check_promise(promise, expected)
        return self.browse(seat_id)

    def _release_lapsed(self, activity):
        """Lapsed holds of the activity give their places and pieces to whoever comes now.

        Those of teams past their deadline stay: the provider is asked about them first.

        :return: whether there were any
        """
        lapsed = self.sudo()._lapsed_holds(50, activity)
        if lapsed:
            lapsed._release_hold(HOLD_LAPSED)
        return bool(lapsed)

    @api.model
    def _lapsed_holds(self, limit, activity=None):
        """:return: holds that lapsed, but for those that the closing of their team decides; of one
        activity or of all"""
        # SQL: every checkout asks.
        self.flush_model(["activity_id", "hold_until", "state", "team_id"])
        self.env["pinbu.team"].flush_model(["deadline", "state"])
        self.env.cr.execute(
            SQL(
                """
                SELECT seat.id FROM pinbu_seat seat LEFT JOIN pinbu_team team
                    ON team.id = seat.team_id
                 WHERE seat.state = 'held' AND seat.hold_until < %(now)s AND %(mine)s
                   AND (team.id IS NULL OR team.deadline > %(now)s OR team.state != 'forming')
              ORDER BY seat.id LIMIT %(limit)s
                """,
                now=SQL_NOW,
                mine=SQL("seat.activity_id = %s", activity.id) if activity else SQL("TRUE"),
                limit=limit,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _let_go_of_other_hold(self, cr, partner, activity, line, team):
        """A shopper holds one unpaid place at a time in a company: the newest wish counts.

        Teams, seats and lines of both places are locked in their order, before one is given up and
        the other one taken: two shoppers who change places with each other must not deadlock.
        """
        cr.execute(
            SQL(
                """
                SELECT id, team_id, line_id FROM pinbu_seat
                 WHERE partner_id = %s AND company_id = %s AND state = 'held'
                """,
                partner.id,
                activity.company_id.id,
            )
        )
        holds = cr.fetchall()
        if not holds:
            return
        locked = {
            "pinbu_team": {team.id, *(hold[1] for hold in holds)} - {None, False},
            "pinbu_seat": {hold[0] for hold in holds},
            # An opening looks at all variants.
            "pinbu_activity_line": {
                line.id,
                *(hold[2] for hold in holds),
                *(() if team else activity.line_ids.ids),
            },
        }
        for table, ids in locked.items():
            cr.execute(
                SQL(
                    "SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                    SQL.identifier(table),
                    list(ids),
                )
            )
        self._give_up(cr, [hold[0] for hold in holds], "another checkout")
        self.env["pinbu.settlement"]._wake(cr)

    @api.model
    def _read_shopper(self, cr, partner, activity, team):
        """All that decides whether this shopper may take a place here, in one statement.

        :rtype: Shopper
        """
        cr.execute(
            SQL(
                """
                SELECT MAX(id) FILTER (WHERE is_held AND is_here AND is_same AND NOT is_over),
                       COUNT(*) FILTER (WHERE is_held),
                       COUNT(*) FILTER (WHERE is_bought AND is_here),
                       COUNT(*) FILTER (WHERE is_bought AND is_team),
                       COUNT(*) FILTER (WHERE is_team AND (is_lapsed OR is_held AND is_over))
                  FROM (SELECT id,
                               state = 'held' AS is_held,
                               state IN ('paid', 'won') AS is_bought,
                               state = 'released' AND release_reason = %(lapsed)s AS is_lapsed,
                               hold_until <= %(now)s AS is_over,
                               activity_id = %(activity)s AS is_here,
                               team_id = %(team)s AS is_team,
                               team_id IS NOT DISTINCT FROM %(team)s AS is_same
                          FROM pinbu_seat
                         WHERE partner_id = %(partner)s AND company_id = %(company)s) seat
                """,
                lapsed=HOLD_LAPSED,
                now=SQL_NOW,
                activity=activity.id,
                team=team.id or None,
                partner=partner.id,
                company=activity.company_id.id,
            )
        )
        return Shopper(*cr.fetchone())

    @api.model
    def _check_shopper(self, activity, shopper):
        """:raise PinbuError: ``not_allowed_now``, ``already_in_team`` or ``limit_reached``"""
        # A place that was held for nothing is not held a second time: others wait for it.
        if shopper.lapsed:
            raise PinbuError(
                "not_allowed_now",
                self.env._(
                    "Your place in this team was not paid in time. Please join another team, or "
                    "open one."
                ),
            )
        self._check_counts(activity, shopper.bought, shopper.in_team)

    @api.model
    def _had_lapsed_hold(self, cr, partner, team_ids):
        """:return: ids of those teams in which this shopper has let a hold lapse"""
        cr.execute(
            SQL(
                """
                SELECT DISTINCT team_id FROM pinbu_seat
                 WHERE team_id = ANY(%s) AND partner_id = %s
                   AND (state = 'released' AND release_reason = %s
                        OR state = 'held' AND hold_until <= %s)
                """,
                list(team_ids),
                partner.id,
                HOLD_LAPSED,
                SQL_NOW,
            )
        )
        return [row[0] for row in cr.fetchall()]

    @api.model
    def _lock_shopper(self, cr, partner_id):
        """One claim at a time for each shopper, so that limits can be counted."""
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", SHOPPER_LOCK, partner_id))

    @api.model
    def _renew_hold(self, cr, seat_id, line, quantity, is_fresh=True):
        """The shopper came back, perhaps with another variant or quantity: exchange the pieces.

        :return: what the place is promised, or None when it is held no more: it may be paid this
                 very moment
        """
        cr.execute(
            SQL(
                "SELECT line_id, quantity, terms_id, team_id, partner_id, promise FROM pinbu_seat"
                " WHERE id = %s AND state = 'held' FOR UPDATE",
                seat_id,
            )
        )
        row = cr.fetchone()
        if not row:
            return None
        *held, terms_id, team_id, partner_id, promise = row
        team = self.env["pinbu.team"].browse(team_id or ())
        is_same = held == [line.id, quantity]
        if not is_same:
            terms = self.env["pinbu.activity.terms"].browse(terms_id)
            self._exchange_pieces(cr, seat_id, held[0], line, quantity, terms, team)
        return self._renew_promise(
            cr,
            seat_id,
            promise or NO_PROMISE,
            is_same,
            self.env["res.partner"].browse(partner_id),
            line.activity_id,
            team,
            is_fresh,
        )

    @api.model
    def _exchange_pieces(self, cr, seat_id, held_line_id, line, quantity, terms, team):
        cr.execute(
            SQL(
                "SELECT id FROM pinbu_activity_line WHERE id = ANY(%s)"
                " ORDER BY id FOR NO KEY UPDATE",
                [held_line_id, line.id],
            )
        )
        self._return_quota(cr, [seat_id])
        # Its own claim on the stock must not stand in its way.
        cr.execute(SQL("UPDATE pinbu_seat SET is_reserved = TRUE WHERE id = %s", seat_id))
        self._take_pieces(cr, line, quantity, terms, team)
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

    @api.model
    def _agree_to_reroute(self, cr, seat_id, accept_reroute):
        """What the shopper said last counts."""
        cr.execute(
            SQL(
                "UPDATE pinbu_seat SET accept_reroute = %s"
                " WHERE id = %s AND accept_reroute IS DISTINCT FROM %s",
                bool(accept_reroute),
                seat_id,
                bool(accept_reroute),
            )
        )

    @api.model
    def _check_limits(self, cr, partner, activity, team):
        """Unpaid places count too: a claim gives them up, a late payment must not overtake them.

        :raise PinbuError: ``already_in_team`` or ``limit_reached``
        """
        cr.execute(
            SQL(
                """
                SELECT count(*), count(*) FILTER (WHERE team_id = %s) FROM pinbu_seat
                 WHERE partner_id = %s AND activity_id = %s
                   AND state IN ('paid', 'won', 'held')
                """,
                team.id or None,
                partner.id,
                activity.id,
            )
        )
        self._check_counts(activity, *cr.fetchone())

    @api.model
    def _check_counts(self, activity, used, in_team):
        """:raise PinbuError: ``already_in_team`` or ``limit_reached``"""
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
        when a shopper comes back to a place that is still held. In the context is the address
        that the goods are to go to (``pinbu_delivery_id``), if they are to be shipped.

        :param cr: the READ COMMITTED cursor
        :param pinbu.team team: empty for an opening
        :raise PinbuError: to refuse
        """

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
                WITH seat AS (
                    INSERT INTO pinbu_seat
                           (team_id, activity_id, line_id, product_id, quantity, partner_id,
                            company_id, terms_id, stock_policy, state, is_leader, hold_until,
                            inviter_id, accept_reroute, is_counted, is_reserved, create_uid,
                            create_date)
                    SELECT %(team)s, terms.activity_id, %(line)s, %(product)s, %(quantity)s,
                           %(partner)s, %(company)s, terms.id,
                           COALESCE(team.stock_policy, terms.stock_policy), 'held', %(leader)s,
                           LEAST(%(now)s + interval '1 minute' * (
                                     CASE WHEN team.seats_taken = team.size
                                          THEN LEAST(terms.hold_minutes,
                                                     terms.last_place_hold_minutes)
                                          ELSE terms.hold_minutes END), team.deadline),
                           %(inviter)s, %(reroute)s, FALSE, FALSE, %(uid)s, %(now)s
                      FROM pinbu_activity_terms terms
                 LEFT JOIN pinbu_team team ON team.id = %(team)s
                     WHERE terms.id = %(terms)s
                 RETURNING id
                )
                INSERT INTO pinbu_transition (seat_id, to_state, reason, user_id, date)
                SELECT id, 'held', 'checkout', %(uid)s, %(now)s FROM seat
             RETURNING seat_id
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
                company=activity.company_id.id,
                terms=activity.terms_id.id,
            )
        )
        return cr.fetchone()[0]
