from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .stock_move import changes

# What moves a delivery as a whole, or claims that it is done.
KEPT_FIELDS = {"location_dest_id", "location_id", "picking_type_id", "sale_id", "state"}


class StockPicking(models.Model):
    _inherit = "stock.picking"

    pinbu_is_gated = fields.Boolean(
        string="Waits for its Team",
        readonly=True,
        copy=False,
        help="The team that this delivery belongs to is not formed: it must not ship.",
    )
    pinbu_seat_id = fields.Many2one(
        "pinbu.seat", compute="_compute_pinbu_seat_id", compute_sudo=True
    )
    pinbu_team_id = fields.Many2one(
        "pinbu.team",
        string="Group-buying Team",
        compute="_compute_pinbu_team_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
    )
    pinbu_activity_id = fields.Many2one(
        "pinbu.activity",
        string="Group-buying Activity",
        compute="_compute_pinbu_team_id",
        store=True,
        compute_sudo=True,
    )
    pinbu_is_reserve = fields.Boolean(
        string="Holds Open Places",
        compute="_compute_pinbu_is_reserve",
        search="_search_pinbu_is_reserve",
        compute_sudo=True,
        help="These pieces are kept for the open places of a team. They never ship from here.",
    )
    pinbu_is_pickup = fields.Boolean(
        string="Pick-up",
        compute="_compute_pinbu_is_pickup",
        compute_sudo=True,
        help="The shopper gave no address, or chose to pick the goods up.",
    )
    pinbu_gate_reason = fields.Char(
        string="Why it cannot ship yet", compute="_compute_pinbu_gate_reason", compute_sudo=True
    )

    # === COMPUTE METHODS === #

    @api.depends("pinbu_is_gated")
    def _compute_state(self):
        super()._compute_state()
        # "Ready" would invite a clerk, and a batch, to ship it.
        for picking in self:
            if picking.pinbu_is_gated and picking.state == "assigned":
                picking.state = "confirmed"

    @api.depends("sale_id.seat_ids")
    def _compute_pinbu_seat_id(self):
        for picking in self:
            picking.pinbu_seat_id = picking.sale_id.seat_ids[:1]

    @api.depends("sale_id.seat_ids.team_id", "move_ids.pinbu_team_id")
    def _compute_pinbu_team_id(self):
        for picking in self:
            seat = picking.sale_id.seat_ids[:1]
            reserve = picking.move_ids.pinbu_team_id[:1]
            picking.pinbu_team_id = seat.team_id or reserve
            picking.pinbu_activity_id = seat.activity_id or reserve.activity_id

    @api.depends("move_ids.pinbu_team_id")
    def _compute_pinbu_is_reserve(self):
        for picking in self:
            picking.pinbu_is_reserve = bool(picking.move_ids.pinbu_team_id)

    def _search_pinbu_is_reserve(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("move_ids.pinbu_team_id", "!=" if True in value else "=", False)

    @api.depends(
        "pinbu_is_gated",
        "sale_id.seat_ids.state",
        "pinbu_team_id.seats_paid",
        "move_ids.pinbu_team_id",
    )
    def _compute_pinbu_gate_reason(self):
        for picking in self:
            gated = picking.pinbu_is_gated and picking.state not in ("done", "cancel")
            keeper = picking.move_ids.pinbu_team_id[:1] or picking.pinbu_seat_id
            picking.pinbu_gate_reason = gated and keeper and keeper._gate_reason()

    # === CRUD METHODS === #

    def write(self, vals):
        if "pinbu_is_gated" in vals and not self.env.su:
            raise UserError(self.env._("Only its team opens the gate for a delivery."))
        # Written here, they reach the moves by a recomputation, which the moves' guard cannot see.
        if names := KEPT_FIELDS & vals.keys():
            changed = self.filtered(lambda p: any(changes(p, name, vals[name]) for name in names))
            moves = changed.move_ids
            moves._refuse_change(moves._pinbu_keepers())
        return super().write(vals)

    @api.depends("sale_id.seat_ids.partner_id", "partner_id", "carrier_id.pinbu_type")
    def _compute_pinbu_is_pickup(self):
        for picking in self:
            seat = picking.sale_id.seat_ids[:1]
            picking.pinbu_is_pickup = bool(seat) and (
                picking.carrier_id._pinbu_is_pickup()
                if picking.carrier_id
                else picking.partner_id == seat.partner_id
            )

    # === ACTION METHODS === #

    def button_validate(self):
        # Before any question that Odoo asks the clerk: no answer would help.
        self.move_ids._check_may_ship()
        return super().button_validate()

    # === BUSINESS METHODS === #

    def _action_done(self):
        res = super()._action_done()
        # The scheduler sees whether this was the team's last delivery.
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=self.sudo().pinbu_team_id.ids)
        self.sudo()._pinbu_tell_shipped()
        return res

    def _pinbu_tell_shipped(self):
        webhooks = self.env["pinbu.webhook"]
        if webhooks._listens("order.shipped"):
            shipped = self.filtered(
                lambda picking: (
                    picking.state == "done"
                    and picking.picking_type_code == "outgoing"
                    and picking.pinbu_seat_id
                )
            )
            webhooks._emit("order.shipped", shipped)

    def _pinbu_gated(self):
        """:return: those of these deliveries that wait for their team"""
        return self.filtered(lambda p: p.pinbu_is_gated and p.state not in ("done", "cancel"))

    def _pinbu_follow_team(self):
        """Belong to another team where the seat has moved to one, by SQL that no field noticed."""
        moved = self.filtered(
            lambda picking: picking.pinbu_team_id != picking.pinbu_seat_id.team_id
        )
        moved.sudo()._compute_pinbu_team_id()

    def _pinbu_reserve(self):
        """Reserve at once, also where the operation type would do it later or by hand."""
        waiting = self.move_ids.filtered(
            lambda move: move.state in ("confirmed", "waiting", "partially_available")
        )
        waiting._action_assign()

    def _pinbu_open_gate(self):
        """The team is formed: these deliveries are the warehouse's from now on."""
        gated = self.filtered("pinbu_is_gated")
        gated.sudo().pinbu_is_gated = False
        for picking in gated:
            picking._find_auto_batch()
