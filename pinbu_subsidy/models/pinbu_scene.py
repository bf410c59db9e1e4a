import io
import secrets
from base64 import b64encode

import qrcode

from odoo import api, fields, models
from odoo.exceptions import UserError

# Neither a team's, nor an activity's, nor a shopper's scene.
PREFIX = "c"


class PinbuScene(models.Model):
    """A share parameter that the merchant hands out: to a partner, for a poster, for an advert.

    What shoppers share is not stored, see ``pinbu_groupbuy/api/scenes.py``.
    """

    _name = "pinbu.scene"
    _description = "Channel Scene"
    _inherit = ["pinbu.company.guard"]
    _order = "name, id"

    name = fields.Char(string="Channel", required=True, help="Who or what brings shoppers here.")
    code = fields.Char(
        string="Scene",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: PREFIX + secrets.token_hex(8),
        help="At most 32 visible characters, for a QR code of the mini-program.",
    )
    path = fields.Char(
        compute="_compute_path", help="The page of the mini-program that the code opens."
    )
    qr_code = fields.Binary(
        string="QR Code",
        compute="_compute_qr_code",
        help="The path as a QR code. WeChat's own round code comes with its module.",
    )
    active = fields.Boolean(
        default=True, help="An archived scene still counts who came, and means nothing any more."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one("res.partner", string="Outside Partner", ondelete="restrict")
    activity_id = fields.Many2one(
        "pinbu.activity",
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
        help="What the code leads to; empty: the shop.",
    )
    shopper_count = fields.Integer(
        string="Shoppers", compute="_compute_counts", help="Newcomers who came by it first."
    )
    order_count = fields.Integer(
        string="Orders", compute="_compute_counts", help="Paid orders that came by it."
    )

    _code_unique = models.UniqueIndex("(code)")

    # === COMPUTE METHODS === #

    @api.depends("code", "activity_id")
    def _compute_path(self):
        for scene in self:
            page = "activity" if scene.activity_id else "index"
            scene.path = f"pages/{page}/index?scene={scene.code}"

    @api.depends("path")
    def _compute_qr_code(self):
        for scene in self:
            picture = io.BytesIO()
            qrcode.make(scene.path, box_size=6).save(picture, format="PNG")
            scene.qr_code = b64encode(picture.getvalue())

    def _compute_counts(self):
        shoppers = dict(
            self.env["pinbu.invite"]
            .sudo()
            ._read_group([("scene_id", "in", self.ids)], ["scene_id"], ["__count"])
        )
        orders = dict(
            self.env["sale.order"]
            .sudo()
            ._read_group(
                [
                    ("pinbu_scene_id", "in", self.ids),
                    ("seat_ids.state", "in", ("paid", "won", "lost")),
                ],
                ["pinbu_scene_id"],
                ["__count"],
            )
        )
        for scene in self:
            scene.shopper_count = shoppers.get(scene, 0)
            scene.order_count = orders.get(scene, 0)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env["pinbu.invite"].sudo().search_count([("scene_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Shoppers came by this scene: archive it instead."))

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, code):
        """:return: the channel of this shop that a share parameter belongs to, with sudo, or none
        :rtype: pinbu.scene
        """
        scenes = self.sudo()
        if not code or not code.startswith(PREFIX):
            return scenes.browse()
        return scenes.search([("code", "=", code), ("company_id", "=", self.env.company.id)])
