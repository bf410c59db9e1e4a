from odoo import fields, models
from odoo.exceptions import UserError


class LoyaltyCard(models.Model):
    """A coupon or ticket that was given as a subsidy is its shopper's and nobody else's.

    Odoo lets whoever knows a code use it. Here a code that was passed on, or guessed, is worth
    nothing: otherwise subsidies could be collected by many accounts and spent by one.
    """

    _inherit = "loyalty.card"

    pinbu_subsidy_ids = fields.One2many("pinbu.subsidy", "card_id", string="Given as Subsidy")

    # === CRUD METHODS === #

    def write(self, vals):
        if {"partner_id", "program_id", "active", "expiration_date"} & vals.keys():
            for card in self._pinbu_personal():
                card._pinbu_check_personal(vals)
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _pinbu_personal(self):
        """:return: those of these that only their own shopper may use"""
        return self.sudo().filtered(
            lambda card: {"coupon", "ticket"} & set(card.pinbu_subsidy_ids.mapped("type"))
        )

    def _pinbu_not_of(self, partner):
        """:return: those of these that this shopper may not use"""
        return self._pinbu_personal().filtered(lambda card: card.partner_id != partner)

    def _pinbu_check_personal(self, vals):
        """:raise UserError: when the change would take what was given away from its shopper"""
        self.ensure_one()
        if "partner_id" in vals and vals["partner_id"] != self.partner_id.id:
            raise UserError(
                self.env._("This was given to a shopper as a subsidy: nobody else can have it.")
            )
        if "program_id" in vals and vals["program_id"] != self.program_id.id:
            raise UserError(
                self.env._("This was given to a shopper as a subsidy: it stays what it is.")
            )
        if "active" in vals and not vals["active"] and self.points:
            raise UserError(
                self.env._(
                    "This was given to a shopper as a subsidy: take the subsidy back instead."
                )
            )
        if vals.get("expiration_date"):
            new = fields.Date.to_date(vals["expiration_date"])
            if not self.expiration_date or new < self.expiration_date:
                raise UserError(
                    self.env._(
                        "This was given to a shopper as a subsidy: it can be made valid for longer, "
                        "not for shorter."
                    )
                )
