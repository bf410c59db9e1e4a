from odoo import api, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def _pinbu_not_goods(self):
        """Whoever buys a gift card or tops up a wallet pays in advance, and gets no goods."""
        programs_sudo = self.env["loyalty.program"].sudo().with_context(active_test=False)
        paying = programs_sudo.search([("program_type", "in", ("gift_card", "ewallet"))])
        products = paying.rule_ids.product_ids
        rewards_sudo = self.env["loyalty.reward"].sudo().with_context(active_test=False)
        products |= rewards_sudo.search(
            [("discount_line_product_id", "!=", False)]
        ).discount_line_product_id
        for name in ("loyalty.gift_card_product_50", "loyalty.ewallet_product_50"):
            # They are there before there is such a program.
            products |= self.env.ref(name, raise_if_not_found=False) or products.browse()
        return super()._pinbu_not_goods() | products.sudo().product_tmpl_id
