from odoo import models
from odoo.exceptions import UserError


class ProductTemplate(models.Model):
    _inherit = "product.template"

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
