"""What an accountant's invoicing program needs of orders."""

from odoo import models
from odoo.exceptions import AccessError

from .pinbu_job import AT_ONCE
from .pinbu_job_orders import TEMPLATE

# If the template was deleted.
NAMES = ["name", "date_order", "pinbu_invoice_title", "pinbu_tax_number", "amount_total"]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === ACTION METHODS === #

    def action_pinbu_export_invoices(self):
        """A workbook with the columns of the export template “Invoice requests”.

        :return: the action that downloads it, or for many orders one that shows how far it is
        """
        if not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(self.env._("You have no right to export data."))
        self.check_access("read")
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        names = template and template.sudo().export_fields.mapped("name")
        job = self.env["pinbu.job"]._start(
            "orders", self.env._("Invoice data"), self.ids, self.ids, names=names or NAMES
        )
        return job._open_progress() if len(self) > AT_ONCE else job._do_now()
