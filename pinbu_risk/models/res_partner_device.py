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

    def _pinbu_note_device(self, facts):
        """Remember on which device this shopper logs in, if the client named one.

        :param Facts facts: of the log-in
        """
        self.ensure_one()
        shopper, mark = self.sudo(), facts.device
        if not mark or shopper.pinbu_device_mark == mark:
            return
        # Not by the ORM: nobody needs to know who changed the contact, and when.
        self.env.cr.execute(
            SQL("UPDATE res_partner SET pinbu_device_mark = %s WHERE id = %s", mark, self.id)
        )
        shopper.invalidate_recordset(["pinbu_device_mark"])
        if facts.former_device:
            self.env["pinbu.risk.block"]._renew_mark(facts.former_device, mark)
