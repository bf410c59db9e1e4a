from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW, short_transaction

from .. import keyring

_KIND = "audit head"


class PinbuAuditHead(models.Model):
    """How far the audit log has come: one row, sealed too. Rows removed from the log's end show.

    It is put forward right after each commit. Of a process that is killed in between it lags
    behind, which says nothing, and the next row or the nightly check puts it forward.
    """

    _name = "pinbu.audit.head"
    _description = "Head of the Audit Log"
    _log_access = False

    last_ref = fields.Integer(required=True, readonly=True, aggregator=None)
    seal = fields.Char(required=True, readonly=True, help="Of that row of the log.")
    key_id = fields.Char(readonly=True)
    mark = fields.Char(readonly=True, help="Keyed hash of number and seal.")
    write_date = fields.Datetime(string="At", required=True, readonly=True)

    # === BUSINESS METHODS === #

    @api.model
    def _advance(self):
        """Note the last row that is committed. Never goes back."""
        ring = keyring.configured()
        with short_transaction(self.env, durable=False) as cr:
            cr.execute("SELECT id, seal FROM pinbu_audit_log ORDER BY id DESC LIMIT 1")
            number, seal = cr.fetchone() or (0, "")
            key_id, mark = ring.mark(_KIND, f"{number} {seal}") if ring else (None, None)
            cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_audit_head AS head
                           (id, last_ref, seal, key_id, mark, write_date)
                    VALUES (1, %s, %s, %s, %s, %s)
                        ON CONFLICT (id) DO UPDATE
                       SET last_ref = EXCLUDED.last_ref, seal = EXCLUDED.seal,
                           key_id = EXCLUDED.key_id, mark = EXCLUDED.mark,
                           write_date = EXCLUDED.write_date
                     WHERE head.last_ref < EXCLUDED.last_ref
                    """,
                    number,
                    seal,
                    key_id,
                    mark,
                    SQL_NOW,
                )
            )

    def _is_genuine(self):
        """:return: whether it is as it was written; without a key, or without its own: unknown"""
        ring = keyring.configured()
        if not ring or not self.key_id:
            return None
        return ring.is_mark(self.key_id, _KIND, f"{self.last_ref} {self.seal}", self.mark or "")
