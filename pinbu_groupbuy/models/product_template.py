from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ProductTemplate(models.Model):
    _inherit = "product.template"

    pinbu_is_offerable = fields.Boolean(
        string="Can Be in a Group-buy",
        compute="_compute_pinbu_is_offerable",
        search="_search_pinbu_is_offerable",
        help="It is sold for its own sake: no fee, no discount, nothing that stands for money.",
    )

    # === COMPUTE METHODS === #

    @api.depends("sale_ok", "type")
    def _compute_pinbu_is_offerable(self):
        domain = self._pinbu_offerable_domain()
        for template in self:
            template.pinbu_is_offerable = bool(template.filtered_domain(domain))

    @api.model
    def _search_pinbu_is_offerable(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._pinbu_offerable_domain()
        return Domain.OR([domain if wanted else ~domain for wanted in value])

    # === ACTION METHODS === #

    def action_create_group_buy(self):
        """Open a new activity of this product, its variants at their list prices.

        :raise UserError: for several products at once
        :raise AccessError: for users who may not set up activities
        """
        if len(self) != 1:
            raise UserError(self.env._("Choose one product for a group-buy."))
        self.env["pinbu.activity"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Group-buy"),
            "res_model": "pinbu.activity",
            "views": [(False, "form")],
            "context": {"default_product_tmpl_id": self.id},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _pinbu_offerable_domain(self):
        return (
            Domain("sale_ok", "=", True)
            & Domain("type", "!=", "combo")
            & Domain("id", "not in", self._pinbu_not_goods().ids)
        )

    # === HOOKS === #

    @api.model
    def _pinbu_not_goods(self):
        """:return: products that lines of an order need, but that nobody buys for their own sake;
        with sudo
        """
        carriers_sudo = (
            self.env["delivery.carrier"]
            .sudo()
            .with_context(active_test=False)
            .search([("product_id", "!=", False)])
        )
        companies_sudo = (
            self.env["res.company"].sudo().search([("sale_discount_product_id", "!=", False)])
        )
        products = carriers_sudo.product_id | companies_sudo.sale_discount_product_id
        return products.product_tmpl_id
