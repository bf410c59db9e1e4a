from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW


class PinbuApiRevocation(models.Model):
    """Tokens that were ended before their time. The others need no row anywhere."""

    _name = "pinbu.api.revocation"
    _description = "Revoked API Token"
    _log_access = False

    jti = fields.Char(required=True)
    expires_at = fields.Datetime(required=True, index=True)

    _jti_unique = models.Constraint("UNIQUE(jti)", "A token can be revoked only once.")

    # === BUSINESS METHODS === #

    @api.model
    def _revoke(self, claims):
        """End the token of these ``tokens.Claims`` for all workers at once; safe to repeat."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_api_revocation (jti, expires_at) VALUES (%s, %s)"
                " ON CONFLICT (jti) DO NOTHING",
                claims.jti,
                claims.expires_at,
            )
        )

    @api.model
    def _is_valid(self, claims, company):
        """:return: whether the token's user may still act in `company`: active, a shopper of that
        company, and the token not revoked
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT u.login FROM res_users u
                 WHERE u.id = %s AND u.active AND u.share
                   AND EXISTS (SELECT 1 FROM res_company_users_rel c
                                WHERE c.user_id = u.id AND c.cid = %s)
                   AND NOT EXISTS (SELECT 1 FROM pinbu_api_revocation r WHERE r.jti = %s)
                """,
                claims.user_id,
                company.id,
                claims.jti,
            )
        )
        row = self.env.cr.fetchone()
        return bool(row) and self.env["res.users"]._may_stay_logged_in(row[0])

    @api.autovacuum
    def _gc_ended(self):
        self.env.cr.execute(SQL("DELETE FROM pinbu_api_revocation WHERE expires_at < %s", SQL_NOW))
