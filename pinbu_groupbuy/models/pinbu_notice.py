"""What became of an order, kept for its shopper's client to pop up once."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW


class PinbuNotice(models.Model):
    """One result that a shopper should learn of. Written set-based with what it tells, once for
    each record and kind; its words are found when it is read, in the reader's language."""

    _name = "pinbu.notice"
    _description = "Notice to a Shopper"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False

    kind = fields.Selection(
        [
            ("won", "Team Formed"),
            ("lost", "Team Failed"),
            ("shipped", "Shipped"),
            ("refunded", "Refunded"),
            ("return_accepted", "Return Accepted"),
            ("return_refused", "Return Refused"),
        ],
        required=True,
        readonly=True,
    )
    # Plain numbers without an index of their own: nothing is ever looked up from there.
    res_id = fields.Integer(
        required=True, readonly=True, help="Technical: the seat, delivery, … that this is about."
    )
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True, help="What it is about in money; 0: nothing.")
    created_at = fields.Datetime(required=True, readonly=True)
    read_at = fields.Datetime(readonly=True)

    _once = models.UniqueIndex("(kind, res_id)", "A shopper is told of something once.")
    _mine_idx = models.Index("(partner_id, id)")
    _unread_idx = models.Index("(partner_id, id) WHERE read_at IS NULL")

    # === BUSINESS METHODS: WRITING === #

    @api.model
    def _tell(self, kind, rows):
        """Tell shoppers of something, once, in the transaction in which it happens.

        :param str kind: one of the selection's
        :param SQL rows: a query for ``(res_id, partner_id, company_id, order_id, amount)``
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_notice
                       (kind, created_at, res_id, partner_id, company_id, order_id, amount)
                SELECT %s, %s, told.* FROM (%s) told
           ON CONFLICT DO NOTHING
                """,
                kind,
                SQL_NOW,
                rows,
            )
        )

    @api.model
    def _tell_outcomes(self, seats):
        """:param pinbu.seat seats: whatever their state; those that have won or lost are told"""
        for outcome in ("won", "lost"):
            decided = seats.filtered(lambda seat, outcome=outcome: seat.state == outcome)
            if decided:
                self._tell(outcome, self._sql_outcomes(decided, outcome))

    @api.model
    def _sql_outcomes(self, seats, outcome):
        # All that was paid goes back when the team has failed.
        amount = SQL("ordered.amount_total") if outcome == "lost" else SQL("NULL::numeric")
        return SQL(
            """
            SELECT seat.id, seat.partner_id, seat.company_id, seat.order_id, %s
              FROM pinbu_seat seat JOIN sale_order ordered ON ordered.id = seat.order_id
             WHERE seat.id = ANY(%s)
            """,
            amount,
            seats.ids,
        )

    @api.model
    def _tell_shipped(self, pickings):
        if not pickings:
            return
        self._tell(
            "shipped",
            SQL(
                """
                SELECT picking.id, seat.partner_id, seat.company_id, seat.order_id, NULL::numeric
                  FROM stock_picking picking JOIN pinbu_seat seat ON seat.order_id = picking.sale_id
                 WHERE picking.id = ANY(%s)
                """,
                pickings.ids,
            ),
        )

    @api.model
    def _tell_refunded(self, refunds):
        """:param payment.transaction refunds: done, of group-buying orders"""
        if not refunds:
            return
        refunds.flush_recordset(["amount"])
        self._tell(
            "refunded",
            SQL(
                """
                SELECT tx.id, seat.partner_id, seat.company_id, seat.order_id, -tx.amount
                  FROM payment_transaction tx
                  JOIN sale_order_transaction_rel link ON link.transaction_id = tx.id
                  JOIN pinbu_seat seat ON seat.order_id = link.sale_order_id
                 WHERE tx.id = ANY(%s) AND tx.amount < 0
                """,
                refunds.ids,
            ),
        )

    @api.model
    def _tell_returns(self, returns, kind):
        """:param str kind: ``return_accepted`` or ``return_refused``"""
        self._tell(
            kind,
            SQL(
                """
                SELECT id, partner_id, company_id, order_id, NULL::numeric
                  FROM pinbu_return WHERE id = ANY(%s)
                """,
                returns.ids,
            ),
        )
