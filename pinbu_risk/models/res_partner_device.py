from odoo import fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_device_mark = fields.Char(
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
        help="Technical: keyed hash of the device of the shopper's last log-in.",
    )

    # === BUSINESS METHODS === #

    def _pinbu_note_device(self, mark):
        """Remember on which device this shopper logged in, if the client named one."""
        self.ensure_one()
        shopper = self.sudo()
        if not mark or shopper.pinbu_device_mark == mark:
            return
        # Not by the ORM: nobody needs to know who changed the contact, and when.
        self.env.cr.execute(
            SQL("UPDATE res_partner SET pinbu_device_mark = %s WHERE id = %s", mark, self.id)
        )
        shopper.invalidate_recordset(["pinbu_device_mark"])
