"""When what a seat has won left the warehouse, and when its shopper has it.

The shopper says so, or says nothing for some days. The time in which goods can be sent back counts
from then.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW

RECEIPT_BATCH = 500


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    shipped_at = fields.Datetime(
        readonly=True, help="When the last of its deliveries left the warehouse."
    )
    received_at = fields.Datetime(
        readonly=True, help="When the shopper said that the goods are there, or should have."
    )

    _to_receive_idx = models.Index(
        "(shipped_at) WHERE shipped_at IS NOT NULL AND received_at IS NULL"
    )

    # === BUSINESS METHODS === #

    def _note_shipped(self):
        """Note which of these seats, one of whose deliveries has just been done or cancelled, have
        nothing more to come from the warehouse, and when that was."""
        if not self:
            return
        self.env["stock.picking"].flush_model(["state", "sale_id", "return_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_seat seat SET shipped_at = %s
                 WHERE seat.id = ANY(%s) AND seat.state = 'won' AND seat.received_at IS NULL
                   AND EXISTS (SELECT 1 FROM stock_picking picking
                                 JOIN stock_location place ON place.id = picking.location_dest_id
                                WHERE picking.sale_id = seat.order_id AND place.usage = 'customer'
                                  AND picking.return_id IS NULL AND picking.state = 'done')
                   AND NOT EXISTS (SELECT 1 FROM stock_picking picking
                                    WHERE picking.sale_id = seat.order_id
                                      AND picking.return_id IS NULL
                                      AND picking.state NOT IN ('done', 'cancel'))
                """,
                SQL_NOW,
                self.ids,
            )
        )
        self.invalidate_recordset(["shipped_at"], flush=False)

    def _may_receive(self):
        """Whether everything is on its way and the shopper may say that it has come."""
        self.ensure_one()
        return self.state == "won" and bool(self.shipped_at) and not self.received_at

    def _receive(self):
        """The shopper has the goods. Safe to call twice.

        :raise PinbuError: ``not_allowed_now``
        """
        self.ensure_one()
        seat = self.sudo()
        if not seat._may_receive():
            raise PinbuError("not_allowed_now", self.env._("This is not possible now."))
        seat.received_at = fields.Datetime.now()

    @api.model
    def _cron_receive(self):
        """Shoppers who say nothing have their goods some days after these were shipped."""
        left = True
        while left and (received := self._receive_silently()):
            left = self.env["ir.cron"]._commit_progress(received)
        if not left:
            self.env.ref("pinbu_groupbuy.ir_cron_receive").sudo()._trigger()

    @api.model
    def _receive_silently(self):
        """:return: how many seats of a batch were taken as received; those that somebody works on
        are left to a later run"""
        self.env.cr.execute(
            SQL(
                """
                WITH overdue AS (
                    SELECT seat.id FROM pinbu_seat seat
                      JOIN res_company company ON company.id = seat.company_id
                     WHERE seat.shipped_at IS NOT NULL AND seat.received_at IS NULL
                       AND seat.shipped_at
                           < %(now)s - company.pinbu_receive_days * interval '1 day'
                  ORDER BY seat.shipped_at LIMIT %(batch)s FOR NO KEY UPDATE OF seat SKIP LOCKED
                )
                UPDATE pinbu_seat SET received_at = %(now)s
                  FROM overdue WHERE overdue.id = pinbu_seat.id
                """,
                now=SQL_NOW,
                batch=RECEIPT_BATCH,
            )
        )
        self.invalidate_model(["received_at"], flush=False)
        return self.env.cr.rowcount

    def _can_return_until(self):
        """:return: the end of the days in which the goods can be sent back without a reason, in
        UTC; None before they were received: those days have not begun"""
        self.ensure_one()
        if not self.received_at:
            return None
        company = self.company_id
        received_on = company._pinbu_date(self.received_at)
        return company._pinbu_day(received_on + timedelta(days=company.pinbu_return_days + 1))
