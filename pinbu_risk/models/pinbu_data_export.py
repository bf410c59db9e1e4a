import base64
import io
import json
import logging
import zipfile
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.pinbu_groupbuy.api import render
from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import wake

from ..jobs import each_alone
from ..keyring import Unreadable, keyring

_logger = logging.getLogger(__name__)

# So long the shopper can fetch it; then it is deleted.
LIFETIME = timedelta(days=7)
MAX_ATTEMPTS = 5


class PinbuDataExport(models.Model):
    """A copy of everything held about a shopper, for that shopper: `requested -> ready | failed`,
    then `expired`. The file holds their real name too, so it is sealed like that."""

    _name = "pinbu.data.export"
    _description = "Data Export"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(
        [
            ("requested", "To Make"),
            ("ready", "Ready"),
            ("expired", "Deleted"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="requested",
        index=True,
    )
    ready_at = fields.Datetime(readonly=True)
    expires_at = fields.Datetime(readonly=True, help="When its file is deleted.")
    attempts = fields.Integer(readonly=True)
    sealed = fields.Binary(readonly=True, attachment=True, groups=NO_ACCESS)
    key_id = fields.Char(readonly=True)

    # === BUSINESS METHODS: ASKING === #

    @api.model
    def _ask(self, partner, company):
        """Have a file made; asking again while there is one gives that one.

        :return: the export, with sudo
        :raise PinbuError: ``not_allowed_now`` without a key
        """
        keyring(self.env)
        export = self._latest(partner)
        if export.state not in ("requested", "ready"):
            export = self.sudo().create({"partner_id": partner.id, "company_id": company.id})
            self.env.flush_all()
            wake(self.env, self.env.cr, "pinbu_risk.ir_cron_data_exports")
        return export

    @api.model
    def _latest(self, partner):
        """:return: the shopper's last export, with sudo, or none"""
        return self.sudo().search([("partner_id", "=", partner.id)], limit=1)

    def _read_file(self):
        """:return: the ZIP file
        :rtype: bytes
        :raise PinbuError: ``not_found`` when there is none (any more), ``not_allowed_now``
        """
        if self.state != "ready" or self.expires_at <= fields.Datetime.now():
            raise PinbuError("not_found", self.env._("There is no file (any more)."))
        sealed = base64.b64decode(self.sealed)
        try:
            return keyring(self.env).open(self.env, self.key_id, sealed, self._purpose())
        except Unreadable:
            # Its key is gone. Another export can be asked for once this one is over.
            raise PinbuError("not_found", self.env._("There is no file (any more).")) from None

    def _purpose(self):
        return f"export {self.id} of {self.partner_id.id}"

    # === SCHEDULER === #

    @api.model
    def _cron_make(self):
        """Make the files that were asked for, and delete those whose time is over."""
        exports = self.sudo()
        over = [("state", "=", "ready"), ("expires_at", "<=", fields.Datetime.now())]
        waiting = [("state", "=", "requested"), ("attempts", "<", MAX_ATTEMPTS)]
        given_up = [("state", "=", "requested"), ("attempts", ">=", MAX_ATTEMPTS)]
        if not (
            each_alone(exports, over, "_expire")
            and each_alone(exports, waiting, "_make")
            and each_alone(exports, given_up, "_give_up")
        ):
            self.env.ref("pinbu_risk.ir_cron_data_exports").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    def _make(self):
        # Kept whatever happens: one that cannot be made must not be tried for ever.
        self.attempts += 1
        self.env["ir.cron"]._commit_progress()
        key_id, sealed = keyring(self.env).seal(self._build(), self._purpose())
        now = fields.Datetime.now()
        self.write(
            {
                "state": "ready",
                "ready_at": now,
                "expires_at": now + LIFETIME,
                "key_id": key_id,
                "sealed": base64.b64encode(sealed),
            }
        )

    def _build(self):
        """:return: a ZIP file: ``data.json``, and pictures beside it
        :rtype: bytes
        """
        partner = self.partner_id.with_company(self.company_id)
        partner = partner.with_context(
            lang=partner.lang, allowed_company_ids=self.company_id.ids, active_test=False
        )
        sections = partner._pinbu_export(self.company_id)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            data = {
                "made_at": render.to_iso(fields.Datetime.now()),
                "shop": self.company_id.name,
                **sections,
            }
            archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
            if partner.image_1920:
                image = base64.b64decode(partner.image_1920)
                kind = guess_mimetype(image, "image/png").rpartition("/")[2]
                archive.writestr(f"avatar.{kind}", image)
        return file.getvalue()

    def _expire(self):
        self.write({"state": "expired", "sealed": False})

    def _give_up(self):
        self.state = "failed"
        _logger.error("Data export %s was tried %s times, and failed", self.id, self.attempts)

    # === API === #

    def _to_api(self):
        """:rtype: dict"""
        self.ensure_one()
        is_over = self.state == "ready" and self.expires_at <= fields.Datetime.now()
        state = "expired" if is_over else self.state
        url = "/pinbu/api/v1/me/export/file"
        return {
            "id": self.id,
            "state": state,
            "created_at": render.to_iso(self.create_date),
            "ready_at": render.to_iso(self.ready_at),
            "expires_at": render.to_iso(self.expires_at),
            "url": render.absolute(self.env, url) if state == "ready" else None,
        }
