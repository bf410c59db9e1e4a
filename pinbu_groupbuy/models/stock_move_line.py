from odoo import api, models

from .stock_move import FLOW, FLOW_KEY, changes

# What would hand a reserved piece to another delivery, or give it back to the shelf.
KEPT_FIELDS = {
    "location_dest_id",
    "location_id",
    "lot_id",
    "move_id",
    "owner_id",
    "package_id",
    "picking_id",
    "product_id",
    "product_uom_id",
    "quant_id",
    "quantity",
    "quantity_product_uom",
    "state",
}


class StockMoveLine(models.Model):
    """What a forming team has reserved stays reserved, until the team has decided."""

    _inherit = "stock.move.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_decided(lines.move_id)
        return lines

    def write(self, vals):
        names = KEPT_FIELDS & vals.keys()
        if names:
            target = self.move_id.browse(vals.get("move_id") or ())
            self._check_decided(self.move_id | target, vals, names)
        return super().write(vals)

    def unlink(self):
        self._check_decided(self.move_id)
        return super().unlink()

    # === OVERRIDES OF STOCK === #

    def _free_reservation(self, *args, **kwargs):
        # A delivery that is forced out takes whatever is on the shelf. The team's move says so,
        # and is short.
        flow = self.with_context(**{FLOW_KEY: FLOW})
        return super(StockMoveLine, flow)._free_reservation(*args, **kwargs)

    def _log_message(self, record, move, template, vals):
        # The reserve of a team shrinks with each member: no news for the clerks who follow it.
        if not move.pinbu_team_id:
            super()._log_message(record, move, template, vals)

    def _auto_wave(self):
        # As with batches, what is not ready goes into none.
        lines = self.with_context(**{FLOW_KEY: None}).filtered(
            lambda line: not line.picking_id.pinbu_is_gated
        )
        return super(StockMoveLine, lines)._auto_wave()

    # === BUSINESS METHODS === #

    def _check_decided(self, moves, vals=None, names=()):
        """:raise UserError: when these lines reserve, or come to reserve, for an undecided team

        :param moves: the moves that the lines are on, or come to be on
        :param dict vals: what is written, if only that
        """
        if not moves._pinbu_keepers() or moves._pinbu_is_flow():
            return
        if vals is None or any(changes(line, name, vals[name]) for line in self for name in names):
            moves._check_decided()
