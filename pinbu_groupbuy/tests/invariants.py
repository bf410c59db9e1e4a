"""What holds at any time, whatever raced: checked after a test's races, moves and faults."""

# {what would be wrong: a query for the rows where it is}
BROKEN = {
    "a team's counters are not its seats": """
        SELECT team.id, team.state, team.seats_taken, team.seats_paid, seats.taken, seats.paid
          FROM pinbu_team team
          JOIN LATERAL (
               SELECT count(*) FILTER (WHERE state IN ('held', 'paid', 'won')) AS taken,
                      count(*) FILTER (
                          WHERE state = 'won' OR (
                              -- A payment that was committed this moment is still to be counted.
                              state = 'paid' AND team.state = 'forming' AND is_counted
                          )
                      ) AS paid
                 FROM pinbu_seat WHERE team_id = team.id
               ) seats ON TRUE
         WHERE team.state IN ('forming', 'formed', 'shipped')
           AND (team.seats_taken != seats.taken OR team.seats_paid != seats.paid)
    """,
    "a team has more members than places": """
        SELECT id, size, seats_taken, seats_paid, merchant_places FROM pinbu_team
         WHERE seats_paid > seats_taken OR seats_taken + merchant_places > size
    """,
    "a formed team is not full": """
        SELECT id, size, seats_taken, merchant_places FROM pinbu_team
         WHERE state IN ('formed', 'shipped') AND seats_taken + merchant_places != size
    """,
    "a shopper has two places in a team": """
        SELECT team_id, partner_id, count(*) FROM pinbu_seat
         WHERE team_id IS NOT NULL AND state IN ('held', 'paid', 'won')
      GROUP BY team_id, partner_id HAVING count(*) > 1
    """,
    "a shopper holds two unpaid places": """
        SELECT company_id, partner_id, count(*) FROM pinbu_seat
         WHERE state = 'held' AND hold_until > clock_timestamp() AT TIME ZONE 'UTC'
      GROUP BY company_id, partner_id HAVING count(*) > 1
    """,
    "a team was decided twice": """
        SELECT team_id, count(*) FROM pinbu_transition
         WHERE from_state = 'forming' AND to_state IN ('formed', 'failed')
      GROUP BY team_id HAVING count(*) > 1
    """,
    "a quota is sold out of": """
        SELECT id, quota, quota_taken FROM pinbu_activity_line
         WHERE quota > 0 AND quota_taken > quota
    """,
    "a line's quota is not what its seats and open teams took": """
        SELECT line.id, line.quota_taken, pieces.taken
          FROM pinbu_activity_line line
          JOIN LATERAL (
               SELECT COALESCE((
                          -- Pieces that a seat took for itself.
                          SELECT SUM(seat.quantity) FROM pinbu_seat seat
                           WHERE seat.line_id = line.id AND seat.stock_policy != 'open'
                             AND seat.state IN ('held', 'paid', 'won')
                      ), 0) + COALESCE((
                          -- An opening that waits for its payment took its team's whole size.
                          SELECT SUM(terms.size) FROM pinbu_seat seat
                            JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
                           WHERE seat.line_id = line.id AND seat.stock_policy = 'open'
                             AND seat.team_id IS NULL AND seat.state IN ('held', 'paid')
                      ), 0) + COALESCE((
                          SELECT SUM(team.size - team.merchant_places) FROM pinbu_team team
                           WHERE team.activity_id = line.activity_id
                             AND team.stock_policy = 'open'
                             AND team.state IN ('forming', 'formed', 'shipped')
                      ), 0) AS taken
               ) pieces ON TRUE
         WHERE line.quota_taken != pieces.taken
    """,
    "a change of state is not in the log": """
        SELECT 'team', team.id, team.state, last.to_state
          FROM pinbu_team team
     LEFT JOIN LATERAL (
               SELECT to_state FROM pinbu_transition
                WHERE team_id = team.id ORDER BY id DESC LIMIT 1
               ) last ON TRUE
         WHERE last.to_state IS DISTINCT FROM team.state
         UNION ALL
        SELECT 'seat', seat.id, seat.state, last.to_state
          FROM pinbu_seat seat
     LEFT JOIN LATERAL (
               SELECT to_state FROM pinbu_transition
                WHERE seat_id = seat.id ORDER BY id DESC LIMIT 1
               ) last ON TRUE
         WHERE last.to_state IS DISTINCT FROM seat.state
         UNION ALL
        SELECT 'gap', id, from_state, before
          FROM (SELECT id, from_state,
                       lag(to_state) OVER (PARTITION BY team_id, seat_id ORDER BY id) AS before
                  FROM pinbu_transition
                 WHERE team_id IS NOT NULL OR seat_id IS NOT NULL) steps
         WHERE from_state IS DISTINCT FROM before
    """,
    "a seat won without a formed team": """
        SELECT seat.id, team.state FROM pinbu_seat seat
     LEFT JOIN pinbu_team team ON team.id = seat.team_id
         WHERE seat.state = 'won' AND COALESCE(team.state, '') NOT IN ('formed', 'shipped')
    """,
    "a formed team left a member behind": """
        SELECT seat.id, seat.state FROM pinbu_seat seat
          JOIN pinbu_team team ON team.id = seat.team_id
         WHERE seat.state = 'paid' AND seat.is_counted
           AND team.state IN ('formed', 'shipped', 'failed', 'settled')
    """,
    "goods of an unformed team left the warehouse": """
        SELECT seat.id, seat.state, move.id FROM pinbu_seat seat
          JOIN sale_order_line line ON line.order_id = seat.order_id
          JOIN stock_move move ON move.sale_line_id = line.id
         WHERE seat.state != 'won' AND move.state = 'done'
    """,
    "an order that has not won was invoiced": """
        SELECT seat.id, seat.state FROM pinbu_seat seat
          JOIN sale_order_line line ON line.order_id = seat.order_id
          JOIN sale_order_line_invoice_rel invoiced ON invoiced.order_line_id = line.id
         WHERE seat.state != 'won'
    """,
    "a place was paid with a payment that is not here": """
        SELECT seat.id, seat.state, tx.state FROM pinbu_seat seat
     LEFT JOIN payment_transaction tx ON tx.id = seat.transaction_id
         WHERE seat.state IN ('paid', 'won')
           AND (tx.state IS DISTINCT FROM 'done' OR tx.amount < 0)
    """,
    "a place was paid with more or less than its order costs": """
        SELECT seat.id, seat.state, orders.amount_total, SUM(tx.amount)
          FROM pinbu_seat seat
          JOIN sale_order orders ON orders.id = seat.order_id AND orders.state != 'cancel'
          JOIN sale_order_transaction_rel link ON link.sale_order_id = orders.id
          JOIN payment_transaction tx ON tx.id = link.transaction_id AND tx.state = 'done'
     LEFT JOIN payment_transaction source ON source.id = tx.source_transaction_id
          JOIN payment_provider provider ON provider.id = tx.provider_id
         WHERE seat.state IN ('paid', 'won')
           -- What bought it, and what another means paid beside that.
           AND (COALESCE(source.id, tx.id) = seat.transaction_id OR provider.code = 'wallet')
           AND COALESCE(tx.pinbu_refund_reason, '') NOT LIKE 'manual%'
           AND tx.pinbu_return_id IS NULL
      GROUP BY seat.id, orders.id HAVING SUM(tx.amount) != orders.amount_total
    """,
    # What was won goes back as well if the merchant cancels it.
    "a payment bought a place and is owed back": """
        SELECT seat.id, seat.state, tx.id, tx.pinbu_refunded
          FROM pinbu_seat seat JOIN payment_transaction tx ON tx.id = seat.transaction_id
          JOIN payment_transaction refund ON refund.source_transaction_id = tx.id
           AND refund.pinbu_refund_reason IN ('held', 'paid', 'won', 'lost', 'released')
          JOIN sale_order orders ON orders.id = seat.order_id
         WHERE seat.state IN ('paid', 'won') AND orders.state != 'cancel'
    """,
    "a returned piece is not paid back, or twice": """
        SELECT seat.id, seat.quantity, seat.quantity_returned, seat.quantity_refunded, back.pieces
          FROM pinbu_seat seat
          JOIN LATERAL (
               SELECT COALESCE(SUM(quantity_received), 0) AS pieces,
                      COALESCE(SUM(CASE WHEN state IN ('requested', 'accepted') THEN quantity
                                        WHEN state IN ('received', 'refunded')
                                        THEN quantity_received ELSE 0 END), 0) AS asked
                 FROM pinbu_return WHERE seat_id = seat.id
               ) back ON TRUE
         WHERE COALESCE(seat.quantity_refunded, 0) != back.pieces
            OR COALESCE(seat.quantity_returned, 0) != back.asked
    """,
    "a return pays back more than was paid for its pieces": """
        SELECT seat.id, SUM(-refund.amount), orders.amount_total
          FROM pinbu_return asked JOIN pinbu_seat seat ON seat.id = asked.seat_id
          JOIN sale_order orders ON orders.id = seat.order_id
          JOIN payment_transaction refund ON refund.pinbu_return_id = asked.id
      GROUP BY seat.id, orders.id
        HAVING SUM(-refund.amount) * seat.quantity > orders.amount_total * CASE
               WHEN seat.is_fee_refunded THEN seat.quantity ELSE seat.quantity_refunded END
    """,
    "a payment is owed back twice": """
        SELECT source_transaction_id, count(*) FROM payment_transaction
         WHERE pinbu_refund_reason IN ('held', 'paid', 'won', 'lost', 'released')
      GROUP BY source_transaction_id HAVING count(*) > 1
    """,
    "more was refunded than paid": """
        SELECT tx.id, tx.amount, tx.pinbu_refunded, SUM(-refund.amount)
          FROM payment_transaction tx
          JOIN payment_transaction refund
            ON refund.source_transaction_id = tx.id AND refund.operation = 'refund'
      GROUP BY tx.id HAVING SUM(-refund.amount) > tx.amount
            OR SUM(-refund.amount) FILTER (WHERE refund.pinbu_refund_reason IS NOT NULL)
               != COALESCE(tx.pinbu_refunded, 0)
    """,
}


