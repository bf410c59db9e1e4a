"""The pieces behind a seat: taken from the quota and promised from the stock, and given back.

How many depends on the team's stock policy: with ``open`` the opening takes the pieces of the
whole team, and who joins draws from them.
"""

from odoo import api, models
from odoo.tools import SQL

from ..exceptions import PinbuError

# The class of the advisory locks on products: a constant that nothing else uses.
PRODUCT_LOCK = 19_0002


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _take_pieces(self, cr, line, quantity, terms, team, left=None):
        """Take a seat's pieces, under the locks of its line and its product.

        :param pinbu.activity.terms terms: those of the team, or of the team to be
        :param pinbu.team team: the team to join, or an empty recordset for an opening
        :param dict left: of an opening: what `_check_opening` has counted and locked
        :raise PinbuError: ``sold_out``
        """
        is_open = (team.stock_policy or terms.stock_policy) == "open"
        if is_open and team:
            if team.line_id != line:
                raise PinbuError("sold_out", self.env._("This team is for another variant."))
            if quantity > 1:
                raise PinbuError("limit_reached", self.env._("At most %s pieces in one order.", 1))
            return
        pieces = terms.size if is_open else quantity
        if not self._take_quota(cr, line.id, pieces):
            raise PinbuError("sold_out", self.env._("This is sold out."))
        if left is None:
            # Other activities may offer the same product: one at a time counts its stock.
            self._lock_products(cr, line.product_id.ids)
            left = self.env["pinbu.activity.line"]._stock_left(cr, [line.id])
        in_stock = left[line.id]
        if in_stock is not None and in_stock < pieces and not terms.is_presale:
            raise PinbuError("sold_out", self.env._("This is sold out."))

    @api.model
    def _take_quota(self, cr, line_id, pieces):
        """:return: whether the line's quota had so many pieces; its row is locked from now on"""
        cr.execute(
            SQL(
                """
                UPDATE pinbu_activity_line SET quota_taken = quota_taken + %(pieces)s
                 WHERE id = %(line)s AND (quota = 0 OR quota_taken + %(pieces)s <= quota)
             RETURNING id
                """,
                pieces=pieces,
                line=line_id,
            )
        )
        return bool(cr.fetchone())

    @api.model
    def _lock_products(self, cr, product_ids):
        """One at a time counts a product's stock, until its transaction ends."""
        for product_id in sorted(product_ids):
            cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", PRODUCT_LOCK, product_id))

    @api.model
    def _return_quota(self, cr, seat_ids):
        """The pieces of these seats, just lost or released, can be sold again."""
        cr.execute(
            SQL(
                """
                WITH freed AS (
                    SELECT seat.line_id, SUM(
                               CASE WHEN seat.stock_policy != 'open' THEN seat.quantity
                                    WHEN seat.team_id IS NULL THEN terms.size
                                    ELSE 0 END
                           ) AS pieces
                      FROM pinbu_seat seat
                      JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
                     WHERE seat.id = ANY(%s) GROUP BY seat.line_id
                ), locked AS (
                    SELECT id FROM pinbu_activity_line
                     WHERE id IN (SELECT line_id FROM freed) ORDER BY id FOR NO KEY UPDATE
                )
                UPDATE pinbu_activity_line line SET quota_taken = quota_taken - freed.pieces
                  FROM freed, locked WHERE line.id = freed.line_id AND line.id = locked.id
                """,
                list(seat_ids),
            )
        )
