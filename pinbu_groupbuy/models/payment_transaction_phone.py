from odoo import models

from ..private_phone import PrivatePhone


class PaymentTransaction(models.Model):
    _name = "payment.transaction"
    _inherit = ["payment.transaction", "pinbu.private.phones"]

    partner_phone = PrivatePhone(owner="partner_id")
