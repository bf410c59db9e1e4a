from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..transactions import SQL_NOW, short_transaction, wake
from .pinbu_transition import log_start, move_state

# Why a seat was released: not again in the same team.
HOLD_LAPSED = "hold lapsed"
CANCELLED = "cancelled by the shopper"


class PinbuSeat(models.Model):
    """One shopper's place: made at checkout, paid or released, won or lost. One seat, one order.

    `held -> paid -> won | lost`, or `held -> released`; a released one whose payment still arrives
    becomes paid again where its place is free, and is refunded otherwise.
    """

    _name = "pinbu.seat"
    _description = "Group-buying Seat"
    _order = "id desc"
    _rec_name = "order_id"

    team_id = fields.Many2one(
        "pinbu.team",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty until the leader of a new team has paid.",
    )
    activity_id = fields.Many2one(
        "pinbu.activity", required=True, readonly=True, index=True, ondelete="restrict"
    )
    line_id = fields.Many2one(
        "pinbu.activity.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="restrict"
    )
    quantity = fields.Integer(required=True, readonly=True, default=1)
    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    transaction_id = fields.Many2one(
        "payment.transaction",
        string="Payment",
        readonly=True,
        ondelete="restrict",
        help="The payment that this place was paid with. Any other one is refunded.",
    )
    state = fields.Selection(
        [
            ("held", "Held"),
            ("paid", "Paid"),
            ("won", "Won"),
            ("lost", "Lost"),
            ("released", "Released"),
        ],
        default="held",
        required=True,
        readonly=True,
        index=True,
    )
    is_leader = fields.Boolean(readonly=True)
    hold_until = fields.Datetime(readonly=True)
    payment_asked_at = fields.Datetime(readonly=True)
    paid_at = fields.Datetime(readonly=True)
    # A shopper may read their own seats, and must not learn there who somebody else is.
    inviter_id = fields.Many2one(
        "res.partner",
        readonly=True,
        index="btree_not_null",
        groups="pinbu_groupbuy.group_user",
    )
    accept_reroute = fields.Boolean(readonly=True)
    is_rerouted = fields.Boolean(
        readonly=True, help="The payment came too late for its team and went to another one."
    )
    terms_id = fields.Many2one(
        "pinbu.activity.terms", readonly=True, index=True, ondelete="restrict"
    )
    stock_policy = fields.Char(
        required=True, readonly=True, default="payment", help="That of the team, or to be."
    )
    release_reason = fields.Char(readonly=True, help="Technical: why the place was given up.")
    is_counted = fields.Boolean(
        readonly=True, help="Technical: the team has counted this payment in."
    )
    is_reserved = fields.Boolean(
        readonly=True, help="Technical: the order's deliveries have reserved or shipped the pieces."
    )
    refund_state = fields.Selection(
        [
            ("due", "To Refund"),
            ("sent", "Refund Sent"),
            ("done", "Refunded"),
            ("failed", "Refund Failed"),
        ],
        compute="_compute_refund",
        compute_sudo=True,
        string="Refund",
    )
    refund_amount = fields.Monetary(compute="_compute_refund", compute_sudo=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    transition_ids = fields.One2many("pinbu.transition", "seat_id", string="Log", readonly=True)

    _order_unique = models.UniqueIndex("(order_id) WHERE order_id IS NOT NULL")
    _member_unique = models.UniqueIndex(
        "(team_id, partner_id) WHERE state IN ('held', 'paid', 'won')"
    )
    _opening_unique = models.UniqueIndex(
        "(activity_id, partner_id) WHERE state = 'held' AND team_id IS NULL"
    )
    _hold_idx = models.Index("(hold_until) WHERE state = 'held'")
    _uncounted_idx = models.Index("(id) WHERE state = 'paid' AND NOT is_counted")
    _opening_idx = models.Index("(activity_id) WHERE team_id IS NULL AND state IN ('held', 'paid')")
    _claim_idx = models.Index(
        "(product_id) WHERE NOT is_reserved AND state IN ('held', 'paid', 'won')"
    )
    _members_idx = models.Index(
        "(team_id, is_leader DESC, paid_at, id) WHERE state IN ('paid', 'won', 'lost')"
    )
    # In the order of time, so that a few pages say where a day of the figures is.
    _made_brin = models.Index("USING brin (create_date)")
    _paid_brin = models.Index("USING brin (paid_at)")
    _quantity_positive = models.Constraint("CHECK(quantity > 0)", "A seat has pieces.")

    # === COMPUTE METHODS === #

    def _compute_refund(self):
        for seat in self:
            refunds = seat.order_id._pinbu_refund_transactions()
            seat.refund_state = refunds._pinbu_refund_state()
            seat.refund_amount = -sum(refunds.mapped("amount"))

    def _gate_reason(self):
        """Why this seat's pieces stay in the warehouse, in a clerk's words."""
        self.ensure_one()
        team = self.team_id
        if self.state == "paid" and team:
            return self.env._(
                "team %(team)s is not formed yet, %(paid)s of %(size)s members have paid",
                team=team.display_name,
                paid=team.seats_paid,
                size=team.size,
            )
        if self.state in ("held", "paid"):
            return self.env._("the team of %s is not formed yet", self.order_id.name)
        return self.env._("the team of %s was not formed", self.order_id.name)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Seats are kept: they tell what happened to money and goods."))

    # === BUSINESS METHODS: PAYMENT === #

    def _take(self, transaction):
        """The place is paid. Only this seat's row is touched: the team counts after the commit.

        :param payment.transaction transaction: done, and of exactly the amount due
        :return: whether the seat was still held
        """
        self.ensure_one()
        self.flush_recordset()
        moved = move_state(
            self.env.cr,
            self.env.uid,
            "pinbu_seat",
            self.ids,
            ["held"],
            "paid",
            "payment",
            [
                # The provider's word, if it has one: a notice may come much later.
                SQL("paid_at = LEAST(%s, %s)", SQL_NOW, transaction.pinbu_paid_at or None),
                SQL("transaction_id = %s", transaction.id),
                SQL("is_counted = FALSE"),
            ],
        )
        self.invalidate_recordset()
        return bool(moved)

    def _count_payment(self, transaction_id=None):
        """Bring a committed payment to its team: opens, fills or forms the team, or gives up.

        In a short transaction of its own; called after the payment's commit, and again by the
        scheduler for those that a killed process left behind.
        """
        self.ensure_one()
        if transaction_id:
            self._take_again(transaction_id)
        late = []
        with short_transaction(self.env) as cr:
            team_id = self._team_in_database(cr) or self._open_team(cr)
            if team_id:
                late = self.env["pinbu.team"]._tally(cr, team_id)
            # Whatever came of it, the order, its delivery and its money must follow.
            self.env["pinbu.settlement"]._enqueue(cr, seat_ids=set(self.ids) - set(late))
            self.env["pinbu.settlement"]._wake(cr)
        self.browse(late)._reroute_late()

    def _team_in_database(self, cr):
        cr.execute(SQL("SELECT team_id FROM pinbu_seat WHERE id = %s", self.id))
        return cr.fetchone()[0]

    def _open_team(self, cr):
        """The leader has paid: the team exists from now on, and has its full time to fill up,
        however late the notice of the payment came.

        :return: the team's id, or None when the seat is not paid
        """
        cr.execute(SQL("SELECT team_id, state FROM pinbu_seat WHERE id = %s FOR UPDATE", self.id))
        team_id, state = cr.fetchone()
        if team_id or state != "paid":
            return team_id
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_team
                       (token, activity_id, company_id, terms_id, stock_policy, line_id, size,
                        seats_taken, seats_paid, merchant_places, state, deadline, opened_at,
                        leader_id, create_uid, create_date)
                SELECT %(token)s, seat.activity_id, seat.company_id, terms.id, seat.stock_policy,
                       CASE WHEN seat.stock_policy = 'open' THEN seat.line_id END, terms.size, 1, 0, 0, 'forming',
                       clock.now + terms.validity_hours * interval '1 hour', clock.now,
                       seat.partner_id, %(uid)s, clock.now
                  FROM pinbu_seat seat JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
            CROSS JOIN (SELECT %(now)s AS now) clock
                 WHERE seat.id = %(seat)s
             RETURNING id, deadline
                """,
                token=self.env["pinbu.team"]._new_token(),
                uid=self.env.uid,
                now=SQL_NOW,
                seat=self.id,
            )
        )
        team_id, deadline = cr.fetchone()
        cr.execute(SQL("UPDATE pinbu_seat SET team_id = %s WHERE id = %s", team_id, self.id))
        log_start(cr, self.env.uid, "pinbu_team", team_id, "forming", "opened")
        wake(self.env, cr, "pinbu_groupbuy.ir_cron_close_teams", at=deadline)
        return team_id

    # === BUSINESS METHODS: GIVING UP === #

    @api.model
    def _give_up(self, cr, seat_ids, reason, source="held", delay=0):
        """Release places: they and their pieces are free again, the order is cancelled, and what
        was paid, or still is, goes back.

        The teams' rows are locked first: callers who hold one already pass seats of that one.

        :param str source: only seats in this state are released; ``paid`` is for late payments
                           and for members who leave
        :param int delay: seconds before what follows is done
        :return: the ids released
        """
        if not seat_ids:
            return []
        cr.execute(
            SQL(
                """
                SELECT id FROM pinbu_team
                 WHERE id IN (SELECT team_id FROM pinbu_seat WHERE id = ANY(%s))
              ORDER BY id FOR NO KEY UPDATE
                """,
                list(seat_ids),
            )
        )
        released = move_state(
            cr,
            self.env.uid,
            "pinbu_seat",
            seat_ids,
            [source],
            "released",
            reason,
            [
                # Whoever gives up a hold that has lapsed has let it lapse.
                SQL(
                    "release_reason = CASE WHEN t.state = 'held' AND t.hold_until <= %s"
                    " THEN %s ELSE %s END",
                    SQL_NOW,
                    HOLD_LAPSED,
                    reason,
                )
            ],
        )
        cr.execute(
            SQL(
                """
                UPDATE pinbu_team SET seats_taken = seats_taken - freed.places
                  FROM (SELECT team_id, count(*) AS places FROM pinbu_seat
                         WHERE id = ANY(%s) AND team_id IS NOT NULL GROUP BY team_id) freed
                 WHERE pinbu_team.id = freed.team_id
                """,
                released,
            )
        )
        self._return_quota(cr, released)
        self._release_promises(cr, released)
        self.env["pinbu.settlement"]._enqueue(cr, seat_ids=released, delay=delay)
        return released

    def _release_hold(self, reason):
        """Release those of these seats that are only held, in a short transaction of its own.

        :return: the seats that were released
        """
        with short_transaction(self.env) as cr:
            released = self._give_up(cr, self.ids, reason)
            self.env["pinbu.settlement"]._wake(cr)
        return self.browse(released)
