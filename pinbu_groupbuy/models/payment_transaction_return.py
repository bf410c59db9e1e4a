from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_return_id = fields.Many2one(
        "pinbu.return",
        string="Return",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The return that this refund belongs to.",
    )

    def _pinbu_paid(self):
        """Hook: :return: what this payment paid of its order; not what of it went back before the
        order was bought"""
        self.ensure_one()
        return self.amount

    def _pinbu_refund_done(self):
        super()._pinbu_refund_done()
        self.pinbu_return_id._look_refunded()
