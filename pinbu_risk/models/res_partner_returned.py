"""Shoppers who had their data deleted and came back are no newcomers."""

import re

from odoo import fields, models

LOGIN, PHONE = "login", "phone"


def phone_trait(phone):
    """:return: a number's last digits, the same with and without the country's code"""
    return re.sub(r"\D", "", phone or "")[-11:]


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_has_returned = fields.Boolean(
        string="Was Here Before",
        readonly=True,
        copy=False,
        groups="pinbu_groupbuy.group_user",
        help="Had their data deleted once, and is no newcomer. Who they were is not known.",
    )

    # === BUSINESS METHODS === #

    def _pinbu_note_returned(self, kind, value):
        """Note that this shopper was here before, if this trait of theirs says so, with what they
        were promised then, and keep them out if they were kept out.

        :param str kind: ``login``, ``phone`` or ``id_number``
        :param str value: what they logged in with, or gave
        """
        shopper = self.sudo()
        former = self.env["pinbu.former.shopper"]._of(kind, value)
        if former and not shopper.pinbu_has_returned:
            shopper.pinbu_has_returned = True
            shopper.pinbu_promised_before = former.promised
        former._keep_out(shopper)

    def _pinbu_phone_trait(self):
        """:return: this shopper's phone, as `phone_trait`"""
        return phone_trait(self.phone)

    def _api_update_customer(self, body):
        result = super()._api_update_customer(body)
        if body.phone_code is not None:
            self._pinbu_note_returned(PHONE, self.sudo()._pinbu_phone_trait())
            self.sudo().pinbu_identity_ids._note_phone()
        return result

    def _to_api_customer(self):
        customer = super()._to_api_customer()
        return {
            **customer,
            "is_new": customer["is_new"] and not self.sudo().pinbu_has_returned,
        }
