from odoo import api, fields, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW


class PinbuConsent(models.Model):
    """That a shopper agreed to a version of the shop's terms, and when."""

    _name = "pinbu.consent"
    _description = "Shopper's Consent"
    _order = "given_at desc, id desc"
    _rec_name = "version"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", string="Shopper", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    version = fields.Char(required=True)
    given_at = fields.Datetime(required=True)

    _once = models.Constraint(
        "UNIQUE(partner_id, company_id, version)", "A version is agreed to once."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _give(self, partner, version):
        """This shopper logs in, having agreed to `version` now (or to none).

        :raise PinbuError: ``consent_required`` where the shop demands the current one
        """
        company = self.env.company.sudo()
        if version and version == company.pinbu_consent_version:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO pinbu_consent (partner_id, company_id, version, given_at)"
                    " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    partner.id,
                    company.id,
                    version,
                    SQL_NOW,
                )
            )
        elif company.pinbu_consent_required and not self._has_given(partner):
            raise self._required()

    @api.model
    def _check_stranger(self, version):
        """Nothing is kept of somebody new who has not agreed.

        :raise PinbuError: ``consent_required``
        """
        company = self.env.company.sudo()
        if company.pinbu_consent_required and version != company.pinbu_consent_version:
            raise self._required()

    @api.model
    def _has_given(self, partner):
        """:return: whether the shopper agreed to the current version"""
        company = self.env.company.sudo()
        given = self.sudo().search_count(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "=", company.id),
                ("version", "=", company.pinbu_consent_version),
            ],
            limit=1,
        )
        return bool(given)

    def _required(self):
        return PinbuError(
            "consent_required",
            self.env._("Please agree to the terms and the privacy policy first."),
            {"consent_version": self.env.company.sudo().pinbu_consent_version},
        )
