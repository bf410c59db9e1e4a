import logging

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..exceptions import PinbuError

_logger = logging.getLogger(__name__)


class PinbuActivity(models.Model):
    """What the merchant sets up: a product at a group price for teams of a size, in a window."""

    _name = "pinbu.activity"
    _description = "Group-buying Activity"
    _inherit = ["pinbu.company.guard", "mail.thread", "mail.activity.mixin", "image.mixin"]
    _order = "sequence, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        copy=False,
        tracking=True,
        domain="[('share', '=', False)]",
        help="Is told when something needs a look.",
    )
    mode = fields.Selection(
        [("normal", "Normal"), ("super", "Super Team")],
        default="normal",
        required=True,
        help="Normal: any shopper opens a team. Super team: the merchant leads one large team "
        "that is open from the start of the activity.",
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        required=True,
        check_company=True,
        ondelete="restrict",
        domain="[('pinbu_is_offerable', '=', True)]",
        tracking=True,
    )
    product_type = fields.Selection(related="product_tmpl_id.type")
    is_storable = fields.Boolean(related="product_tmpl_id.is_storable")
    line_ids = fields.One2many("pinbu.activity.line", "activity_id", string="Variants", copy=True)
    size = fields.Integer(
        string="Team Size", default=3, required=True, tracking=True, help="Members who pay."
    )
    starts_at = fields.Datetime(
        string="Starts", required=True, default=fields.Datetime.now, tracking=True
    )
    ends_at = fields.Datetime(
        string="Ends",
        required=True,
        tracking=True,
        default=lambda self: fields.Datetime.now() + relativedelta(days=7),
    )
    validity_hours = fields.Integer(
        string="Validity (hours)",
        default=24,
        required=True,
        tracking=True,
        help="How long a team may take to fill up, counted from the leader's payment.",
    )
    limit_per_user = fields.Integer(
        string="Times per Shopper",
        required=True,
        default=1,
        tracking=True,
        help="How many places one shopper may take in this activity; lost ones do not count. "
        "0 means no limit.",
    )
    max_quantity = fields.Integer(string="Pieces per Order", default=1, required=True)
    hold_minutes = fields.Integer(
        string="Hold (minutes)",
        default=5,
        required=True,
        help="How long an unpaid place is kept for a shopper at checkout.",
    )
    last_place_hold_minutes = fields.Integer(
        string="Hold of the Last Place (minutes)",
        default=2,
        required=True,
        help="Shorter, since nobody else can join meanwhile.",
    )
    stock_policy = fields.Selection(
        [
            ("payment", "At each payment"),
            ("open", "For the whole team at its opening"),
            ("success", "Once the team is formed"),
        ],
        string="Stock is Reserved",
        default="payment",
        required=True,
        tracking=True,
        help="At each payment: what a member paid for waits for them in the warehouse.\n"
        "For the whole team at its opening: whoever joins is sure of a piece.\n"
        "Once the team is formed: nothing waits; if the stock is short then, the whole team fails.",
    )
    is_presale = fields.Boolean(
        string="Presale",
        tracking=True,
        help="Sell what is not in stock yet: it is procured by the product's routes when the "
        "team is formed.",
    )
    max_forming_teams = fields.Integer(
        string="Teams at Once",
        required=True,
        default=0,
        tracking=True,
        help="How many teams may form at the same time. 0 means no limit.",
    )
    allow_reroute = fields.Boolean(
        string="Rerouting",
        tracking=True,
        help="A payment that comes too late for its team may go to another one that forms, if the "
        "shopper has agreed to it at checkout.",
    )
    allow_leaving = fields.Boolean(
        string="Leaving",
        tracking=True,
        help="A member may leave while the team forms, and is refunded.",
    )
    completes_from = fields.Integer(
        string="Merchant Completes From",
        required=True,
        default=0,
        tracking=True,
        help="At the deadline the merchant takes the missing places of a team in which so many "
        "members have paid: they are shown as the merchant's, and the team is formed. 0: never.",
    )
    preparation_days = fields.Integer(
        string="Preparation (days)",
        required=True,
        default=0,
        tracking=True,
        help="How long after the forming of a team its deliveries are planned for.",
    )
    voucher_days = fields.Integer(
        string="Voucher Validity (days)",
        default=90,
        required=True,
        tracking=True,
        help="For services: how long a voucher can be redeemed after the team is formed.",
    )
    is_published = fields.Boolean(string="Published", default=False, copy=False, tracking=True)
    is_stopped = fields.Boolean(
        string="Stopped",
        default=False,
        copy=False,
        tracking=True,
        help="No new team can be opened; running teams play on.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("scheduled", "Scheduled"),
            ("running", "Running"),
            ("ended", "Ended"),
        ],
        compute="_compute_state",
        search="_search_state",
    )
    rules_text = fields.Html(string="Rules", translate=True)
    image_1920 = fields.Image(compute="_compute_image_1920", store=True, readonly=False)
    group_price = fields.Monetary(compute="_compute_prices", help="The lowest of the variants.")
    list_price = fields.Monetary(compute="_compute_prices")
    team_ids = fields.One2many("pinbu.team", "activity_id", string="Teams")
    super_team_id = fields.Many2one("pinbu.team", compute="_compute_super_team_id")
    teams_forming = fields.Integer(compute="_compute_figures")
    teams_formed = fields.Integer(compute="_compute_figures")
    participants = fields.Integer(
        compute="_compute_figures", help="Distinct shoppers who hold a paid or won place."
    )
    sold = fields.Integer(compute="_compute_figures", help="Pieces paid for or won.")

    _size_range = models.Constraint(
        "CHECK((mode = 'normal' AND size BETWEEN 2 AND 20)"
        " OR (mode = 'super' AND size BETWEEN 100 AND 10000))",
        "A normal team has 2 to 20 members, a super team 100 to 10,000.",
    )
    _window = models.Constraint(
        "CHECK(starts_at < ends_at)", "An activity must end after it starts."
    )
    _limits = models.Constraint(
        "CHECK(validity_hours > 0 AND limit_per_user >= 0 AND max_quantity > 0"
        " AND hold_minutes > 0 AND last_place_hold_minutes > 0 AND voucher_days > 0)",
        "Validity, pieces per order and hold must be above zero.",
    )
    _options = models.Constraint(
        "CHECK(max_forming_teams >= 0 AND preparation_days >= 0"
        " AND (completes_from = 0 OR completes_from BETWEEN 2 AND size - 1))",
        "The merchant can complete a team from two paid members on, and below its size.",
    )
    _presale_policy = models.Constraint(
        "CHECK(NOT is_presale OR stock_policy = 'success')",
        "A presale reserves nothing before its team is formed.",
    )

    # === COMPUTE METHODS === #

    @api.depends("is_published", "starts_at", "ends_at")
    def _compute_state(self):
        now = self.env.cr.now()
        for activity in self:
            if not activity.is_published:
                activity.state = "draft"
            elif now < activity.starts_at:
                activity.state = "scheduled"
            elif now < activity.ends_at:
                activity.state = "running"
            else:
                activity.state = "ended"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = self.env.cr.now()
        published = Domain("is_published", "=", True)
        domains = {
            "draft": Domain("is_published", "=", False),
            "scheduled": published & Domain("starts_at", ">", now),
            "running": published & Domain("starts_at", "<=", now) & Domain("ends_at", ">", now),
            "ended": published & Domain("ends_at", "<=", now),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.depends("product_tmpl_id")
    def _compute_image_1920(self):
        for activity in self:
            activity.image_1920 = activity.product_tmpl_id.image_1920

    @api.depends("line_ids.group_price", "line_ids.list_price")
    def _compute_prices(self):
        for activity in self:
            cheapest = min(activity.line_ids, key=lambda line: line.group_price, default=None)
            activity.group_price = cheapest.group_price if cheapest else 0
            activity.list_price = cheapest.list_price if cheapest else 0

    @api.depends("mode", "team_ids")
    def _compute_super_team_id(self):
        for activity in self:
            activity.super_team_id = activity.mode == "super" and activity.team_ids[:1]

    @api.depends("team_ids")
    def _compute_figures(self):
        teams = {
            (activity.id, outcome): count
            for activity, outcome, count in self.env["pinbu.team"]._read_group(
                [("activity_id", "in", self.ids)], ["activity_id", "state"], ["__count"]
            )
        }
        seats = {
            activity.id: (shoppers, pieces)
            for activity, shoppers, pieces in self.env["pinbu.seat"]._read_group(
                [("activity_id", "in", self.ids), ("state", "in", ("paid", "won"))],
                ["activity_id"],
                ["partner_id:count_distinct", "quantity:sum"],
            )
        }
        for activity in self:
            key = activity.id or activity._origin.id
            activity.teams_forming = teams.get((key, "forming"), 0)
            activity.teams_formed = teams.get((key, "formed"), 0) + teams.get((key, "shipped"), 0)
            activity.participants, activity.sold = seats.get(key, (0, 0))

    # === ONCHANGE AND CONSTRAINT METHODS === #

    @api.onchange("product_tmpl_id")
    def _onchange_product_tmpl_id(self):
        variants = self.product_tmpl_id.product_variant_ids
        if variants != self.line_ids.product_id:
            self.line_ids = [
                Command.clear(),
                *(
                    Command.create({"product_id": variant.id, "group_price": variant.lst_price})
                    for variant in variants
                ),
            ]
        if not self.name:
            self.name = self.product_tmpl_id.name

    @api.onchange("mode")
    def _onchange_mode(self):
        self.size = 100 if self.mode == "super" else 3

    @api.onchange("is_presale")
    def _onchange_is_presale(self):
        if self.is_presale:
            self.stock_policy = "success"

    @api.onchange("stock_policy")
    def _onchange_stock_policy(self):
        if self.stock_policy != "success":
            self.is_presale = False

    @api.constrains("size", "mode")
    def _check_mode_unchanged(self):
        """The merchant's one team is what members joined. Other terms change for new seats only."""
        merchant_led = self.filtered(
            lambda activity: (
                activity.mode == "super" or any(not team.leader_id for team in activity.team_ids)
            )
        )
        if merchant_led._has_seats():
            raise ValidationError(
                self.env._(
                    "Somebody has joined the merchant's team already: its size can no longer "
                    "change. Stop this activity and start a copy of it."
                )
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_seats(self):
        if self._has_seats():
            raise UserError(self.env._("Shoppers took part in this activity: archive it instead."))
        if self.sudo().team_ids:
            raise UserError(self.env._("Teams are kept in the records: archive it instead."))

    # === ACTION METHODS === #

    def action_view_teams(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.pinbu_team_action")
        return {**action, "domain": [("activity_id", "=", self.id)], "context": {}}

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.sale_order_action")
        return {
            **action,
            "domain": [("seat_ids.activity_id", "=", self.id)],
            "context": {},
        }

    # === BUSINESS METHODS === #

    def _has_seats(self):
        return bool(
            self.env["pinbu.seat"].sudo().search_count([("activity_id", "in", self.ids)], limit=1)
        )

    def _open_super_teams(self):
        """The merchant leads one large team for each super activity that runs."""
        for activity in self.filtered(
            lambda a: a.mode == "super" and a.state == "running" and not a.team_ids
        ):
            kept = activity.line_ids if activity.stock_policy == "open" else activity.line_ids[:0]
            if kept:
                self.env["pinbu.seat"].sudo()._take_pieces(
                    self.env.cr, kept, 1, activity.terms_id, self.env["pinbu.team"]
                )
                kept.invalidate_recordset(["quota_taken"], flush=False)
            self.env["pinbu.team"].sudo().create(
                {
                    "activity_id": activity.id,
                    "company_id": activity.company_id.id,
                    "terms_id": activity.terms_id.id,
                    "stock_policy": activity.stock_policy,
                    "line_id": kept.id,
                    "size": activity.size,
                    "deadline": min(
                        activity.ends_at,
                        self.env.cr.now().replace(microsecond=0)
                        + relativedelta(hours=activity.validity_hours),
                    ),
                }
            )

    def _cron_open_super_teams(self):
        waiting = self.sudo().search(
            [("mode", "=", "super"), ("state", "in", ["running"]), ("team_ids", "=", False)]
        )
        for activity in waiting:
            try:
                with self.env.cr.savepoint():
                    activity._open_super_teams()
            except PinbuError as refusal:
                _logger.warning("The team of activity %s waits: %s", activity.id, refusal.message)

    def _check_running(self):
        """:raise PinbuError: ``activity_not_running``"""
        self.ensure_one()
        if self.state != "running" or not self.active:
            raise PinbuError(
                "activity_not_running", self.env._("This group-buy is not running now.")
            )

    def _check_can_open(self):
        """:raise PinbuError: ``activity_not_running``, ``not_allowed_now``, ``too_late_to_open``,
        ``sold_out``
        """
        self._check_open_now()
        if refusal := self._opening_refusal(self.teams_underway, self.stock_for_teams):
            raise refusal

    def _check_open_now(self):
        """The part that others who open teams at the same time cannot change.

        :raise PinbuError: ``activity_not_running``, ``not_allowed_now``, ``too_late_to_open``
        """
        self._check_running()
        if self.mode == "super":
            raise PinbuError(
                "not_allowed_now",
                self.env._("The merchant leads the team here: join it instead of opening one."),
            )
        if self.is_stopped:
            raise PinbuError(
                "activity_not_running", self.env._("No new team can be opened here any more.")
            )
        if self.env.cr.now() + relativedelta(hours=self.validity_hours) > self.ends_at:
            raise PinbuError(
                "too_late_to_open",
                self.env._("This group-buy ends soon: a new team could not fill up in time."),
            )

    def _can_open(self):
        """:return: the code of the refusal that an opening would meet now, or None"""
        try:
            self._check_can_open()
        except PinbuError as error:
            return error.code
        if not any(line.available > 0 for line in self.line_ids):
            return "sold_out"
        return None

    def _responsible_user(self, groups=()):
        """Who is told of trouble: who looks after the activity or made it, or else a manager of its
        company.

        :param groups: XML ids; whoever is told is in one of them, if there are any
        :rtype: res.users
        """
        self.ensure_one()
        managers = self.env.ref("pinbu_groupbuy.group_manager").all_user_ids
        for users in (self.user_id, self.create_uid, managers):
            able = users.filtered(
                lambda user: (
                    user.active
                    and self.company_id in user.company_ids
                    and (not groups or any(user.has_group(group) for group in groups))
                )
            )
            if able:
                return able[0]
        return self.env.ref("base.user_admin")

    def _line_for(self, product):
        """:raise PinbuError: ``not_found`` for a product that this activity does not offer"""
        line = self.line_ids.filtered(lambda line: line.product_id == product)
        if not line:
            raise PinbuError("not_found", self.env._("This group-buy has no such product."))
        return line

    # === HOOKS === #

    def _check_offer_stands(self):
        """What the offer must keep to be in the shop; called for one activity, with sudo.

        :raise UserError: saying what to change
        """
        self.ensure_one()

    def _promise(self, partner, line, quantity, team, is_fresh=True):
        """What the shopper gets beside the refund if the team fails, as shown and stored.

        :param res.partner partner: the shopper
        :param pinbu.team team: the team to join, or an empty recordset for an opening
        :param bool is_fresh: whether all of it is paid with fresh money, nothing with what the
                              shop has given before (wallet, ticket)
        :return: ``{"items": [...], "reserved": bool, "reason": None | str}``
        :rtype: dict
        """
        return {"items": [], "reserved": False, "reason": None}

    def _subsidy_summary(self):
        """One sentence on what a failed team gives, for lists and cards; empty for nothing."""
        return ""
