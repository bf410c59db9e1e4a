from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_fallback_program_id = fields.Many2one(
        "loyalty.program",
        string="Fallback Coupon",
        domain="[('program_type', 'in', ('coupons', 'next_order_coupons'))]",
        ondelete="restrict",
        help="Stands in where cash is not promised any more: too often without a win, or an "
        "activity whose subsidies are paused.",
    )
    pinbu_brake_failed_percent = fields.Integer(
        string="Failed Teams (%)",
        default=80,
        help="An activity's subsidies pause when more of its last 50 teams failed. 0: never.",
    )
    pinbu_brake_subsidy_percent = fields.Integer(
        string="Subsidies of Sales (%)",
        default=50,
        help="An activity's subsidies pause when those of its last 50 teams cost more of what the "
        "formed ones sold for. 0: never.",
    )
