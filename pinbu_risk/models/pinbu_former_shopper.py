from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..keyring import configured

# As long as subsidies for newcomers could be taken twice; then nothing tells of them any more.
KEPT_FOR = timedelta(days=2 * 365)


class PinbuFormerShopper(models.Model):
    """By what somebody who had their data deleted is known again, and nothing else of them: keyed
    hashes of log-in, phone and ID number. They do not come back as a newcomer."""

    _name = "pinbu.former.shopper"
    _description = "Former Shopper"
    _log_access = False
    _rec_name = "kind"

    kind = fields.Char(required=True, readonly=True, help="Of what it is a keyed hash.")
    mark = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    key_id = fields.Char(required=True, readonly=True)
    kept_until = fields.Datetime(required=True, readonly=True, index=True)

    _mark_unique = models.Constraint("UNIQUE(mark)", "This is known already.")

    # === BUSINESS METHODS === #

    @api.model
    def _remember(self, ring, traits):
        """:param dict traits: ``{kind: value}`` of somebody who leaves"""
        for kind, value in traits.items():
            key_id, mark = ring.mark(kind, value)
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_former_shopper (kind, mark, key_id, kept_until)
                    VALUES (%s, %s, %s, %s + %s)
                        ON CONFLICT (mark) DO UPDATE SET kept_until = EXCLUDED.kept_until
                    """,
                    kind,
                    mark,
                    key_id,
                    SQL_NOW,
                    KEPT_FOR,
                )
            )

    @api.model
    def _knows(self, kind, value):
        """:return: whether somebody with this trait was here, and left"""
        ring = configured()
        if not ring or not value:
            return False
        marks = ring.marks(kind, value)
        return bool(self.sudo().search_count([("mark", "in", marks)], limit=1))

    @api.autovacuum
    def _gc_forgotten(self):
        self.env.cr.execute(SQL("DELETE FROM pinbu_former_shopper WHERE kept_until < %s", SQL_NOW))
