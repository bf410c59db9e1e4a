from odoo import api, fields, models


class StockPickingBatch(models.Model):
    """Batches know their group-buy, and leave alone what its teams still decide about."""

    _inherit = "stock.picking.batch"

    # What waits for its team may lie in a batch, and stays behind; but it is not offered.
    picking_ids = fields.One2many(
        domain="[('id', 'in', allowed_picking_ids), ('pinbu_is_gated', '=', False)]"
    )
    pinbu_activity_id = fields.Many2one(
        "pinbu.activity",
        string="Group-buying Activity",
        compute="_compute_pinbu_activity_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
        help="What all of these deliveries belong to; empty where they belong to several.",
    )
    pinbu_gated_count = fields.Integer(
        string="Wait for their Team",
        compute="_compute_pinbu_gated_count",
        compute_sudo=True,
        help="How many of these deliveries cannot ship, since their team is not formed.",
    )

    # === COMPUTE METHODS === #

    @api.depends("picking_ids.pinbu_activity_id")
    def _compute_pinbu_activity_id(self):
        for batch in self:
            activities = batch.picking_ids.pinbu_activity_id
            is_one = len(activities) == 1 and all(batch.picking_ids.mapped("pinbu_activity_id"))
            batch.pinbu_activity_id = is_one and activities

    @api.depends("picking_ids.pinbu_is_gated", "picking_ids.state")
    def _compute_pinbu_gated_count(self):
        for batch in self:
            batch.pinbu_gated_count = len(batch.picking_ids._pinbu_gated())

    # === ACTION METHODS === #

    def action_done(self):
        self.ensure_one()
        open_pickings = self.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        if open_pickings and open_pickings == open_pickings._pinbu_gated():
            # Odoo would empty the batch without a word.
            open_pickings.move_ids._check_may_ship()
        return super().action_done()

    def action_print(self):
        self.ensure_one()
        if self.sudo().picking_ids.pinbu_activity_id:
            return self.env.ref("pinbu_groupbuy.action_report_pick_list").report_action(self)
        return super().action_print()

    def action_pinbu_slips(self):
        """Print the delivery slips of all that is in this batch, in the order of the pick list."""
        self.ensure_one()
        return self._pinbu_to_pick().action_pinbu_slips()

    # === BUSINESS METHODS: PICK LIST === #

    def _pinbu_to_pick(self):
        """:return: the deliveries that a clerk takes the goods of this batch for, team by team"""
        self.ensure_one()
        pickings = self.picking_ids.filtered(lambda picking: picking.state != "cancel")
        return (pickings - pickings._pinbu_gated()).sorted(
            lambda picking: (picking.batch_sequence, picking.pinbu_team_id.id, picking.id)
        )

    def _pinbu_pick_list(self):
        """What to take from the shelves, along the way: each product once for each place.

        :return: a list of dicts of ``location``, ``product``, ``lot``, ``package`` and ``uom``
                 (records, the lot and package perhaps empty) and ``quantity``, in the unit of
                 measure
        """
        lines = self._pinbu_to_pick().move_line_ids
        alike = lines.grouped(
            lambda line: (
                line.location_id,
                line.product_id,
                line.lot_id,
                line.package_id,
                line.product_uom_id,
            )
        )
        rows = [
            {
                "location": location,
                "product": product,
                "lot": lot,
                "package": package,
                "uom": uom,
                "quantity": sum(same.mapped("quantity")),
            }
            for (location, product, lot, package, uom), same in alike.items()
        ]
        return sorted(
            rows,
            key=lambda row: (row["location"].complete_name or "", row["product"].display_name),
        )
