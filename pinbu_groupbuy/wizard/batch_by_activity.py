from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.pinbu_job import AT_ONCE


class PinbuBatchByActivity(models.TransientModel):
    """Puts the deliveries that are ready into batches, each of one activity, team by team."""

    _name = "pinbu.batch.by.activity"
    _description = "Batch Deliveries by Activity"

    size = fields.Integer(
        string="Batch Size",
        default=20,
        required=True,
        help="How many deliveries make a batch: as many as somebody takes on one round. The last"
        " batch of an activity may be smaller.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        help="Who takes the goods from the shelves; nobody yet if empty.",
    )
    is_started = fields.Boolean(
        string="Start at once", default=True, help="Otherwise the batches are drafts."
    )
    picking_ids = fields.Many2many(
        "stock.picking", string="Only these", help="The deliveries that were chosen in a list."
    )
    line_ids = fields.One2many("pinbu.batch.activity", "wizard_id", string="Activities")
    batch_count = fields.Integer(string="Batches", compute="_compute_batch_count")

    _size_positive = models.Constraint("CHECK(size > 0)", "A batch has at least one delivery.")

    # === DEFAULT AND COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "stock.picking":
            values["picking_ids"] = [Command.set(self.env.context.get("active_ids", []))]
        chosen_ids = values["picking_ids"][0][2] if values.get("picking_ids") else []
        ready = self.env["stock.picking"]._read_group(
            self._ready_domain(chosen_ids), ["pinbu_activity_id", "picking_type_id"], ["__count"]
        )
        values["line_ids"] = [
            Command.create(
                {
                    "activity_id": activity.id,
                    "picking_type_id": picking_type.id,
                    "delivery_count": count,
                }
            )
            for activity, picking_type, count in ready
        ]
        return values

    @api.depends("size", "line_ids.is_chosen", "line_ids.delivery_count")
    def _compute_batch_count(self):
        for wizard in self:
            lines = wizard.line_ids.filtered("is_chosen")
            wizard.batch_count = sum(lines.mapped("batch_count"))

    # === ACTION METHODS === #

    def action_batch(self):
        """Make the batches, in the background if they are many.

        :return: the action that shows them, or how far it is
        :raise UserError: when there is nothing (left) to put into a batch
        """
        self.ensure_one()
        lines = self.line_ids.filtered("is_chosen")
        parts = [part for line in lines for part in line._parts()]
        if not parts:
            raise UserError(
                self.env._("No delivery of these activities is ready and in no batch yet.")
            )
        if sum(len(part["picking_ids"]) for part in parts) > AT_ONCE:
            job = self.env["pinbu.job"]._start(
                "batch",
                self.env._("Batch by activity"),
                [self.picking_ids.ids, [[x.activity_id.id, x.picking_type_id.id] for x in lines]],
                parts,
                is_started=self.is_started,
            )
            return job._open_progress()
        batches = self.env["stock.picking.batch"]
        for part in parts:
            batches |= self._make_batch(part)
        if self.is_started:
            for batch in batches:
                batch.action_confirm()
        return self._show(batches)

    # === BUSINESS METHODS === #

    @api.model
    def _make_batch(self, part):
        """:param dict part: as from `_parts`
        :return: a batch of those of its deliveries that are (still) ready; none if no one is
        """
        pickings = self.env["stock.picking"].browse(part["picking_ids"]).exists()
        pickings = pickings.filtered_domain(self._ready_domain([]))
        if not pickings:
            return self.env["stock.picking.batch"]
        picking_type = self.env["stock.picking.type"].browse(part["picking_type_id"])
        return self.env["stock.picking.batch"].create(
            {
                "company_id": picking_type.company_id.id,
                "picking_type_id": picking_type.id,
                "user_id": part["user_id"],
                "description": part["description"],
                "picking_ids": [Command.set(pickings.ids)],
            }
        )

    @api.model
    def _show(self, batches):
        """:return: the action that shows these batches"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stock_picking_batch.stock_picking_batch_action"
        )
        action = {**action, "context": {}, "domain": [("id", "in", batches.ids)]}
        if len(batches) == 1:
            action |= {"res_id": batches.id, "views": [(False, "form")]}
        return action

    @api.model
    def _ready_domain(self, chosen_ids):
        """:return: the deliveries of formed teams that are ready and in no batch, of these only
        if there are any"""
        domain = (
            Domain("pinbu_activity_id", "!=", False)
            & Domain("pinbu_is_gated", "=", False)
            & Domain("state", "=", "assigned")
            & Domain("batch_id", "=", False)
            & Domain("return_id", "=", False)
            & Domain("company_id", "in", self.env.companies.ids)
        )
        return domain & Domain("id", "in", chosen_ids) if chosen_ids else domain


class PinbuBatchActivity(models.TransientModel):
    _name = "pinbu.batch.activity"
    _description = "Activity to Batch"

    wizard_id = fields.Many2one("pinbu.batch.by.activity", required=True, ondelete="cascade")
    is_chosen = fields.Boolean(string="Batch", default=True)
    activity_id = fields.Many2one("pinbu.activity", required=True, readonly=True)
    picking_type_id = fields.Many2one(
        "stock.picking.type", string="Operation", required=True, readonly=True
    )
    delivery_count = fields.Integer(string="Ready", readonly=True)
    batch_count = fields.Integer(string="Batches", compute="_compute_batch_count")

    # === COMPUTE METHODS === #

    @api.depends("delivery_count", "wizard_id.size")
    def _compute_batch_count(self):
        for line in self:
            size = max(1, line.wizard_id.size)
            line.batch_count = -(-line.delivery_count // size)

    # === BUSINESS METHODS === #

    def _parts(self):
        """:return: for each batch of the deliveries that are ready now, whatever was shown before,
        what `_make_batch` takes"""
        self.ensure_one()
        wizard = self.wizard_id
        pickings = (
            self.env["stock.picking"]
            .search(
                wizard._ready_domain(wizard.picking_ids.ids)
                & Domain("pinbu_activity_id", "=", self.activity_id.id)
                & Domain("picking_type_id", "=", self.picking_type_id.id)
            )
            # Who packs finds the parcels of one team side by side.
            .sorted(lambda picking: (picking.pinbu_team_id.id, picking.id))
        )
        parts = [pickings[at : at + wizard.size] for at in range(0, len(pickings), wizard.size)]
        return [
            {
                "picking_type_id": self.picking_type_id.id,
                "user_id": wizard.user_id.id,
                "description": self.activity_id.name
                if len(parts) == 1
                else f"{self.activity_id.name} ({number}/{len(parts)})",
                "picking_ids": part.ids,
            }
            for number, part in enumerate(parts, 1)
        ]
