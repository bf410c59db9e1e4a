"""Invoice data of many orders, as a workbook."""

import io

import xlsxwriter

from odoo import api, models

from .pinbu_job import Kind

TEMPLATE = "pinbu_groupbuy.export_invoice_requests"


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "orders": Kind(
                label=self.env._("Export invoice data"),
                groups="pinbu_groupbuy.group_user",
                work=self._work_orders,
                describe=lambda order_id: {"res_model": "sale.order", "res_id": order_id},
                size=100,
                finish=self._finish_orders,
            )
        }

    def _work_orders(self, order_ids):
        orders = self.env["sale.order"].with_context(import_compat=False).browse(order_ids)
        rows = orders.exists().export_data(self.sudo().params["names"])["datas"]
        self._keep_part(
            [
                [cell if isinstance(cell, str | int | float) else str(cell) for cell in row]
                for row in rows
            ]
        )

    def _finish_orders(self):
        file = io.BytesIO()
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet(self.env._("Invoice data"))
            head = book.add_format({"bold": True, "bg_color": "#E9ECEF", "border": 1})
            heads = [self._export_label(name) for name in self.sudo().params["names"]]
            sheet.set_column(0, max(0, len(heads) - 1), 20)
            sheet.write_row(0, 0, heads, head)
            rows = (row for part in self._parts() for row in part)
            for number, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    # What is empty is false. `write` makes formulas of “{=…}”, whatever it is told.
                    if isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif cell is not False:
                        sheet.write(number, column, cell)
            sheet.freeze_panes(1, 0)
        self._attach(f"{self.name}.xlsx", file.getvalue())

    @api.model
    def _export_label(self, name):
        """:param str name: fields of an order and what it leads to, with slashes between
        :return: what a person calls it
        """
        records, labels = self.env["sale.order"], []
        for part in name.split("/"):
            field = records._fields.get(part)
            labels.append(field._description_string(self.env) if field else part)
            if field and field.relational:
                records = self.env[field.comodel_name]
        return "/".join(labels)
