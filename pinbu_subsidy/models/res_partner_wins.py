from odoo import api, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pinbu_delivered_wins(self, company):
        """:return: how many places this shopper has won in `company` whose goods were delivered, or
        whose voucher was redeemed; what came back does not count
        :rtype: int
        """
        self.ensure_one()
        for model in ("pinbu.seat", "stock.move", "pinbu.voucher"):
            self.env[model].flush_model()
        [(count,)] = self.env.execute_query(
            SQL("SELECT count(*) FROM (%s) win", self._sql_delivered_wins(self, company))
        )
        return count

    @api.model
    def _sql_delivered_wins(self, partner, company):
        """:return: SQL for a row (``seat_id``, ``delivered_at``) for each delivered win"""
        return SQL(
            """
            SELECT seat.id AS seat_id, COALESCE(shipped.at, voucher.used_at) AS delivered_at
              FROM pinbu_seat seat
         LEFT JOIN pinbu_voucher voucher ON voucher.seat_id = seat.id AND voucher.state = 'used'
         LEFT JOIN LATERAL (
                   SELECT MAX(move.date) FILTER (WHERE move.state = 'done') AS at,
                          BOOL_OR(move.state NOT IN ('done', 'cancel')
                                  OR (move.state = 'done'
                                      AND move.origin_returned_move_id IS NOT NULL)) AS is_open
                     FROM stock_move move WHERE move.pinbu_seat_id = seat.id
                   ) shipped ON TRUE
             WHERE seat.partner_id = %s AND seat.company_id = %s AND seat.state = 'won'
               AND ((shipped.at IS NOT NULL AND NOT shipped.is_open)
                    OR voucher.used_at IS NOT NULL)
            """,
            partner.id,
            company.id,
        )
