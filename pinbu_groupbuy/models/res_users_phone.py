from odoo import models

from ..private_phone import PrivatePhone


class ResUsers(models.Model):
    _inherit = "res.users"

    phone = PrivatePhone()
