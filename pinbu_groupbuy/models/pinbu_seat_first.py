from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    is_first = fields.Boolean(
        string="Newcomer's",
        compute="_compute_is_first",
        search="_search_is_first",
        compute_sudo=True,
        help="The first place that its shopper has ever paid for in the company's shop.",
    )

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends("state", "paid_at", "partner_id")
    def _compute_is_first(self):
        self.flush_model(["state", "paid_at", "partner_id", "company_id"])
        rows = self.env.execute_query(
            SQL("SELECT id FROM (%s) first WHERE id = ANY(%s)", self._sql_first(), self.ids)
        )
        first = {row[0] for row in rows}
        for seat in self:
            seat.is_first = seat.id in first

    def _search_is_first(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model(["state", "paid_at", "partner_id", "company_id"])
        return Domain("id", "in" if True in value else "not in", self._sql_first())

    @api.model
    def _sql_first(self):
        """:return: a SELECT of the ids of all newcomers' seats"""
        return SQL(
            """
            (SELECT seat.id FROM pinbu_seat seat
              WHERE seat.state IN ('paid', 'won', 'lost') AND NOT EXISTS (
                    SELECT 1 FROM pinbu_seat earlier
                     WHERE earlier.partner_id = seat.partner_id
                       AND earlier.company_id = seat.company_id
                       AND earlier.state IN ('paid', 'won', 'lost')
                       AND (earlier.paid_at, earlier.id) < (seat.paid_at, seat.id)))
            """
        )
