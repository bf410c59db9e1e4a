from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_scene_id = fields.Many2one(
        "pinbu.scene",
        string="Channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="pinbu_groupbuy.group_user",
    )
