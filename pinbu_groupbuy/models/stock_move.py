from odoo import api, fields, models
from odoo.exceptions import UserError

# Odoo's own reservation is known by this very object in the context: whoever calls over RPC can
# spell the key, but never send the object.
FLOW = object()
FLOW_KEY = "pinbu_flow"

# What would take a unit out from under its team, or lead it past the gate.
KEPT_FIELDS = {
    "location_dest_id",
    "location_id",
    "picking_id",
    "product_id",
    "product_uom",
    "product_uom_qty",
    "quantity",
    "reference_ids",
    "sale_line_id",
}
# What Odoo fills in on a move that has none yet; from then on it stays.
FILLED_FIELDS = {"picking_id", "reference_ids"}


def changes(record, name, value):
    """:return: whether writing this value to the field of that name would change the record"""
    field = record._fields[name]
    if field.type in ("one2many", "many2many"):
        return True
    new, old = (field.convert_to_cache(v, record, validate=False) for v in (value, record[name]))
    return new != old


def reasons(keepers):
    """:return: why the pieces of these seats and teams stay, in one line for the clerk"""
    return ", ".join(keeper._gate_reason() for keeper in keepers)


class StockMove(models.Model):
    """The shipping gate: a move ships only if its order has no seat, or a seat that has won. What
    holds a team's open places never ships.

    It stands on the move itself, at every step of a route, so that it holds for the form's button,
    batches, waves, barcodes and RPC alike. Until then a move stays as its order made it: whatever
    a clerk changes, copies or cuts off, the move remembers its seat.
    """

    _inherit = "stock.move"

    pinbu_seat_id = fields.Many2one(
        "pinbu.seat",
        string="Group-buying Seat",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    pinbu_team_id = fields.Many2one(
        "pinbu.team",
        string="Reserve of Team",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="This move holds the places of the team that nobody has paid for yet. It never ships.",
    )

    _pinbu_reserve_unique = models.UniqueIndex(
        "(pinbu_team_id) WHERE pinbu_team_id IS NOT NULL AND state != 'cancel'"
    )
    _pinbu_short_idx = models.Index(
        "(product_id) WHERE state IN ('confirmed', 'partially_available')"
        " AND (pinbu_seat_id IS NOT NULL OR pinbu_team_id IS NOT NULL)"
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._pinbu_with_seats(vals_list)
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.state == "done")._check_may_ship()
        moves._pinbu_gate_pickings()
        return moves

    def write(self, vals):
        if vals.get("state") == "done":
            self._check_may_ship()
        elif vals.get("state") == "cancel":
            self._check_decided()
        self._check_stays(vals)
        res = super().write(vals)
        if vals.get("picking_id"):
            self._pinbu_gate_pickings()
        return res

    def unlink(self):
        self._check_decided()
        return super().unlink()

    # === OVERRIDES OF STOCK === #

    def _action_done(self, cancel_backorder=False):
        self._check_may_ship()
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _action_cancel(self):
        self._check_decided()
        return super()._action_cancel()

    def _do_unreserve(self):
        self._check_decided()
        return super()._do_unreserve()

    def _action_assign(self, force_qty=False):
        return super(StockMove, self._pinbu_in_flow())._action_assign(force_qty=force_qty)

    def _recompute_state(self):
        return super(StockMove, self._pinbu_in_flow())._recompute_state()

    def _search_picking_for_assignation(self):
        # Said by the settlement, of orders that have no delivery yet: there is none to look for.
        if self.pinbu_seat_id and self.env.context.get("pinbu_first_deliveries"):
            return self.env["stock.picking"]
        return super()._search_picking_for_assignation()

    def _assign_picking_post_process(self, new=False):
        # Odoo posts on each new delivery which order it came from, and spends a sixth of a
        # confirmation on that. This one shows its order and its team.
        super()._assign_picking_post_process(new=new and not self.pinbu_seat_id)

    def _get_new_picking_values(self):
        vals = super()._get_new_picking_values()
        if self._pinbu_keepers():
            vals["pinbu_is_gated"] = True
        return vals

    @api.model
    def _prepare_merge_moves_distinct_fields(self):
        return [
            *super()._prepare_merge_moves_distinct_fields(),
            "pinbu_seat_id",
            "pinbu_team_id",
        ]

    # === BUSINESS METHODS: SEATS === #

    @api.model
    def _pinbu_with_seats(self, vals_list):
        """Write into the values of new moves whose seat they serve.

        A seat that is given already, by a copy, can only close the gate further.
        """
        default = self.env.context.get("default_sale_line_id")
        line_ids = [vals.get("sale_line_id", default) for vals in vals_list]
        lines = self.env["sale.order.line"].sudo().browse(filter(None, line_ids))
        seats = self.env["pinbu.seat"].sudo()
        seats = seats.browse(
            vals["pinbu_seat_id"] for vals in vals_list if vals.get("pinbu_seat_id")
        )
        if own := lines.order_id.seat_ids:
            seats |= own
            seat_by_order = {seat.order_id.id: seat.id for seat in own}
            vals_list = [
                {**vals, "pinbu_seat_id": seat_by_order[order_id]}
                if (order_id := lines.browse(line_id).order_id.id) in seat_by_order
                else vals
                for vals, line_id in zip(vals_list, line_ids, strict=True)
            ]
        # What a forming order needs, Odoo's rules make with all rights. By hand it would be a
        # second delivery of the same unit.
        if not self.env.su:
            default = self.env.context.get("default_pinbu_team_id")
            team_ids = [vals.get("pinbu_team_id", default) for vals in vals_list]
            teams = self.env["pinbu.team"].sudo().browse(filter(None, team_ids))
            self._refuse_change([*seats.filtered(lambda seat: seat.state != "won"), *teams])
        return vals_list

    def _pinbu_keepers(self):
        """What these moves were made for and that does not let them go: seats that have not won
        (yet), and teams whose open places they hold.

        Costs nothing where there is no group-buying: both are columns of the move.

        :return: a list of single records, each of which knows its `_gate_reason`
        """
        moves = self.sudo()
        return [
            *moves.pinbu_seat_id.filtered(lambda seat: seat.state != "won"),
            *moves.pinbu_team_id,
        ]

    def _pinbu_gate_pickings(self):
        """Deliveries that come to hold pieces of an unformed team are not ready."""
        if self._pinbu_keepers():
            moves = self.sudo().filtered(lambda move: move._pinbu_keepers())
            moves.picking_id.filtered(lambda picking: not picking.pinbu_is_gated).write(
                {"pinbu_is_gated": True}
            )

    # === BUSINESS METHODS: CHECKS === #

    def _pinbu_is_flow(self):
        """Whether it is Odoo's own reservation that asks, and not somebody's hand."""
        return self.env.context.get(FLOW_KEY) is FLOW

    def _pinbu_in_flow(self):
        """:return: these moves, in a context in which Odoo may reserve them anew"""
        return self.with_context(**{FLOW_KEY: FLOW}) if self._pinbu_keepers() else self

    def _check_may_ship(self):
        """:raise UserError: when one of these moves belongs to a team that is not formed"""
        # Scrapping takes broken pieces out of stock, not out of the door.
        moves = self.sudo().filtered(
            lambda move: (
                move.pinbu_seat_id
                or move.pinbu_team_id
                or move.sale_line_id
                or not (move.scrap_id and move.location_dest_usage == "inventory")
            )
        )
        orders = moves.sale_line_id.order_id | moves.picking_id.sale_id
        seats = moves.pinbu_seat_id | orders.seat_ids
        closed = [*seats.filtered(lambda seat: seat.state != "won"), *moves.pinbu_team_id]
        if closed:
            raise UserError(self.env._("This cannot ship: %s.", reasons(closed)))

    def _check_decided(self):
        """:raise UserError: when a team still has to decide about one of these moves: for what its
        members ordered and paid; for its open places, always, but for the team itself"""
        waiting = [
            keeper
            for keeper in self._pinbu_keepers()
            if keeper.state == "paid"
            or (keeper._name == "pinbu.team" and not self._pinbu_is_flow())
        ]
        if waiting:
            raise UserError(self.env._("These pieces are kept for a team: %s.", reasons(waiting)))

    def _check_stays(self, vals):
        """:raise UserError: when these values would change what a team's order has made"""
        if "pinbu_seat_id" in vals or "pinbu_team_id" in vals:
            raise UserError(self.env._("What a move was made for stays as it is, for good."))
        if self._pinbu_is_flow():
            return
        if vals.get("sale_line_id"):
            line = self.env["sale.order.line"].sudo().browse(vals["sale_line_id"])
            seats = line.order_id.seat_ids.filtered(lambda seat: seat.state != "won")
            if seats and self.sale_line_id != line:
                self._refuse_change(seats)
        names = KEPT_FIELDS & vals.keys()
        if (names or "state" in vals) and self._pinbu_keepers():
            changed = self.sudo().filtered(
                lambda move: (
                    move._pinbu_keepers()
                    and (
                        any(
                            changes(move, name, vals[name])
                            for name in names
                            if name not in FILLED_FIELDS or move[name]
                        )
                        or not move._pinbu_may_become(vals.get("state", move.state))
                    )
                )
            )
            self._refuse_change(changed._pinbu_keepers())

    def _pinbu_may_become(self, state):
        """Whether Odoo, confirming or cancelling, gives this move this state. All other states
        come from a reservation."""
        return state in (self.state, "done", "cancel") or (
            self.state == "draft" and state in ("confirmed", "waiting")
        )

    @api.model
    def _refuse_change(self, keepers):
        """:raise UserError: when there are any keepers"""
        if keepers:
            raise UserError(self.env._("This cannot be changed: %s.", reasons(keepers)))
