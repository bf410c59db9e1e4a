from odoo import api, fields, models


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

    @api.depends("sale_id.seat_ids.team_id")
    def _compute_pinbu_team_id(self):
        for picking in self:
            seat = picking.sale_id.seat_ids[:1]
            picking.pinbu_team_id = seat.team_id
            picking.pinbu_activity_id = seat.activity_id

    @api.depends("pinbu_is_gated", "sale_id.seat_ids.state", "pinbu_team_id.seats_paid")
    def _compute_pinbu_gate_reason(self):
        for picking in self:
            gated = picking.pinbu_is_gated and picking.state not in ("done", "cancel")
            seat = picking.pinbu_seat_id
            picking.pinbu_gate_reason = gated and seat and seat._gate_reason()

    # === BUSINESS METHODS === #

    def _action_done(self):
        res = super()._action_done()
        # The scheduler sees whether this was the team's last delivery.
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=self.sudo().pinbu_team_id.ids)
        return res

    def _pinbu_reserve(self):
        """Reserve at once, also where the operation type would do it later or by hand."""
        waiting = self.move_ids.filtered(
            lambda move: move.state in ("confirmed", "waiting", "partially_available")
        )
        waiting._action_assign()

    def _pinbu_open_gate(self):
        """The team is formed: these deliveries are the warehouse's from now on."""
        gated = self.filtered("pinbu_is_gated")
        gated.pinbu_is_gated = False
        for picking in gated:
            picking._find_auto_batch()
