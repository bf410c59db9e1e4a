from odoo import fields, models

from ..keyring import Unreadable
from .pinbu_identity import ID_NUMBER


class ResPartner(models.Model):
    """The identity that an accountant checks on the contact is the one that a shopper gave."""

    _inherit = "res.partner"

    pinbu_identity_ids = fields.One2many(
        "pinbu.identity",
        "partner_id",
        string="Identity",
        readonly=True,
        groups="pinbu_risk.group_identity",
    )

    # === ACTION METHODS === #

    def action_pinbu_identity_checked(self):
        result = super().action_pinbu_identity_checked()
        self.sudo().pinbu_identity_ids._to_verified(self.env._("by an accountant"))
        return result

    def action_pinbu_identity_unchecked(self):
        result = super().action_pinbu_identity_unchecked()
        self.sudo().pinbu_identity_ids._to_pending()
        return result

    # === BUSINESS METHODS === #

    def _pinbu_identity_traits(self):
        """:return: ``{"id_number": …}``, for who leaves; empty where nothing readable was given"""
        identity = self.sudo().pinbu_identity_ids
        try:
            return {ID_NUMBER: identity._open()[ID_NUMBER]} if identity else {}
        except Unreadable:
            return {}
