from odoo import api, models
from odoo.exceptions import UserError

# What would take a unit out from under its team, or lead it past the gate.
GATED_FIELDS = {"product_id", "product_uom_qty", "product_uom", "sale_line_id", "state"}


class StockMove(models.Model):
    """The shipping gate: a move ships only if its order has no seat, or a seat that has won.

    It stands on the move itself, at every step of a route, so that it holds for the form's button,
    batches, waves, barcodes and RPC alike.
    """

    _inherit = "stock.move"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.state == "done")._check_may_ship()
        return moves

    def write(self, vals):
        if vals.get("state") == "done":
            self._check_may_ship()
        elif vals.get("state") == "cancel":
            self._check_decided()
        elif GATED_FIELDS & vals.keys() - {"state"}:
            # A draft move is still being made out of its order.
            self.filtered(lambda move: move.state != "draft")._check_decided()
        return super().write(vals)

    def unlink(self):
        self._check_decided()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _action_done(self, cancel_backorder=False):
        self._check_may_ship()
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _action_cancel(self):
        self._check_decided()
        return super()._action_cancel()

    def _do_unreserve(self):
        self._check_decided()
        return super()._do_unreserve()

    def _get_new_picking_values(self):
        vals = super()._get_new_picking_values()
        if self._pinbu_seats().filtered(lambda seat: seat.state != "won"):
            vals["pinbu_is_gated"] = True
        return vals

    def _pinbu_seats(self):
        """The seats whose orders these moves, or the deliveries they are on, belong to.

        Scrapping takes broken pieces out of stock, not out of the door.
        """
        moves = self.sudo().filtered(lambda move: move.location_dest_usage != "inventory")
        orders = moves.sale_line_id.order_id | moves.picking_id.sale_id
        return orders.seat_ids

    def _check_may_ship(self):
        """:raise UserError: when one of these moves belongs to a team that is not formed"""
        closed = self._pinbu_seats().filtered(lambda seat: seat.state != "won")
        if closed:
            raise UserError(
                self.env._(
                    "This cannot ship: %s.",
                    ", ".join(seat._gate_reason() for seat in closed),
                )
            )

    def _check_decided(self):
        """:raise UserError: when a member's team still has to decide about one of these moves"""
        waiting = self._pinbu_seats().filtered(lambda seat: seat.state == "paid")
        if waiting:
            raise UserError(
                self.env._(
                    "These pieces are kept for a team: %s.",
                    ", ".join(seat._gate_reason() for seat in waiting),
                )
            )
