import re

from odoo import fields, models

# Shorter numbers are switchboards and typing errors.
_PHONE_DIGITS = 7


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_invite_ids = fields.One2many(
        "pinbu.invite",
        "inviter_id",
        string="Friends Brought",
        readonly=True,
        groups="pinbu_groupbuy.group_user",
    )
    pinbu_invited_by_ids = fields.One2many(
        "pinbu.invite",
        "partner_id",
        string="Invited by",
        readonly=True,
        groups="pinbu_groupbuy.group_user",
    )

    # === BUSINESS METHODS === #

    def _pinbu_marks(self, company):
        """What gives away that two shoppers are one: phones, addresses, and what they paid with.

        :return: strings that are the same for the same phone, address or payer
        :rtype: set[str]
        """
        self.ensure_one()
        shopper = self.sudo().with_context(active_test=False)
        seats = self.env["pinbu.seat"].sudo()
        orders = seats.search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)]
        ).order_id
        places = shopper | shopper.child_ids | orders.partner_shipping_id
        marks = {mark for place in places for mark in (place._phone_mark(), place._address_mark())}
        marks |= orders.transaction_ids._pinbu_payer_marks()
        return marks - {None}

    def _phone_mark(self):
        digits = re.sub(r"\D", "", self.phone or "")
        # With or without the country's code it is the same phone.
        return f"phone:{digits[-11:]}" if len(digits) >= _PHONE_DIGITS else None

    def _address_mark(self):
        parts = (self.city, self.street2, self.street)
        text = re.sub(r"[\W_]", "", "".join(part or "" for part in parts)).lower()
        return f"address:{text}" if self.street else None
