"""What an activity must keep to be in the shop, checked when it is published and at each change."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

# Each check, and the fields whose change in a published activity calls for it again. What is in
# stock is checked when the policy changes only: a sold-out activity may still be edited.
_CHECKS = {
    "_check_offer_stands": {"product_tmpl_id", "line_ids", "company_id"},
    "_check_stock_policy": {
        "product_tmpl_id",
        "line_ids",
        "stock_policy",
        "is_presale",
        "max_quantity",
    },
    "_check_in_stock": {"product_tmpl_id", "stock_policy", "is_presale", "company_id"},
    "_check_overlap": {
        "product_tmpl_id",
        "line_ids",
        "starts_at",
        "ends_at",
        "allow_overlap",
        "company_id",
        "is_stopped",
        "active",
    },
    "_check_discounts": {
        "product_tmpl_id",
        "line_ids",
        "starts_at",
        "ends_at",
        "allow_promotions",
        "max_quantity",
        "company_id",
        "active",
    },
}


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    allow_overlap = fields.Boolean(
        string="Overlap Allowed",
        tracking=True,
        help="The same products may be in other group-buys at the same time.",
    )
    allow_promotions = fields.Boolean(
        string="Other Discounts Allowed",
        tracking=True,
        help="The products may stand in discounting pricelists and automatic promotions at the "
        "same time.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        activities.filtered("is_published")._check_publishable()
        return activities

    def write(self, vals):
        new = self.filtered(lambda a: not a.is_published) if vals.get("is_published") else self[:0]
        res = super().write(vals)
        new._check_publishable()
        new._open_super_teams()
        (self - new)._check_changed(vals.keys())
        return res

    # === ACTION METHODS === #

    def action_publish(self):
        """Show the activity to shoppers, after a check that what it promises can be kept."""
        self.is_published = True

    # === BUSINESS METHODS === #

    def _check_publishable(self):
        """:raise UserError: when a shopper could not get what an activity promises"""
        for activity in self:
            if not activity.active:
                raise UserError(
                    self.env._("%s is archived: unarchive it first.", activity.display_name)
                )
            if activity.state == "ended":
                raise UserError(
                    self.env._("The window is over already: set an end that lies ahead.")
                )
            activity._run_checks(_CHECKS)

    def _check_changed(self, names):
        """Check what is in the shop again, as far as a change of these fields concerns it.

        :raise UserError: when the change breaks what the activity promises
        """
        concerned = [check for check, fields_read in _CHECKS.items() if fields_read & set(names)]
        for activity in self:
            if activity.active and activity.state in ("scheduled", "running"):
                activity._run_checks(concerned)

    def _run_checks(self, checks):
        self.ensure_one()
        for check in checks:
            # Stock, price lists and promotions are read whoever publishes.
            getattr(self.sudo().with_company(self.company_id), check)()

    def _check_offer_stands(self):
        super()._check_offer_stands()
        template = self.product_tmpl_id
        if not self.line_ids:
            raise UserError(self.env._("Add at least one variant with its group price."))
        if not template.active or not template.sale_ok:
            raise UserError(
                self.env._(
                    "%s cannot be sold. Unarchive it and tick Sales on it, or choose another "
                    "product.",
                    template.display_name,
                )
            )
        if template.type == "combo":
            raise UserError(
                self.env._("%s is a combo: choose a single product.", template.display_name)
            )
        if not template.pinbu_is_offerable:
            raise UserError(
                self.env._(
                    "%s stands for a fee, a discount or money: choose goods or a service.",
                    template.display_name,
                )
            )
        for line in self.line_ids:
            product = line.product_id
            if product.product_tmpl_id != template or not product.active:
                raise UserError(
                    self.env._(
                        "%(variant)s is no (longer a) variant of %(product)s: remove it.",
                        variant=product.display_name,
                        product=template.display_name,
                    )
                )
            if self.currency_id.compare_amounts(line.list_price, 0) <= 0:
                raise UserError(
                    self.env._(
                        "%s has no sales price: set one on the product, so that shoppers see "
                        "what they save.",
                        product.display_name,
                    )
                )
        # The list price may have sunk since the group price was set.
        self.line_ids._check_group_price()
        # What a shopper pays is the group price; a tax on top would make it another sum.
        taxes = template.taxes_id._filter_taxes_by_company(self.company_id)
        if any(not tax.price_include for tax in taxes if tax.amount):
            raise UserError(
                self.env._(
                    "The sales taxes of %s are added to its price. Use taxes that are included "
                    "in the price, so that shoppers pay exactly the group price.",
                    template.display_name,
                )
            )

    def _check_stock_policy(self):
        template = self.product_tmpl_id
        if self.stock_policy == "open" and (
            len(self.line_ids) != 1 or self.max_quantity != 1 or not template.is_storable
        ):
            raise UserError(
                self.env._(
                    "Stock can be reserved for the whole team at its opening only for one variant "
                    "of a product whose stock is tracked, with one piece per order. Change that, "
                    "or reserve at each payment."
                )
            )
        if template.type == "service" and self.is_presale:
            raise UserError(
                self.env._(
                    "%s is a service: nothing has to be procured for it. Switch presale off.",
                    template.display_name,
                )
            )

    def _check_in_stock(self):
        if self.is_presale or not self.product_tmpl_id.is_storable:
            return
        self.env.flush_all()
        left = self.line_ids._stock_left(self.env.cr, self.line_ids.ids)
        if not any(pieces is None or pieces > 0 for pieces in left.values()):
            raise UserError(
                self.env._(
                    "%s is not in stock. Receive some first, or make it a presale: stock reserved "
                    "once the team is formed.",
                    self.product_tmpl_id.display_name,
                )
            )

    def _check_overlap(self):
        if self.allow_overlap or self.is_stopped:
            return
        # Of two who publish the same product at once, the second has to see the first.
        self.env.cr.execute(
            SQL(
                "UPDATE product_template SET write_date = write_date WHERE id = %s",
                self.product_tmpl_id.id,
            )
        )
        other = self.search(
            Domain("id", "!=", self.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("is_published", "=", True)
            & Domain("is_stopped", "=", False)
            & Domain("line_ids.product_id", "in", self.line_ids.product_id.ids)
            & Domain("starts_at", "<", self.ends_at)
            & Domain("ends_at", ">", self._window_ahead()[0]),
            limit=1,
        )
        if other:
            raise UserError(
                self.env._(
                    "%(product)s is in the group-buy “%(other)s” already, until %(end)s. Stop that "
                    "one, move the window of this one, or tick Overlap Allowed.",
                    product=self.product_tmpl_id.display_name,
                    other=other.display_name,
                    end=format_date(self.env, other.ends_at),
                )
            )

    def _check_discounts(self):
        if not self.allow_promotions:
            self._check_pricelists()
            self._check_promotions()

    def _check_pricelists(self):
        rules = self.env["product.pricelist.item"].search(self._discount_rules_domain())
        for rule in rules:
            for line in self.line_ids:
                if self._is_discounted(line, rule):
                    raise UserError(
                        self.env._(
                            "The pricelist %(pricelist)s sells %(product)s below its list price "
                            "in the same time. End that rule, move the window, or tick Other "
                            "Discounts Allowed.",
                            pricelist=rule.pricelist_id.display_name,
                            product=line.product_id.display_name,
                        )
                    )

    def _discount_rules_domain(self):
        """Price rules that may concern these products in the window that lies ahead."""
        start, end = self._window_ahead()
        template = self.product_tmpl_id
        return (
            Domain("pricelist_id.active", "=", True)
            & Domain("company_id", "in", [False, self.company_id.id])
            & Domain("min_quantity", "<=", self.max_quantity)
            & (Domain("date_start", "=", False) | Domain("date_start", "<", end))
            & (Domain("date_end", "=", False) | Domain("date_end", ">", start))
            & (
                Domain("applied_on", "=", "3_global")
                | Domain("categ_id", "parent_of", template.categ_id.id)
                | Domain("product_tmpl_id", "=", template.id)
                | Domain("product_id", "in", self.line_ids.product_id.ids)
            )
        )

    def _is_discounted(self, line, rule):
        product, quantity, currency = line.product_id, self.max_quantity, rule.currency_id
        if not rule._is_applicable_for(product, quantity):
            return False
        now = self.env.cr.now()
        price = rule._compute_price(product, quantity, product.uom_id, now, currency)
        full = self.currency_id._convert(line.list_price, currency, self.company_id, now)
        return currency.compare_amounts(price, full) < 0

    def _window_ahead(self):
        """:return: what is left of the window, as a start and an end"""
        self.ensure_one()
        return max(self.starts_at, self.env.cr.now().replace(microsecond=0)), self.ends_at

    # === HOOKS === #

    def _check_promotions(self):
        """Refuse an activity whose products an automatic promotion would make cheaper still.

        Called with sudo for one activity, where the merchant has not allowed it.

        :raise UserError: naming the promotion
        """
        self.ensure_one()


class PinbuActivityLine(models.Model):
    _inherit = "pinbu.activity.line"

    @api.constrains("product_id", "group_price", "activity_id")
    def _check_offer(self):
        self.activity_id._check_changed(["line_ids"])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_all_of_published(self):
        for activity in self.activity_id.filtered("is_published"):
            if activity.line_ids <= self:
                raise UserError(
                    self.env._(
                        "%s is in the shop and needs a variant: add another one first.",
                        activity.display_name,
                    )
                )
