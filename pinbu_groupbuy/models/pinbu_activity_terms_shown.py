"""Terms in the words of the merchant's screens."""

from odoo import api, fields, models
from odoo.tools import format_list


class PinbuActivityTerms(models.Model):
    _inherit = "pinbu.activity.terms"

    stock_policy_shown = fields.Char(string="Stock is Reserved", compute="_compute_shown")
    prices_shown = fields.Char(string="Group Prices", compute="_compute_shown")
    members = fields.Integer(
        compute="_compute_members", help="Shoppers with a paid or won place under these terms."
    )

    @api.depends("stock_policy", "prices")
    @api.depends_context("lang")
    def _compute_shown(self):
        policies = dict(
            self.env["pinbu.activity"]._fields["stock_policy"]._description_selection(self.env)
        )
        prices = {terms: terms.prices or {} for terms in self}
        ids = {int(product_id) for of_terms in prices.values() for product_id in of_terms}
        products = self.env["product.product"].sudo().browse(ids).exists()
        names = {
            str(product.id): product.product_template_attribute_value_ids._get_combination_name()
            for product in products
        }
        for terms in self:
            currency = terms.activity_id.currency_id
            terms.stock_policy_shown = policies.get(terms.stock_policy)
            terms.prices_shown = format_list(
                self.env,
                [
                    f"{names[product_id]} {currency.format(price)}".strip()
                    for product_id, price in prices[terms].items()
                    if product_id in names
                ],
                style="unit",
            )

    def _compute_members(self):
        counts = dict(
            self.env["pinbu.seat"]
            .sudo()
            ._read_group(
                [("terms_id", "in", self.ids), ("state", "in", ("paid", "won"))],
                ["terms_id"],
                ["partner_id:count_distinct"],
            )
        )
        for terms in self:
            terms.members = counts.get(terms, 0)


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    terms_note = fields.Char(
        compute="_compute_terms_note", help="Which terms the members keep; empty without members."
    )

    @api.depends("terms_ids.members")
    @api.depends_context("lang")
    def _compute_terms_note(self):
        for activity in self:
            kept = activity._origin.sudo().terms_ids.filtered("members").sorted("version")
            activity.terms_note = format_list(
                self.env,
                [
                    self.env._(
                        "%(members)s on version %(version)s",
                        members=terms.members,
                        version=terms.version,
                    )
                    for terms in kept
                ],
                style="unit",
            )
