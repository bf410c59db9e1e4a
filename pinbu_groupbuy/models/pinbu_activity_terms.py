from odoo import api, fields, models
from odoo.exceptions import UserError

# What a shopper agrees to when they take a place. Same names on the activity and on its terms.
TERMS = (
    "size",
    "validity_hours",
    "hold_minutes",
    "last_place_hold_minutes",
    "limit_per_user",
    "max_quantity",
    "stock_policy",
    "is_presale",
    "allow_reroute",
    "allow_leaving",
    "completes_from",
    "preparation_days",
    "voucher_days",
)


class PinbuActivityTerms(models.Model):
    """One version of what an activity offers. A seat keeps the version that it was taken under,
    and a team that of its leader: what the merchant edits later is for new ones only."""

    _name = "pinbu.activity.terms"
    _description = "Group-buying Terms"
    _order = "activity_id, version desc"
    _rec_name = "version"

    activity_id = fields.Many2one(
        "pinbu.activity", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="activity_id.company_id", store=True, precompute=True)
    version = fields.Integer(required=True, readonly=True)
    size = fields.Integer(string="Team Size", readonly=True)
    validity_hours = fields.Integer(string="Validity (hours)", readonly=True)
    hold_minutes = fields.Integer(string="Hold (minutes)", readonly=True)
    last_place_hold_minutes = fields.Integer(
        string="Hold of the Last Place (minutes)", readonly=True
    )
    limit_per_user = fields.Integer(string="Times per Shopper", readonly=True)
    max_quantity = fields.Integer(string="Pieces per Order", readonly=True)
    stock_policy = fields.Char(readonly=True)
    is_presale = fields.Boolean(string="Presale", readonly=True)
    allow_reroute = fields.Boolean(string="Rerouting", readonly=True)
    allow_leaving = fields.Boolean(string="Leaving", readonly=True)
    completes_from = fields.Integer(string="Merchant Completes From", readonly=True)
    preparation_days = fields.Integer(string="Preparation (days)", readonly=True)
    voucher_days = fields.Integer(string="Voucher Validity (days)", readonly=True)
    prices = fields.Json(readonly=True, help="{product id: group price of one piece}")

    _version_unique = models.UniqueIndex("(activity_id, version)")

    # === CRUD METHODS === #

    def write(self, vals):
        if vals:
            raise UserError(self.env._("Terms are kept as shoppers agreed to them."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_with_activity(self):
        if self.env["pinbu.seat"].sudo().search_count([("terms_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Terms are kept as shoppers agreed to them."))

    # === BUSINESS METHODS === #

    def _price_of(self, product):
        """:return: what one piece costs under these terms, in the company's currency, or None
        when the product was not on offer"""
        return (self.prices or {}).get(str(product.id))


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    terms_id = fields.Many2one(
        "pinbu.activity.terms",
        string="Current Terms",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="What holds for seats and teams that come now.",
    )
    terms_ids = fields.One2many("pinbu.activity.terms", "activity_id")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        activities._renew_terms()
        return activities

    def write(self, vals):
        res = super().write(vals)
        if vals.keys() & {*TERMS, "line_ids"}:
            self._renew_terms()
            self._renew_merchant_team()
        return res

    # === BUSINESS METHODS === #

    def _renew_terms(self):
        """Make a new version of the terms where the offer differs from the current one."""
        for activity in self.sudo():
            values = activity._prepare_terms()
            current = activity.terms_id
            if not current or any(current[name] != value for name, value in values.items()):
                activity.terms_id = current.create(
                    {**values, "activity_id": activity.id, "version": current.version + 1}
                )

    def _renew_merchant_team(self):
        """The merchant's own team, while nobody has joined it, follows what he changes."""
        for activity in self.sudo().filtered(lambda activity: activity.mode == "super"):
            team = activity.super_team_id
            if not team or team.state != "forming" or team.seat_ids:
                continue
            if team.terms_id == activity.terms_id:
                continue
            if "open" in (team.stock_policy, activity.stock_policy):
                raise UserError(
                    self.env._(
                        "The pieces of the merchant's team are reserved already. Stop this "
                        "activity and start a copy of it."
                    )
                )
            team.write(
                {
                    "terms_id": activity.terms_id.id,
                    "size": activity.size,
                    "stock_policy": activity.stock_policy,
                }
            )

    def _prepare_terms(self):
        self.ensure_one()
        prices = {str(line.product_id.id): line.group_price for line in self.line_ids}
        return {**{name: self[name] for name in TERMS}, "prices": prices}


class PinbuActivityLine(models.Model):
    _inherit = "pinbu.activity.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.activity_id._renew_terms()
        return lines

    def write(self, vals):
        res = super().write(vals)
        if vals.keys() & {"group_price", "product_id"}:
            self.activity_id._renew_terms()
        return res

    def unlink(self):
        activities = self.activity_id
        res = super().unlink()
        activities.exists()._renew_terms()
        return res
