"""What a clerk sees of a delivery's team at first sight."""

from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    pinbu_mark = fields.Selection(
        [
            ("forming", "Team forming"),
            ("reserve", "Open places"),
            ("failed", "Team failed"),
            ("formed", "Team formed"),
        ],
        string="Group-buy",
        compute="_compute_pinbu_mark",
        compute_sudo=True,
        help="Whether this delivery's team lets it go: only a formed one does.",
    )
    pinbu_remark = fields.Text(
        string="Shopper's Remark", compute="_compute_pinbu_remark", compute_sudo=True
    )

    # === COMPUTE METHODS === #

    @api.depends("pinbu_is_gated", "sale_id.seat_ids.state", "move_ids.pinbu_team_id")
    def _compute_pinbu_mark(self):
        for picking in self:
            state = picking.pinbu_seat_id.state
            if picking.pinbu_is_reserve:
                picking.pinbu_mark = "reserve"
            elif not state or picking.return_id:
                picking.pinbu_mark = False
            elif state == "won":
                picking.pinbu_mark = "formed"
            else:
                picking.pinbu_mark = "forming" if state in ("held", "paid") else "failed"

    @api.depends("sale_id.pinbu_remark")
    def _compute_pinbu_remark(self):
        for picking in self:
            # What comes back is none of what the shopper wished for the way out.
            picking.pinbu_remark = not picking.return_id and picking.sale_id.pinbu_remark