# The same for what holds once the schedulers have nothing left to do, and the provider has answered.
UNSETTLED = {
    "work is left over": "SELECT id, seat_id, team_id, attempts, error FROM pinbu_settlement",
    "no team has counted a payment": """
        SELECT id, team_id FROM pinbu_seat
         WHERE state = 'paid' AND (NOT is_counted OR team_id IS NULL)
    """,
    "a team is past its deadline": """
        SELECT id, deadline FROM pinbu_team
         WHERE state = 'forming' AND deadline < clock_timestamp() AT TIME ZONE 'UTC'
    """,
    "a hold is past its expiry": """
        SELECT id, hold_until FROM pinbu_seat
         WHERE state = 'held' AND hold_until < clock_timestamp() AT TIME ZONE 'UTC'
    """,
    "a team is decided, and a seat of it is not": """
        SELECT seat.id, seat.state, team.id, team.state
          FROM pinbu_seat seat JOIN pinbu_team team ON team.id = seat.team_id
         WHERE seat.state IN ('held', 'paid') AND team.state != 'forming'
            OR seat.state = 'lost' AND team.state NOT IN ('failed', 'settled')
    """,
    "an order does not follow its seat": """
        SELECT seat.id, seat.state, seat.stock_policy, orders.id, orders.state
          FROM pinbu_seat seat JOIN sale_order orders ON orders.id = seat.order_id
         WHERE (seat.state IN ('lost', 'released') AND orders.state != 'cancel')
            OR (seat.state = 'won' AND orders.state NOT IN ('sale', 'cancel'))
            OR (seat.state = 'held' AND orders.state NOT IN ('draft', 'sent'))
            OR (seat.state = 'paid' AND orders.state
                != CASE WHEN seat.stock_policy = 'success' THEN 'draft' ELSE 'sale' END)
    """,
    "an order asks for more or less than its place": """
        SELECT seat.id, seat.quantity, SUM(line.product_uom_qty)
          FROM pinbu_seat seat
          JOIN sale_order_line line
               ON line.order_id = seat.order_id AND line.product_id = seat.product_id
         WHERE seat.state IN ('paid', 'won')
      GROUP BY seat.id HAVING SUM(line.product_uom_qty) != seat.quantity
    """,
    "a payment or refund is not in the books": """
        SELECT tx.id, tx.operation, tx.amount FROM payment_transaction tx
          JOIN sale_order_transaction_rel link ON link.transaction_id = tx.id
          JOIN pinbu_seat seat ON seat.order_id = link.sale_order_id
         WHERE tx.state = 'done' AND (NOT tx.is_post_processed OR tx.payment_id IS NULL)
           -- What cost nothing needs no entry.
           AND tx.amount != 0
    """,
    "a refund has not gone out": """
        SELECT id, reference, state FROM payment_transaction
         WHERE pinbu_refund_reason IS NOT NULL AND state != 'done'
    """,
}


