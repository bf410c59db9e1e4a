import hashlib
import re
import secrets

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import consteq

from ..transactions import SQL_NOW, short_transaction

_KEY = re.compile(r"pinbu_(?P<prefix>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


class PinbuApiKey(models.Model):
    """A key with which one of the merchant's own systems reads from the API.

    Odoo's own keys let whoever holds them do over RPC what their user may do. This one reads what
    its scopes name, of one company, and never more than who made it may read. Its secret has 256
    random bits, so a plain hash keeps it: a slow one would only cost time.
    """

    _name = "pinbu.api.key"
    _description = "API Key"
    _inherit = ["pinbu.company.guard"]
    _order = "name, id"

    name = fields.Char(required=True, help="Which system uses it.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    scope_ids = fields.Many2many("pinbu.api.scope", string="May read", required=True)
    expires_on = fields.Date(help="The key is worth nothing from this day on. Empty: never.")
    create_uid = fields.Many2one(
        "res.users",
        string="Acts for",
        readonly=True,
        help="The key never reads more than this user may.",
    )
    prefix = fields.Char(
        string="Begins with", readonly=True, copy=False, help="To recognise the key by."
    )
    secret_hash = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    made_at = fields.Datetime(string="Key made on", readonly=True, copy=False)
    last_used_at = fields.Datetime(
        string="Last used", readonly=True, copy=False, help="To the hour."
    )
    state = fields.Selection(
        [("none", "No key"), ("valid", "Valid"), ("expired", "Expired")], compute="_compute_state"
    )

    _prefix_unique = models.UniqueIndex("(prefix) WHERE prefix IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("prefix", "expires_on")
    def _compute_state(self):
        for key in self:
            if not key.prefix:
                key.state = "none"
            else:
                key.state = "expired" if key._is_expired() else "valid"

    def _is_expired(self):
        today = fields.Date.context_today(self.with_context(tz=self.company_id._pinbu_timezone()))
        return bool(self.expires_on) and self.expires_on <= today

    # === ACTION METHODS === #

    def action_make(self):
        """Make the key, and show it this once; the one before is worth nothing from now on."""
        self.ensure_one()
        self.check_access("write")
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        self.sudo().write(
            {
                "prefix": prefix,
                "secret_hash": _hash(secret),
                "made_at": fields.Datetime.now(),
                "last_used_at": False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("The key is ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": f"pinbu_{prefix}_{secret}"},
        }

    def action_revoke(self):
        """The key is worth nothing from now on, on every worker."""
        self.check_access("write")
        self.sudo().write({"prefix": False, "secret_hash": False})

    # === BUSINESS METHODS === #

    @api.model
    def _check(self, text):
        """:param str text: what a caller says is a key
        :return: the key, with sudo, or none: unknown, revoked, expired, or of a user who is not of
                 this company any more, or does not run group-buying
        """
        match = _KEY.fullmatch(text)

        keys = self.sudo()
        key = keys.search([("prefix", "=", match["prefix"])]) if match else keys.browse()
        # Compared in any case: an unknown prefix takes no less time.
        is_right = consteq(key.secret_hash or "", _hash(match["secret"] if match else ""))
        if not is_right or key._is_expired():
            return self.browse()
        user = key.create_uid
        may = (
            user.active
            and key.company_id in user.company_ids
            and user.has_group("pinbu_groupbuy.group_user")
        )
        if not may:
            return self.browse()
        key._note_use()
        return key

    def _note_use(self):
        """Remember that it is used, once an hour, beside the request: that only reads."""
        last = self.last_used_at
        if last and (self.env.cr.now() - last).total_seconds() < 3600:
            return
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    "UPDATE pinbu_api_key SET last_used_at = %(now)s WHERE id = %(id)s AND"
                    " (last_used_at IS NULL OR last_used_at < %(now)s - interval '1 hour')",
                    now=SQL_NOW,
                    id=self.id,
                )
            )


def _hash(secret):
    return hashlib.sha256(secret.encode()).hexdigest()
