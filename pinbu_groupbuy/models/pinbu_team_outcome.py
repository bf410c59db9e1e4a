"""Counting a team's payments and deciding: formed, failed, or neither yet.

What must follow (deliveries, refunds, subsidies) is queued as `pinbu.settlement` rows in the same
transaction.
"""

import logging

from odoo import api, models
from odoo.tools import SQL

from ..transactions import SQL_NOW, short_transaction
from .pinbu_transition import move_state

_logger = logging.getLogger(__name__)

# What a late payment's refund waits for: that it may be taken into another team.
REROUTE_SECONDS = 10


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === BUSINESS METHODS: COUNTING === #

    @api.model
    def _tally(self, cr, team_id):
        """Count the paid seats of a team under its lock and decide.

        Called right after a payment is committed, and by the scheduler at the deadline. Safe to
        call at any time and twice.

        :param cr: a cursor of `short_transaction`
        :return: ids of seats that were paid late, released now, and may go to another team
        """
        state, size, deadline, is_over, completes_from = self._lock_and_read(cr, team_id)
        # A statement of its own after the lock: it sees every payment committed until now.
        timely, late = self._paid_seats(cr, team_id, deadline)
        agreed = self._give_up_late(cr, late)
        if late and state in ("formed", "shipped"):
            self._give_merchant(cr, team_id, len(late))
        if state == "forming":
            if len(timely) >= size:
                self._form(cr, team_id, timely, "full")
            elif is_over and 0 < completes_from <= len(timely):
                self._form(cr, team_id, timely, "completed by the merchant")
            elif is_over:
                self._fail(cr, team_id, "deadline", timely)
            else:
                self._set_paid(cr, team_id, len(timely))
        elif timely:
            self._follow(cr, team_id, state, timely)
        cr.execute(
            SQL(
                "UPDATE pinbu_seat SET is_counted = TRUE WHERE id = ANY(%s) AND NOT is_counted",
                [*timely, *late],
            )
        )
        return agreed

    @api.model
    def _give_up_late(self, cr, seat_ids):
        """Release seats that were paid after the deadline.

        :return: ids of those whose shoppers agreed to another team; their refund waits for that
        """
        if not seat_ids:
            return []
        cr.execute(
            SQL("SELECT id FROM pinbu_seat WHERE id = ANY(%s) AND accept_reroute", list(seat_ids))
        )
        agreed = [row[0] for row in cr.fetchall()]
        seats = self.env["pinbu.seat"]
        seats._give_up(cr, set(seat_ids) - set(agreed), "paid late", source="paid")
        return seats._give_up(cr, agreed, "paid late", source="paid", delay=REROUTE_SECONDS)

    @api.model
    def _lock_and_read(self, cr, team_id):
        """:return: state, size, deadline, whether that has passed, and from how many paid members
        on the merchant completes it (0: never)"""
        cr.execute(
            SQL(
                """
                SELECT team.state, team.size, team.deadline, %s > team.deadline,
                       COALESCE(terms.completes_from, 0)
                  FROM pinbu_team team
             LEFT JOIN pinbu_activity_terms terms ON terms.id = team.terms_id
                 WHERE team.id = %s FOR NO KEY UPDATE OF team
                """,
                SQL_NOW,
                team_id,
            )
        )
        return cr.fetchone()

    @api.model
    def _paid_seats(self, cr, team_id, deadline):
        """:return: ids of the seats paid in time, and of those paid late"""
        cr.execute(
            SQL(
                """
                SELECT array_agg(id) FILTER (WHERE paid_at <= %(deadline)s),
                       array_agg(id) FILTER (WHERE paid_at > %(deadline)s)
                  FROM pinbu_seat WHERE team_id = %(team)s AND state = 'paid'
                """,
                deadline=deadline,
                team=team_id,
            )
        )
        return tuple(ids or [] for ids in cr.fetchone())

    # === BUSINESS METHODS: THE OUTCOME === #

    @api.model
    def _form(self, cr, team_id, seat_ids, reason, note=None):
        """The team has its members: all of them win, if the warehouse can serve them.

        Places that nobody has paid for become the merchant's, and are shown as such.

        :param str note: why a manager did this by hand
        """
        if self._is_stock_short(cr, team_id, seat_ids):
            return self._fail(cr, team_id, "stock", seat_ids)
        self._let_waiting_go(cr, team_id, "completed by the merchant")
        moved = move_state(
            cr,
            self.env.uid,
            "pinbu_team",
            [team_id],
            ["forming"],
            "formed",
            reason,
            [
                SQL("seats_paid = %s", len(seat_ids)),
                # Somebody whose payment is being committed keeps their place.
                SQL("merchant_places = size - seats_taken"),
                SQL("finished_at = %s", SQL_NOW),
            ],
            note=note,
        )
        if not moved:
            return None
        won = move_state(cr, self.env.uid, "pinbu_seat", seat_ids, ["paid"], "won", "formed")
        self.env["pinbu.seat"]._release_promises(cr, won)
        self._return_kept_pieces(cr, team_id, "merchant_places")
        self.env["pinbu.settlement"]._enqueue(cr, seat_ids=won, team_ids=moved)
        self._tell(cr, moved, "formed")
        return None

    @api.model
    def _fail(self, cr, team_id, failure, timely, note=None):
        """The team is over: everyone who paid gets it back, everyone who waits is let go.

        :param list timely: ids of the seats that were paid in time
        """
        moved = move_state(
            cr,
            self.env.uid,
            "pinbu_team",
            [team_id],
            ["forming"],
            "failed",
            failure,
            [
                SQL("seats_paid = %s", len(timely)),
                SQL("failure = %s", failure),
                SQL("finished_at = %s", SQL_NOW),
            ],
            note=note,
        )
        if not moved:
            return
        self._lose(cr, timely, failure)
        self._let_waiting_go(cr, team_id, "team failed")
        self._return_kept_pieces(cr, team_id, "size")
        self.env["pinbu.settlement"]._enqueue(cr, team_ids=moved)
        self._tell(cr, moved, "failed")

    @api.model
    def _lose(self, cr, seat_ids, reason):
        lost = move_state(cr, self.env.uid, "pinbu_seat", seat_ids, ["paid"], "lost", reason)
        self.env["pinbu.seat"]._return_quota(cr, lost)
        self.env["pinbu.settlement"]._enqueue(cr, seat_ids=lost)

    @api.model
    def _let_waiting_go(self, cr, team_id, reason):
        cr.execute(SQL("SELECT id FROM pinbu_seat WHERE team_id = %s AND state = 'held'", team_id))
        self.env["pinbu.seat"]._give_up(cr, [row[0] for row in cr.fetchall()], reason)

    @api.model
    def _return_kept_pieces(self, cr, team_id, column):
        """A team with policy ``open`` kept the quota of all its places: give back so many.

        :param str column: the team's column that says how many
        """
        cr.execute(
            SQL(
                """
                UPDATE pinbu_activity_line line SET quota_taken = quota_taken - team.%s
                  FROM pinbu_team team WHERE team.id = %s AND line.id = team.line_id
                """,
                SQL.identifier(column),
                team_id,
            )
        )

    @api.model
    def _give_merchant(self, cr, team_id, places):
        """Places of a team that the merchant has completed become his too: their members, whose
        payment was on its way then, turned out to be late."""
        cr.execute(
            SQL("UPDATE pinbu_team SET merchant_places = size - seats_taken WHERE id = %s", team_id)
        )
        cr.execute(
            SQL(
                """
                UPDATE pinbu_activity_line line SET quota_taken = quota_taken - %s
                  FROM pinbu_team team WHERE team.id = %s AND line.id = team.line_id
                """,
                places,
                team_id,
            )
        )

    @api.model
    def _is_stock_short(self, cr, team_id, seat_ids):
        """Whether the warehouse lacks pieces for these seats: with policy ``success`` none were
        kept, with the others another sale may have taken them. Presales are procured.

        Teams that are formed already, and those that keep their places, come first. What a team
        keeps serves its own members.
        """
        cr.execute(
            SQL(
                """
                SELECT DISTINCT seat.product_id FROM pinbu_seat seat
                  JOIN pinbu_team team ON team.id = seat.team_id
                  JOIN pinbu_activity_terms terms ON terms.id = team.terms_id
                 WHERE seat.id = ANY(%s) AND NOT seat.is_reserved AND NOT terms.is_presale
                """,
                list(seat_ids),
            )
        )
        products = [row[0] for row in cr.fetchall()]
        if not products:
            return False
        # Lines before products: should the team fail, it gives its pieces back to them.
        cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_activity_line
                 WHERE id IN (SELECT line_id FROM pinbu_seat WHERE id = ANY(%s))
              ORDER BY id FOR NO KEY UPDATE
                """,
                list(seat_ids),
            )
        )
        self.env["pinbu.seat"]._lock_products(cr, products)
        cr.execute(
            SQL(
                """
                SELECT 1
                  FROM (SELECT seat.product_id, seat.company_id,
                               SUM(seat.quantity - LEAST(seat.quantity, served.pieces)) AS pieces
                          FROM pinbu_seat seat, LATERAL (
                               -- A part of an order may be reserved, or all of it just now.
                               SELECT COALESCE(SUM(move.quantity), 0) AS pieces
                                 FROM sale_order_line line
                                 JOIN stock_move move ON move.sale_line_id = line.id
                                WHERE line.order_id = seat.order_id
                                  AND move.product_id = seat.product_id
                                  AND move.state IN ('partially_available', 'assigned')
                               ) served
                         WHERE seat.id = ANY(%(seats)s) AND seat.product_id = ANY(%(products)s)
                           AND NOT seat.is_reserved
                      GROUP BY seat.product_id, seat.company_id) needed
                 WHERE needed.pieces > 0 AND needed.pieces + (
                           SELECT COALESCE(SUM(other.quantity), 0) FROM pinbu_seat other
                            WHERE other.product_id = needed.product_id
                              AND other.company_id = needed.company_id
                              AND NOT other.is_reserved
                              AND (other.state = 'won'
                                   -- Who kept nothing comes after those who were to keep theirs.
                                   OR other.state = 'paid' AND other.stock_policy != 'success'
                                  AND other.team_id != %(team)s
                                  AND 'success' = (SELECT stock_policy FROM pinbu_team
                                                    WHERE id = %(team)s))
                       ) > %(free)s + (
                           SELECT COALESCE(SUM(reserve.quantity), 0)
                             FROM stock_move reserve
                             JOIN pinbu_team keeper ON keeper.id = reserve.pinbu_team_id
                            WHERE reserve.product_id = needed.product_id
                              AND reserve.company_id = needed.company_id
                              AND reserve.state IN ('partially_available', 'assigned')
                              AND (keeper.id = %(team)s OR keeper.state = 'formed')
                       )
                """,
                team=team_id,
                seats=list(seat_ids),
                products=products,
                free=self.env["pinbu.activity.line"]._sql_free_stock(
                    SQL.identifier("needed", "product_id"), SQL.identifier("needed", "company_id")
                ),
            )
        )
        return bool(cr.fetchone())

    @api.model
    def _follow(self, cr, team_id, state, seat_ids):
        """Seats paid in time whose payment was committed only after the team was decided: they
        share its outcome. Their places were never given to anybody else."""
        cr.execute(
            SQL(
                "UPDATE pinbu_team SET seats_paid = seats_paid + %s WHERE id = %s",
                len(seat_ids),
                team_id,
            )
        )
        if state in ("formed", "shipped"):
            won = move_state(cr, self.env.uid, "pinbu_seat", seat_ids, ["paid"], "won", "formed")
            self.env["pinbu.seat"]._release_promises(cr, won)
            self.env["pinbu.settlement"]._enqueue(cr, seat_ids=won, team_ids=[team_id])
        else:
            self._lose(cr, seat_ids, "deadline")
            self.env["pinbu.settlement"]._enqueue(cr, team_ids=[team_id])

    # === BUSINESS METHODS: THE DEADLINE === #

    @api.model
    def _overdue(self):
        """:return: teams that form still and are past their deadline"""
        self.flush_model(["deadline", "state"])
        # To the microsecond: the scheduler is woken once, in the very second of the deadline.
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM pinbu_team WHERE state = 'forming' AND deadline < %s ORDER BY id",
                SQL_NOW,
            )
        )
        return self.browse(row[0] for row in rows)

    def _close(self):
        """Decide a team whose deadline has passed. In a short transaction of its own."""
        self.ensure_one()
        self._ask_for_payments()
        with short_transaction(self.env) as cr:
            late = self._tally(cr, self.id)
            self.env["pinbu.settlement"]._wake(cr)
        self.env["pinbu.seat"].browse(late)._reroute_late()

    def _ask_for_payments(self):
        """Somebody may have paid in time whose notice is still under way: ask the provider.

        All are asked before the first answer is committed, which then has the team counted. An
        answer that cannot be had decides nothing: a payment that comes later is refunded.
        """
        waiting = self.seat_ids.filtered(lambda seat: seat.state == "held")
        asked = waiting.filtered("payment_asked_at").order_id
        for order in asked:
            try:
                order._pinbu_refresh_payment()
            except Exception:
                _logger.warning("No answer about the payment of %s", order.name, exc_info=True)
        if asked:
            self.env["ir.cron"]._commit_progress()

    # === BUSINESS METHODS: ALERTS === #

    def _alert_short_stock(self):
        """Tell the merchant, once for each, of teams that failed because the stock was short."""
        short = self.filtered(lambda team: team.failure == "stock" and not team.is_alerted)
        for team in short:
            activity = team.activity_id
            user = activity._responsible_user()
            told = self.with_context(lang=user.lang).env
            activity.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=told._("Out of stock: %s", team.display_name),
                note=told._(
                    "%s was full, and the warehouse did not have what its members paid for. All of "
                    "them are refunded and get what was promised for a failed team.",
                    team.display_name,
                ),
                user_id=user.id,
            )
            team.is_alerted = True