# What a race has just filled and PostgreSQL has not counted yet: it would plan for empty tables.
_ANALYZE = (
    "ANALYZE pinbu_seat, pinbu_team, pinbu_transition, sale_order, sale_order_line,"
    " sale_order_transaction_rel, payment_transaction, stock_move"
)


def _assert_none(cr, queries):
    cr.execute(_ANALYZE)
    broken = {}
    for what, query in queries.items():
        cr.execute(query)
        if rows := cr.fetchall():
            broken[what] = rows
    assert not broken, broken


def assert_invariants(cr):
    """:raise AssertionError: which invariant of the design is broken, and where

    :param cr: a cursor that sees the rows: after a race, one that was committed or rolled back
    """
    _assert_none(cr, BROKEN)


def assert_settled(cr):
    """Call it once settlement has nothing left to do and the provider has answered.

    :raise AssertionError: which invariant is broken, and where, or what is still to be done
    """
    _assert_none(cr, BROKEN | UNSETTLED)


def assert_money(env, orders):
    """Every payment that arrived is the one that bought a place that lives, or goes back in full.

    Call it once settlement has nothing left to do.

    :raise AssertionError: which payment is in limbo
    """
    env.flush_all()
    env.invalidate_all()
    for order in orders.sudo():
        seat = order.seat_ids
        for tx in order.transaction_ids:
            if tx.operation == "refund" or tx.state != "done":
                continue
            refunds = tx.child_transaction_ids.filtered(lambda child: child.operation == "refund")
            owed = -sum(refunds.mapped("amount"))
            bought = tx in order._pinbu_kept_transactions()
            state = (order.name, seat.state, tx.reference, tx.amount, owed)
            compared = tx.currency_id.compare_amounts(owed, tx.amount)
            assert compared <= 0, ("more goes back than came", *state)
            # What was bought may be given back in part, by hand.
            assert bought or not compared, ("neither a place nor a refund", *state)
            # What an order has paid from a wallet waits with it for the rest.
            unpaid = () if tx._pinbu_is_leg() else ("held",)
            assert not (bought and seat.state in (*unpaid, "lost", "released")), state
