from odoo import fields, models

PASSED_ON = ("pinbu_invoice_title", "pinbu_tax_number")


class SaleOrder(models.Model):
    """What a shopper wants on the tax invoice goes from the order to its invoices."""

    _inherit = "sale.order"

    pinbu_invoice_title = fields.Char(
        string="Invoice Title", copy=False, help="Whom the tax invoice is made out to."
    )
    pinbu_tax_number = fields.Char(
        string="Tax Number", copy=False, help="Of who asks for the tax invoice; none for persons."
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if changed := {name: vals[name] for name in PASSED_ON if name in vals}:
            # What is posted has been sent: that is for accountants to mend.
            drafts = self.sudo().invoice_ids.filtered(lambda move: move.state == "draft")
            drafts.write(changed)
        return result

    # === BUSINESS METHODS === #

    def _prepare_invoice(self):
        return {
            **super()._prepare_invoice(),
            **{name: self[name] for name in PASSED_ON},
        }

    def _get_invoice_grouping_keys(self):
        """Orders that ask for different titles are never put into one invoice."""
        return [*super()._get_invoice_grouping_keys(), *PASSED_ON]
