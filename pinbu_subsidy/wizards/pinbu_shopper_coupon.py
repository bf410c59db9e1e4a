from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.models.pinbu_job import AT_ONCE
from odoo.addons.pinbu_groupbuy.transactions import short_transaction

from ..models.pinbu_subsidy_grant import _QUIET

# In one go, in the background.
MOST = 50_000
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
            wizard.count = self.env["pinbu.shopper"].search_count(wizard._shoppers_domain())

    # === ACTION METHODS === #

    def action_send(self):
        """Send the coupons, in the background if they are many.

        :raise UserError: for nobody, for too many at once, or a program that gives nothing
        """
        self.ensure_one()
        self._check_sending()
        shoppers = self.env["pinbu.shopper"].search(self._shoppers_domain(), limit=MOST + 1)
        if len(shoppers) > MOST:
            raise UserError(self.env._("Choose fewer: %s at most at once.", MOST))
        if len(shoppers) > AT_ONCE:
            tags = [tag for tag in TAGS if self[tag]]
            job = self.env["pinbu.job"]._start(
                "coupon",
                self.env._("Send a coupon: %s", self.program_id.name),
                [self.program_id.id, self.valid_days, self.shopper_ids.ids or tags],
                shoppers.ids,
                program_id=self.program_id.id,
                valid_days=self.valid_days,
            )
            return job._open_progress()
        receivers = self._send(self.program_id.sudo(), shoppers.partner_id)
        if not receivers:
            raise UserError(
                self.env._(
                    "Nobody gets it: nobody is of this kind, or all of them have it already."
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Shoppers who have got the coupon: %s.", len(receivers)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    def _check_sending(self):
        """:raise UserError: for who may not send coupons, or not these"""
        if not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(self.env._("Only who works in group-buying may send coupons."))
        program = self.program_id
        program.check_access("read")
        if program.program_type != "coupons" or (program.company_id or self.company_id) != (
            self.company_id
        ):
            raise UserError(self.env._("Choose one of this shop's coupons."))

    def _shoppers_domain(self):
        """:return: those chosen who have no such coupon that can still be used"""
        self.ensure_one()
        domain = Domain("company_id", "=", self.company_id.id)
        if self.shopper_ids:
            domain &= Domain("id", "in", self.shopper_ids.ids)
        else:
            domain &= Domain("tag", "in", [tag for tag in TAGS if self[tag]])
        domain &= Domain("partner_id.active", "=", True)
        return domain & ~Domain("partner_id", "in", self._holders().subselect("partner_id"))

    def _holders(self, *terms):
        """:return: the query of cards of the program that can still be used, and of which `terms`
        of a domain hold"""
        return (
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
                    *terms,
                ]
            )
        )

    def _lock_without_holders(self, partners):
        """Lock these shoppers until the end of the transaction, so that others who send to them at
        this moment wait.

        :return: those who have not got the coupon from somebody else meanwhile
        """
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM pinbu_shopper WHERE partner_id = ANY(%s)"
                " ORDER BY id FOR NO KEY UPDATE",
                partners.ids,
            )
        )
        holders = self._holders(("partner_id", "in", partners.ids)).select("partner_id")
        # Who was faster has committed after this transaction's snapshot was taken.
        with short_transaction(self.env) as cr:
            cr.execute(holders)
            return partners - partners.browse(partner_id for (partner_id,) in cr.fetchall())

    def _send(self, program, receivers):
        """Give it to those of these who have none.

        :param loyalty.program program: with sudo
        :return: who has got it
        """
        receivers = self._lock_without_holders(receivers)
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
        return receivers
