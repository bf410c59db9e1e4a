from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..models.pinbu_subsidy_grant import _QUIET

# At once; what a browser waits for.
MOST = 2000
TAGS = ("newcomer", "regular", "high_value", "silent")


class PinbuShopperCoupon(models.TransientModel):
    """A coupon of a program for each shopper of some tags, or for those chosen in the list.

    Who has one of the program that can still be used gets no second one, so that sending twice does
    no harm.
    """

    _name = "pinbu.shopper.coupon"
    _description = "Send a Coupon to Shoppers"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    program_id = fields.Many2one(
        "loyalty.program",
        string="Coupon",
        required=True,
        domain="[('program_type', '=', 'coupons'), ('company_id', 'in', (False, company_id))]",
    )
    valid_days = fields.Integer(
        string="Valid for (days)", default=30, required=True, help="0 means as long as the program."
    )
    shopper_ids = fields.Many2many("pinbu.shopper", string="Chosen Shoppers")
    newcomer = fields.Boolean(string="Newcomers")
    regular = fields.Boolean(string="Regulars")
    high_value = fields.Boolean(string="High value")
    silent = fields.Boolean(default=True)
    count = fields.Integer(string="Shoppers", compute="_compute_count")

    # === COMPUTE METHODS === #

    @api.depends("program_id", "shopper_ids", *TAGS)
    def _compute_count(self):
        for wizard in self:
            wizard.count = len(wizard._receivers())

    # === ACTION METHODS === #

    def action_send(self):
        """:raise UserError: for nobody, for too many at once, or a program that gives nothing"""
        self.ensure_one()
        if not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(self.env._("Only who works in group-buying may send coupons."))
        program = self.program_id
        program.check_access("read")
        if program.program_type != "coupons" or (program.company_id or self.company_id) != (
            self.company_id
        ):
            raise UserError(self.env._("Choose one of this shop's coupons."))
        receivers = self._receivers()
        if not receivers:
            raise UserError(self.env._("There is nobody who does not have this coupon already."))
        if len(receivers) > MOST:
            raise UserError(self.env._("Choose fewer: %s at most at once.", MOST))
        self._send(program.sudo(), receivers)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s shoppers have got the coupon.", len(receivers)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    def _receivers(self):
        """:return: the shoppers' contacts, at most one more than may be sent to at once"""
        self.ensure_one()
        domain = Domain("company_id", "=", self.company_id.id)
        if self.shopper_ids:
            domain &= Domain("id", "in", self.shopper_ids.ids)
        else:
            domain &= Domain("tag", "in", [tag for tag in TAGS if self[tag]])
        domain &= Domain("partner_id.active", "=", True)
        holders = (
            self.env["loyalty.card"]
            .sudo()
            ._search(
                [
                    ("program_id", "=", self.program_id.id),
                    ("partner_id", "!=", False),
                    ("points", ">", 0),
                    "|",
                    ("expiration_date", "=", False),
                    ("expiration_date", ">=", fields.Date.context_today(self)),
                ]
            )
        )
        domain &= ~Domain("partner_id", "in", holders.subselect("partner_id"))
        return self.env["pinbu.shopper"].search(domain, limit=MOST + 1).partner_id

    def _send(self, program, receivers):
        """:param loyalty.program program: with sudo"""
        points = program._pinbu_coupon_points()
        last_day = bool(self.valid_days) and fields.Date.context_today(self) + timedelta(
            days=self.valid_days
        )
        self.env["loyalty.card"].sudo().with_context(**_QUIET).create(
            [
                {
                    "program_id": program.id,
                    "partner_id": partner.id,
                    "points": points,
                    "expiration_date": last_day,
                    "history_ids": [
                        Command.create(
                            {
                                "description": self.env._("Sent by %s", self.env.user.name),
                                "issued": points,
                            }
                        )
                    ],
                }
                for partner in receivers
            ]
        )
