import json
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
    hashes of log-in, phone and ID number. They do not come back as a newcomer,
    nor past a block or the guards of a subsidy."""

    _name = "pinbu.former.shopper"
    _description = "Former Shopper"
    _log_access = False
    _rec_name = "kind"

    kind = fields.Char(required=True, readonly=True, help="Of what it is a keyed hash.")
    mark = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    key_id = fields.Char(required=True, readonly=True)
    kept_until = fields.Datetime(required=True, readonly=True, index=True)
    blocks = fields.Json(
        readonly=True,
        groups=NO_ACCESS,
        help="Technical: ids of the companies that kept them out, and until when.",
    )
    promised = fields.Json(
        readonly=True, groups=NO_ACCESS, help="Technical: what was promised to them, in numbers."
    )

    _mark_unique = models.Constraint("UNIQUE(mark)", "This is known already.")

    # === BUSINESS METHODS === #

    @api.model
    def _remember(self, ring, traits, blocks, promised):
        """:param dict traits: ``{kind: value}`` of somebody who leaves
        :param dict blocks: ``{company id: until when}`` of what keeps them out, as
            `pinbu.risk.block` tells it
        :param dict promised: how often they were promised subsidies, as `res.partner` tells it
        """
        for kind, value in traits.items():
            key_id, mark = ring.mark(kind, value)
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_former_shopper
                                (kind, mark, key_id, kept_until, blocks, promised)
                    VALUES (%s, %s, %s, %s + %s, %s, %s)
                        ON CONFLICT (mark) DO UPDATE
                       SET kept_until = EXCLUDED.kept_until, blocks = EXCLUDED.blocks,
                           promised = EXCLUDED.promised
                    """,
                    kind,
                    mark,
                    key_id,
                    SQL_NOW,
                    KEPT_FOR,
                    json.dumps(blocks),
                    json.dumps(promised) if promised else None,
                )
            )

    @api.model
    def _of(self, kind, value):
        """:return: whoever with this trait was here and left last, with sudo; or none"""
        former = self.sudo()
        ring = configured()
        if not ring or not value:
            return former
        marks = ring.marks(kind, value)
        return former.search([("mark", "in", marks)], order="kept_until DESC", limit=1)

    def _keep_out(self, shopper):
        """Who was blocked when they left is blocked as `shopper`, until then; but not anew when an
        officer has thought better of it."""
        blocks = self.env["pinbu.risk.block"]
        for company_id, until in (self.blocks or {}).items():
            company = self.env["res.company"].browse(int(company_id)).exists()
            theirs = [("partner_id", "=", shopper.id), ("company_id", "=", company.id)]
            if company and not blocks.with_context(active_test=False).search_count(theirs, limit=1):
                blocks.create(
                    {
                        "partner_id": shopper.id,
                        "company_id": company.id,
                        "expires_at": until,
                        "reason": self.env._("Blocked before the account was closed"),
                    }
                )

    @api.autovacuum
    def _gc_forgotten(self):
        self.env.cr.execute(SQL("DELETE FROM pinbu_former_shopper WHERE kept_until < %s", SQL_NOW))
