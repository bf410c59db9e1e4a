from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class PinbuActivityLaunch(models.TransientModel):
    """A product in the shop as a group-buy in three clicks: open, choose it, publish."""

    _name = "pinbu.activity.launch"
    _description = "Publish a Product as a Group-buy"

    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        required=True,
        domain="[('pinbu_is_offerable', '=', True)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    list_price = fields.Float(related="product_tmpl_id.list_price", string="List Price")
    discount = fields.Integer(
        string="Discount (%)", required=True, default=20, help="Off the list price of each variant."
    )
    group_price = fields.Monetary(compute="_compute_group_price", help="Of the cheapest variant.")
    size = fields.Integer(string="Team Size", required=True, default=3)
    days = fields.Integer(string="Runs for (days)", required=True, default=7)
    quota = fields.Integer(
        string="Quota per Variant", help="How many pieces may be sold. 0 means no limit but stock."
    )

    # === COMPUTE METHODS === #

    @api.depends("product_tmpl_id", "discount")
    def _compute_group_price(self):
        for wizard in self:
            prices = [wizard._reduced(v) for v in wizard.product_tmpl_id.product_variant_ids]
            wizard.group_price = min(prices, default=0)

    def _reduced(self, variant):
        return self.currency_id.round(variant.lst_price * (100 - self.discount) / 100)

    # === ACTION METHODS === #

    def action_publish(self):
        """Make the activity, put it in the shop, and show it."""
        activity = self._make_activity()
        activity.action_publish()
        return self._show(activity)

    def action_draft(self):
        """Make the activity, to be gone over before it is published."""
        return self._show(self._make_activity())

    # === BUSINESS METHODS === #

    def _make_activity(self):
        self.ensure_one()
        if not 0 <= self.discount < 100:
            raise UserError(self.env._("A discount lies between 0 and 99 percent."))
        if self.days <= 0:
            raise UserError(self.env._("Let it run for a day at least."))
        return self.env["pinbu.activity"].create(self._prepare_activity())

    def _prepare_activity(self):
        """Hook: the values of the new activity."""
        # Of the transaction, by which the new activity is judged to run.
        now = self.env.cr.now().replace(microsecond=0)
        template = self.product_tmpl_id
        return {
            "name": self.env._(
                "%(product)s · team of %(size)s", product=template.name, size=self.size
            ),
            "product_tmpl_id": template.id,
            "company_id": self.company_id.id,
            "size": self.size,
            "starts_at": now,
            "ends_at": now + relativedelta(days=self.days),
            "line_ids": [
                Command.create(
                    {
                        "product_id": variant.id,
                        "group_price": self._reduced(variant),
                        "quota": self.quota,
                    }
                )
                for variant in template.product_variant_ids
            ],
        }

    def _show(self, activity):
        return {
            "type": "ir.actions.act_window",
            "res_model": activity._name,
            "res_id": activity.id,
            "views": [(False, "form")],
        }
