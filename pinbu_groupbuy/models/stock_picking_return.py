from odoo import api, fields, models
from odoo.exceptions import UserError


class StockPicking(models.Model):
    _inherit = "stock.picking"

    pinbu_return_id = fields.Many2one(
        "pinbu.return",
        string="Group-buying Return",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What comes back here is refunded when it is received.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and (
            self.env.context.get("default_pinbu_return_id")
            or any(vals.get("pinbu_return_id") for vals in vals_list)
        ):
            self._refuse_return_link()
        return super().create(vals_list)

    def write(self, vals):
        if "pinbu_return_id" in vals and not self.env.su:
            self._refuse_return_link()
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _refuse_return_link(self):
        raise UserError(self.env._("Which return a delivery belongs to is not set by hand."))

    def _create_backorder_picking(self):
        backorder = super()._create_backorder_picking()
        if self.pinbu_return_id:
            backorder.sudo().pinbu_return_id = self.pinbu_return_id
        # Odoo forgets that the rest comes back as well.
        if self.return_id and self.pinbu_seat_id:
            backorder.sudo().return_id = self.return_id
        return backorder

    def _action_done(self):
        res = super()._action_done()
        self.sudo().pinbu_return_id._follow_goods()
        return res
