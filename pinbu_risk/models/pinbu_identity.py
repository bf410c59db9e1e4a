import base64
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS

from odoo.addons.pinbu_groupbuy.api.render import mask_phone
from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from ..keyring import Unreadable, configured, keyring

READERS = "pinbu_risk.group_identity"
ID_NUMBER = "id_number"
# What others than the shopper do with an identity.
_AUDITED = {"read", "verified", "refused", "reopened", "exported"}
_RESEALED = 1000


class PinbuIdentity(models.Model):
    """Who a shopper says they are: real name, ID number and the phone that their platform vouched
    for, sealed with the server's key.

    `pending -> verified | refused`, and pending again when the shopper gives other data or a
    verification is taken back. Verified data cannot be replaced by the shopper: money goes to who
    was verified. A provider's module that checks names calls `_reveal`, then `_to_verified` or
    `_to_refused`; an identity clerk does the same with the buttons.
    """

    _name = "pinbu.identity"
    _description = "Shopper's Identity"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Shopper", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(
        [("pending", "To Verify"), ("verified", "Verified"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    given_at = fields.Datetime(string="Given on", required=True, readonly=True)
    version = fields.Integer(
        required=True, readonly=True, default=1, help="Technical: how often it was given."
    )
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    refusal = fields.Char(string="Refused because", help="The shopper reads this.", readonly=True)
    real_name = fields.Char(compute="_compute_masked", help="Masked.")
    id_number = fields.Char(string="ID Number", compute="_compute_masked", help="Masked.")
    phone = fields.Char(
        string="Verified Phone",
        compute="_compute_masked",
        help="Masked. Empty: the shopper's platform has vouched for none.",
    )
    same_number_count = fields.Integer(
        string="Other Accounts",
        compute="_compute_same_number_count",
        help="How many other shoppers gave the same ID number.",
    )
    sealed = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    key_id = fields.Char(required=True, readonly=True, help="Which of the server's keys seals it.")
    number_mark = fields.Char(
        required=True,
        readonly=True,
        index=True,
        groups=NO_ACCESS,
        help="Technical: the same for the same ID number, which it does not give away.",
    )

    _partner_unique = models.Constraint(
        "UNIQUE(partner_id)", "A shopper has one identity; it can be replaced until it is verified."
    )

    # === COMPUTE METHODS === #

    @api.depends("sealed")
    def _compute_masked(self):
        ring = configured()
        for identity in self:
            try:
                data = identity.sudo()._open() if ring else {}
            except Unreadable:
                data = {}
            name, number = data.get("real_name", ""), data.get(ID_NUMBER, "")
            identity.real_name = name[:1] + "*" * max(len(name) - 1, 2)
            identity.id_number = f"{number[:1]}{'*' * 16}{number[-1:]}"
            identity.phone = mask_phone(data.get("phone"))

    @api.depends("number_mark")
    def _compute_same_number_count(self):
        # Of all companies' shoppers: how many, not who.
        found = self.sudo()._read_group(
            [("number_mark", "in", self.sudo().mapped("number_mark"))],
            ["number_mark"],
            ["__count"],
        )
        counts = dict(found)
        for identity in self:
            identity.same_number_count = counts.get(identity.sudo().number_mark, 1) - 1

    # === ACTION METHODS === #

    def action_read(self):
        """Show an identity clerk what the shopper gave. It goes nowhere but to the screen."""
        self._check_clerk()
        self.ensure_one()
        data = self.sudo()._reveal()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "title": data["real_name"],
                "message": ", ".join(filter(None, (data[ID_NUMBER], data.get("phone")))),
                "sticky": True,
            },
        }

    def action_verify(self):
        """An identity clerk has compared it."""
        self._check_clerk()
        unseen = self.filtered(lambda identity: not identity._was_read_by(self.env.user))
        if unseen:
            raise UserError(
                self.env._(
                    "Read first what you verify: %s",
                    ", ".join(unseen.partner_id.mapped("display_name")),
                )
            )
        self.sudo()._to_verified()

    def action_refuse(self):
        """The shopper has to give it again."""
        self._check_clerk()
        self.sudo()._to_refused(self.env._("The name and the ID number do not match."))

    def action_reopen(self):
        """A verification was a mistake, or is out of date."""
        self._check_clerk()
        self.sudo()._to_pending()

    def action_view_log(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_identity_log_action")
        return {**action, "domain": [("identity_ref", "=", self.id)]}

    # === BUSINESS METHODS: GIVING === #

    @api.model
    def _give(self, partner, company, real_name, id_number):
        """Keep what the shopper says; it is to be verified.

        :param str id_number: of a mainland ID card, its check digit verified
        :return: the identity, with sudo
        :raise PinbuError: ``not_allowed_now`` without a key, or for an identity that is verified
        """
        ring = keyring(self.env)
        identity = self.sudo().search([("partner_id", "=", partner.id)])
        if identity.state == "verified":
            raise PinbuError(
                "not_allowed_now",
                self.env._("Your identity is verified already. The shop's service can change it."),
            )
        phone = partner.sudo().phone if partner._pinbu_has_verified_phone() else None
        key_id, sealed = self._seal(ring, partner, real_name, id_number, phone)
        values = {
            "company_id": company.id,
            "state": "pending",
            "given_at": self.env.cr.now(),
            "decided_at": False,
            "refusal": False,
            "key_id": key_id,
            "sealed": sealed,
            "number_mark": ring.mark(ID_NUMBER, id_number)[1],
        }
        if identity:
            identity.write({**values, "version": identity.version + 1})
        else:
            identity = self.sudo().create({**values, "partner_id": partner.id})
        # Whoever was checked before may be somebody else.
        partner.sudo().pinbu_identity_checked_at = False
        partner._pinbu_note_returned(ID_NUMBER, id_number)
        identity._log("given")
        return identity

    @api.model
    def _seal(self, ring, partner, real_name, id_number, phone=None):
        """:return: ``(key id, text)``"""
        data = {"real_name": real_name, ID_NUMBER: id_number, "phone": phone}
        text = json.dumps(data, ensure_ascii=False)
        key_id, sealed = ring.seal(text.encode(), f"identity of {partner.id}")
        return key_id, base64.b64encode(sealed).decode()

    def _note_phone(self):
        """The shopper's platform has vouched for another phone."""
        ring = configured()
        for identity in self if ring else ():
            try:
                data = identity._open()
            except Unreadable:
                continue
            data["phone"] = identity.partner_id.phone
            key_id, sealed = self._seal(ring, identity.partner_id, **data)
            identity.write(
                {
                    "key_id": key_id,
                    "sealed": sealed,
                    "number_mark": ring.mark(ID_NUMBER, data[ID_NUMBER])[1],
                }
            )

    # === BUSINESS METHODS: READING === #

    def _reveal(self, reason=None):
        """What the shopper gave; the reading is logged.

        :param str reason: what it is read for, unless a person asked to see it
        :return: ``{"real_name": …, "id_number": …, "phone": … or None}``
        :raise PinbuError: ``not_allowed_now`` without a key
        :raise Unreadable: when its key is gone, or the row was tampered with
        """
        self.ensure_one()
        data = self._open()
        self._log("read", reason)
        return data

    def _open(self):
        sealed = base64.b64decode(self.sealed)
        purpose = f"identity of {self.partner_id.id}"
        return json.loads(keyring(self.env).open(self.env, self.key_id, sealed, purpose))

    def _was_read_by(self, user):
        """:return: whether this user has seen what the shopper gave last"""
        self.ensure_one()
        return bool(
            self.env["pinbu.identity.log"]
            .sudo()
            .search_count(
                [
                    ("identity_ref", "=", self.id),
                    ("kind", "=", "read"),
                    ("create_uid", "=", user.id),
                    ("version", "=", self.version),
                ],
                limit=1,
            )
        )

    # === BUSINESS METHODS: STATES === #

    def _to_verified(self, note=None):
        """:param str note: how it was found out, unless a person compared it"""
        moved = self.filtered(lambda identity: identity.state == "pending")
        moved.write({"state": "verified", "decided_at": self.env.cr.now()})
        moved.partner_id.pinbu_identity_checked_at = self.env.cr.now()
        moved._log("verified", note)
        return moved

    def _to_refused(self, refusal):
        """:param str refusal: why, for the shopper"""
        moved = self.filtered(lambda identity: identity.state == "pending")
        moved.write({"state": "refused", "decided_at": self.env.cr.now(), "refusal": refusal})
        moved.partner_id.pinbu_identity_checked_at = False
        moved._log("refused", refusal)
        return moved

    def _to_pending(self):
        moved = self.filtered(lambda identity: identity.state == "verified")
        moved.write({"state": "pending", "decided_at": False})
        moved.partner_id.pinbu_identity_checked_at = False
        moved._log("reopened")
        return moved

    def _erase(self):
        """The shopper leaves: nothing of it stays but the log."""
        self._log("erased")
        self.unlink()

    # === SCHEDULER === #

    @api.autovacuum
    def _gc_old_keys(self):
        """Seal with the current key what an older one sealed, one batch after the other.

        :return: how many were done, and whether there are more
        """
        ring = configured()
        if not ring:
            return 0, 0
        # What no key opens any more does not stand in the way of the others.
        domain = [("key_id", "in", [key for key in ring.key_ids if key != ring.current])]
        old = self.search(domain, limit=_RESEALED)
        resealed = 0
        for identity in old:
            try:
                data = identity._open()
            except Unreadable:
                continue
            key_id, sealed = self._seal(ring, identity.partner_id, **data)
            mark = ring.mark(ID_NUMBER, data[ID_NUMBER])[1]
            identity.write({"key_id": key_id, "sealed": sealed, "number_mark": mark})
            resealed += 1
        # Rows that were tampered with stay as they are, and are no reason to go on.
        return resealed, resealed if len(old) == _RESEALED else 0

    # === TOOLS === #

    def _check_clerk(self):
        """:raise AccessError: for whoever may not read identities"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(READERS):
            raise AccessError(self.env._("Only identity clerks may do this."))

    def _log(self, kind, note=None):
        self.env["pinbu.identity.log"].sudo().create(
            [
                {
                    "kind": kind,
                    "identity_ref": identity.id,
                    "partner_ref": identity.partner_id.id,
                    "company_id": identity.company_id.id,
                    "version": identity.version,
                    "note": note,
                    "create_uid": self.env.uid,
                    "create_date": self.env.cr.now(),
                }
                for identity in self
            ]
        )
        if kind in _AUDITED:
            self.env["pinbu.audit.log"]._write(f"identity_{kind}", self, reason=note)

    # === API === #

    def _to_api(self):
        """:return: how far the check is; never what was given
        :rtype: dict
        """
        state = self.company_id._identity_state(self.partner_id)
        return {"state": state, "reason": self.refusal or None if state == "none" else None}
