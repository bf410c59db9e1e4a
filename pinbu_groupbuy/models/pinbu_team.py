import secrets
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import TEAM_OUTCOME
from .pinbu_transition import DEADLINE_MOVED, log_note, log_start

# When this process last woke the scheduler: {database: seconds of the monotonic clock}.
_hurried_at = {}


class PinbuTeam(models.Model):
    """One attempt to reach the size. It exists from its leader's payment on.

    `state` and the counters change only through `move_state` and the SQL of `pinbu_team_outcome.py`,
    `pinbu_team_members.py` and `pinbu_seat_lease.py`, in short transactions that lock the team's
    row first.
    """

    _name = "pinbu.team"
    _description = "Group-buying Team"
    _order = "id desc"

    token = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._new_token(),
        help="Who knows it may look at the team: it is the share link.",
    )
    activity_id = fields.Many2one(
        "pinbu.activity", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    terms_id = fields.Many2one(
        "pinbu.activity.terms",
        readonly=True,
        ondelete="restrict",
        help="What held when the team was opened.",
    )
    stock_policy = fields.Char(required=True, readonly=True, default="payment")
    line_id = fields.Many2one(
        "pinbu.activity.line",
        string="Kept Variant",
        readonly=True,
        ondelete="restrict",
        help="With stock reserved at the opening: the variant that is kept for all places.",
    )
    size = fields.Integer(required=True, readonly=True)
    merchant_places = fields.Integer(
        string="Merchant's Places",
        required=True,
        default=0,
        readonly=True,
        help="Places that the merchant took himself to complete the team.",
    )
    seats_taken = fields.Integer(
        required=True, default=0, readonly=True, help="Places held, paid or won."
    )
    seats_paid = fields.Integer(required=True, default=0, readonly=True)
    missing = fields.Integer(compute="_compute_missing", search="_search_missing")
    state = fields.Selection(
        [
            ("forming", "Forming"),
            ("formed", "Formed"),
            ("shipped", "Shipped"),
            ("failed", "Failed"),
            ("settled", "Settled"),
        ],
        default="forming",
        required=True,
        readonly=True,
        index=True,
        group_expand=True,
    )
    deadline = fields.Datetime(required=True, index=True)
    opened_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    finished_at = fields.Datetime(readonly=True)
    leader_id = fields.Many2one(
        "res.partner", readonly=True, index="btree_not_null", help="Empty: led by the merchant."
    )
    failure = fields.Selection(
        [
            ("deadline", "Not full in time"),
            ("merchant", "Stopped by the merchant"),
            ("stock", "Out of stock"),
            ("left", "Everybody left"),
        ],
        readonly=True,
    )
    is_alerted = fields.Boolean(
        readonly=True, help="Technical: the merchant was told why this team failed."
    )
    is_reserved = fields.Boolean(
        readonly=True,
        help="Technical: the warehouse has reserved the places that nobody has paid for yet.",
    )
    seat_ids = fields.One2many("pinbu.seat", "team_id", string="Seats", readonly=True)
    order_ids = fields.Many2many("sale.order", compute="_compute_order_ids")
    picking_ids = fields.Many2many("stock.picking", compute="_compute_order_ids")
    transition_ids = fields.One2many("pinbu.transition", "team_id", string="Log", readonly=True)

    _token_unique = models.UniqueIndex("(token)")
    _merchant_team_unique = models.UniqueIndex("(activity_id) WHERE leader_id IS NULL")
    _places = models.Constraint(
        "CHECK(0 <= seats_paid AND seats_paid <= seats_taken"
        " AND 0 <= merchant_places AND seats_taken + merchant_places <= size)",
        "A team never has more members than places.",
    )
    _forming_idx = models.Index("(deadline) WHERE state = 'forming'")
    _opened_brin = models.Index("USING brin (opened_at)")
    _finished_brin = models.Index("USING brin (finished_at)")
    _forming_in_idx = models.Index("(activity_id) WHERE state = 'forming'")

    # === DEFAULT AND COMPUTE METHODS === #

    @api.model
    def _new_token(self):
        # 128 bits, 22 characters: `api/scenes.py` counts on them.
        return secrets.token_urlsafe(16)

    @api.depends("activity_id.name")
    def _compute_display_name(self):
        for team in self:
            team.display_name = f"{team.activity_id.name} #{team.id or ''}"

    @api.depends("size", "seats_paid", "merchant_places")
    def _compute_missing(self):
        for team in self:
            team.missing = team.size - team.seats_paid - team.merchant_places

    def _search_missing(self, operator, value):
        if operator != "in":
            return NotImplemented

        def to_sql(teams, alias, query):
            parts = ("size", "seats_paid", "merchant_places")
            return SQL(
                "%s - %s - %s = ANY(%s)",
                *(teams._field_to_sql(alias, part, query) for part in parts),
                list(value),
            )

        return Domain.custom(to_sql=to_sql, predicate=lambda team: team.missing in value)

    @api.depends("seat_ids.order_id")
    def _compute_order_ids(self):
        for team in self:
            team.order_ids = team.seat_ids.order_id
            team.picking_ids = team.order_ids.picking_ids

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Teams led by the merchant; those of shoppers come into being with a payment, in SQL."""
        teams = super().create(vals_list)
        for team in teams:
            log_start(self.env.cr, self.env.uid, "pinbu_team", team.id, "forming", "opened")
        teams._call_scheduler()
        return teams

    def write(self, vals):
        if not self.env.su and vals.keys() - {"deadline"}:
            raise AccessError(self.env._("Only the deadline of a team can be changed by hand."))
        if "deadline" in vals:
            self._check_deadline_move(fields.Datetime.to_datetime(vals["deadline"]))
        res = super().write(vals)
        if "deadline" in vals:
            self._log_deadline_move()
            self._shorten_holds()
            self._call_scheduler()
            self._tell_board()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Teams are kept: they tell what happened to money and goods."))

    def _call_scheduler(self):
        closing = self.env.ref("pinbu_groupbuy.ir_cron_close_teams").sudo()
        closing._trigger(at=self.mapped("deadline"))

    def _check_deadline_move(self, deadline):
        """Moving a deadline is a manual intervention, for managers and running teams only.

        It lies ahead: members who have paid in time must not be late afterwards.
        """
        if not self.env.su and not self.env.user.has_group("pinbu_groupbuy.group_manager"):
            raise AccessError(self.env._("Only a group-buying manager may move a deadline."))
        if any(team.state != "forming" or team.deadline <= self.env.cr.now() for team in self):
            raise UserError(self.env._("The deadline of a finished team cannot be moved."))
        if not deadline or deadline <= fields.Datetime.now():
            raise UserError(self.env._("The new deadline must lie in the future."))

    def _shorten_holds(self):
        """No place is held beyond the deadline."""
        for team in self:
            team.seat_ids.filtered(
                lambda seat, team=team: seat.state == "held" and seat.hold_until > team.deadline
            ).sudo().hold_until = team.deadline

    def _log_deadline_move(self):
        for team in self:
            log_note(
                self.env.cr,
                self.env.uid,
                "pinbu_team",
                team.id,
                f"{DEADLINE_MOVED}{team.deadline}",
                self.env.context.get("pinbu_note"),
            )

    # === BUSINESS METHODS: READING === #

    def _effective_state(self):
        """The outcome by the database's clock: a team past its deadline has failed for everyone,
        even in the seconds before the scheduler says so.

        :return: ``forming``, ``formed`` or ``failed``
        """
        self.ensure_one()
        if self.state == "forming" and self.deadline <= self.env.cr.now():
            # The merchant is about to complete it.
            completes_from = self.terms_id.completes_from
            is_completed = completes_from and self.seats_paid >= completes_from
            return "forming" if is_completed else "failed"
        return TEAM_OUTCOME[self.state]

    def _places_left(self):
        """Places that are neither paid nor held now; lapsed holds are free already."""
        self.ensure_one()
        held = self._seats_held_by_team().get(self.id, 0)
        return self.size - self.seats_paid - self.merchant_places - held

    def _hurry_closing(self):
        """Wake the scheduler for teams of these that are past their deadline."""
        if any(team.state == "forming" and team._effective_state() == "failed" for team in self):
            self._hurry_scheduler()

    @api.model
    def _hurry_scheduler(self):
        """Wake it for teams that are past their deadline.

        By itself it wakes once a minute; while somebody looks they need not wait that long. Writes
        nothing, so that pages that only read may call it; once in two seconds for each process.
        """
        now = time.monotonic()
        if now - _hurried_at.get(self.env.cr.dbname, 0) > 2:
            _hurried_at[self.env.cr.dbname] = now
            self.env["ir.cron"].sudo()._notifydb()
