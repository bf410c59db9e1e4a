import base64
import io
import re

import xlsxwriter

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.pinbu_job import AT_ONCE
from ..tracking_file import MAX_ROWS, FileError, read_rows

# Several parcels of one delivery, however they are told apart.
SEPARATORS = re.compile(r"[,，;；、+\s]+")
NUMBER = re.compile(r"[A-Za-z0-9-]{5,40}")
TEMPLATE_ROWS = 2000


class PinbuTrackingImport(models.TransientModel):
    """Writes the tracking numbers of a file on their deliveries, and says which rows it cannot."""

    _name = "pinbu.tracking.import"
    _description = "Import Tracking Numbers"

    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    carrier_id = fields.Many2one(
        "delivery.carrier",
        help="Who carries what the file names no carrier for; left as it is if empty.",
    )
    is_replacing = fields.Boolean(
        string="Replace numbers that are there already",
        help="Otherwise a delivery that has another number keeps it.",
    )
    is_checked = fields.Boolean()
    line_ids = fields.One2many("pinbu.tracking.row", "wizard_id", string="Rows")
    good_count = fields.Integer(string="To write", compute="_compute_counts")
    bad_count = fields.Integer(string="With an error", compute="_compute_counts")
    template = fields.Binary(compute="_compute_template")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.error")
    def _compute_counts(self):
        for wizard in self:
            wizard.bad_count = len(wizard.line_ids.filtered("error"))
            wizard.good_count = len(wizard.line_ids) - wizard.bad_count

    def _compute_template(self):
        for wizard in self:
            wizard.template = base64.b64encode(wizard._make_template())

    # === ACTION METHODS === #

    def action_template(self):
        """Download the deliveries that have no number yet, as a file to fill in."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template/tracking.xlsx?download=true",
            "target": "download",
        }

    def action_check(self):
        """Look at the file and show what would be written."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        try:
            rows = read_rows(base64.b64decode(self.file))
        except FileError as failure:
            raise UserError(self._explain(failure.code)) from failure
        found = self._find_pickings({row["reference"] for _number, row in rows})
        carriers = self._find_carriers({row["carrier"] for _number, row in rows} - {"", None})
        seen = {}
        self.line_ids = [
            Command.clear(),
            *(
                Command.create(self._check_row(number, row, found, carriers, seen))
                for number, row in rows
            ),
        ]
        self.is_checked = True
        return self._reopen()

    def action_import(self):
        """Write the numbers of all rows without an error, in the background if they are many.

        Looks at the file anew: other clerks work meanwhile.
        """
        self.ensure_one()
        self.action_check()
        good = self.line_ids.filtered(lambda line: not line.error)
        if not good:
            raise UserError(self.env._("No row can be written. Each one says why."))
        rows = [line._to_row() for line in self.line_ids.sorted("number")]
        if len(good) > AT_ONCE:
            job = self.env["pinbu.job"]._start(
                "tracking",
                self.env._("Import tracking numbers"),
                [[row["number"], row["reference"], row["tracking"]] for row in rows],
                rows,
                is_replacing=self.is_replacing,
            )
            return job._open_progress()
        for line in good:
            self._write_number(line.picking_id, line._to_row())
        if self.bad_count:
            message = self.env._(
                "Tracking numbers written: %(good)s. Rows left out: %(bad)s.",
                good=len(good),
                bad=self.bad_count,
            )
        else:
            message = self.env._("Tracking numbers written: %s.", len(good))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if self.bad_count else "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_again(self):
        """Take another file."""
        self.ensure_one()
        self.write({"line_ids": [Command.clear()], "is_checked": False, "file": False})
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import tracking numbers"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _write_row(self, row):
        """Write the number of a row that was looked at before, if it still may be.

        :param dict row: as from `_to_row`
        :raise UserError: why it may not
        """
        if row["error"]:
            raise UserError(row["error"])
        picking = self.env["stock.picking"].browse(row["picking_id"]).exists()
        picking = picking.filtered_domain(self._leaving_domain())
        # Its carrier was found.
        cells = {**row, "carrier": ""}
        found = {row["reference"]: picking}
        if error := self._error_of(cells, row["tracking"], picking, found, {}):
            raise UserError(error)
        self._write_number(picking, row)

    @api.model
    def _write_number(self, picking, row):
        values = {"carrier_tracking_ref": row["tracking"]}
        if row["carrier_id"]:
            values["carrier_id"] = row["carrier_id"]
        picking.write(values)

    @api.model
    def _leaving_domain(self):
        """:return: what leaves the house, or has left it, for a shopper or anybody else"""
        return (
            Domain("picking_type_code", "=", "outgoing")
            & Domain("state", "not in", ("draft", "cancel"))
            & Domain("return_id", "=", False)
            & Domain("company_id", "in", self.env.companies.ids)
        )

    @api.model
    def _find_pickings(self, references):
        """:return: ``{reference: deliveries}``, by their own number or by that of their order"""
        names = [reference for reference in references if reference]
        found = {}
        pickings = self.env["stock.picking"].search(
            self._leaving_domain()
            & (Domain("name", "in", names) | Domain("sale_id.name", "in", names))
        )
        for picking in pickings:
            for name in {picking.name, picking.sale_id.name} & references:
                found[name] = found.get(name, pickings.browse()) | picking
        return found

    @api.model
    def _find_carriers(self, names):
        """:return: ``{name as in the file: its only carrier}``"""
        carriers = self.env["delivery.carrier"].search(
            [("company_id", "in", [*self.env.companies.ids, False])]
        )
        by_name = carriers.grouped(lambda carrier: (carrier.name or "").strip().lower())
        return {
            name: by_name[key]
            for name in names
            if (key := name.strip().lower()) in by_name and len(by_name[key]) == 1
        }

    def _check_row(self, number, row, found, carriers, seen):
        """:param dict seen: which delivery which row of the file has named so far
        :return: the values of the row's line
        """
        tracking = row["tracking"] and ",".join(filter(None, SEPARATORS.split(row["tracking"])))
        picking = self._choose(found.get(row["reference"], self.env["stock.picking"]))
        values = {
            "number": number,
            "reference": row["reference"],
            "tracking": tracking or row["tracking"],
            "picking_id": picking.id,
            "carrier_id": row["carrier"] in carriers and carriers[row["carrier"]].id,
        }
        error = self._error_of(row, tracking, picking, found, carriers)
        if not error and picking.id in seen:
            error = self.env._("Row %s names this delivery already.", seen[picking.id])
        if not error:
            seen[picking.id] = number
        return {**values, "error": error}

    @api.model
    def _choose(self, pickings):
        """:return: of an order's deliveries the one that its number is for, if there is only one:
        of several that which has none yet, left the house first"""
        for choice in (
            pickings,
            pickings.filtered(lambda p: p.state == "done" and not p.carrier_tracking_ref),
            pickings.filtered(lambda p: not p.carrier_tracking_ref),
        ):
            if len(choice) == 1:
                return choice
        return pickings.browse()

    def _error_of(self, row, tracking, picking, found, carriers):
        """:return: why this row cannot be written, in words for the clerk; False if it can"""
        if row["tracking"] is None:
            return self.env._("The spreadsheet cut off digits: format this column as text.")
        if not row["reference"]:
            return self.env._("It names no delivery.")
        if not row["tracking"]:
            return self.env._("It has no tracking number.")
        if not all(NUMBER.fullmatch(part) for part in tracking.split(",")):
            return self.env._("This is no tracking number.")
        if row["carrier"] and row["carrier"] not in carriers:
            return self.env._("There is no carrier “%s”.", row["carrier"])
        if not found.get(row["reference"]):
            return self.env._("There is no such delivery or order.")
        if not picking:
            return self.env._(
                "This order has several deliveries: write the delivery's number instead."
            )
        if picking._pinbu_gated():
            return self.env._("It cannot ship yet: %s.", picking.pinbu_gate_reason)
        current = picking.carrier_tracking_ref
        if current and current != tracking and not self.is_replacing:
            return self.env._("It has the number %s already.", current)
        return False

    def _explain(self, code):
        """:return: why a file cannot be read, in words for the clerk"""
        return {
            "columns": self.env._(
                "The first row must name the columns: one for the delivery or order, one for the"
                " tracking number, and perhaps one for the carrier."
            ),
            "empty": self.env._("There is no row in this file."),
            "rows": self.env._("There are more than %s rows in this file: split it.", MAX_ROWS),
            "size": self.env._("This file is too large."),
            "type": self.env._("This file cannot be read. Save it as XLSX or CSV."),
        }[code]

    def _make_template(self):
        """:return: an XLSX file of the deliveries that need a tracking number"""
        pickings = self.env["stock.picking"].search(
            self._leaving_domain()
            & Domain("carrier_tracking_ref", "=", False)
            & Domain("state", "in", ("assigned", "done"))
            & Domain("sale_id", "!=", False),
            limit=TEMPLATE_ROWS,
            order="id",
        )
        # What nobody sends needs no number.
        pickings = pickings.filtered(lambda picking: not picking.pinbu_is_pickup)
        headers = {
            self.env._("Delivery number"): 20,
            self.env._("Order of it"): 14,
            self.env._("Team of it"): 30,
            self.env._("Recipient of it"): 16,
            self.env._("Carrier"): 20,
            self.env._("Tracking number"): 26,
        }
        target = io.BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            bold = workbook.add_format({"bold": True, "bottom": 1})
            # Numbers as text: a spreadsheet would cut off long ones.
            text = workbook.add_format({"num_format": "@"})
            for column, (header, width) in enumerate(headers.items()):
                sheet.set_column(column, column, width, text)
                sheet.write_string(0, column, header, bold)
            for row, picking in enumerate(pickings, 1):
                cells = (
                    picking.name,
                    picking.sale_id.name,
                    picking.pinbu_team_id.display_name or "",
                    picking.partner_id.name or "",
                    picking.carrier_id.name or "",
                )
                for column, cell in enumerate(cells):
                    sheet.write_string(row, column, cell, text)
            sheet.freeze_panes(1, 0)
        return target.getvalue()


class PinbuTrackingRow(models.TransientModel):
    _name = "pinbu.tracking.row"
    _description = "Row of Tracking Numbers"
    _order = "is_bad desc, number, id"

    wizard_id = fields.Many2one("pinbu.tracking.import", required=True, ondelete="cascade")
    number = fields.Integer(string="Row")
    reference = fields.Char(string="Delivery or Order")
    tracking = fields.Char(string="Tracking Number")
    picking_id = fields.Many2one("stock.picking", string="Delivery")
    carrier_id = fields.Many2one("delivery.carrier")
    error = fields.Char(string="Why not")
    is_bad = fields.Boolean(compute="_compute_is_bad", store=True)

    # === COMPUTE METHODS === #

    @api.depends("error")
    def _compute_is_bad(self):
        for row in self:
            row.is_bad = bool(row.error)

    # === BUSINESS METHODS === #

    def _to_row(self):
        """:return: what is written for this row later, as JSON takes it"""
        self.ensure_one()
        return {
            "number": self.number,
            "reference": self.reference,
            "tracking": self.tracking,
            "picking_id": self.picking_id.id,
            "carrier_id": (self.carrier_id or self.wizard_id.carrier_id).id,
            "error": self.error,
        }
