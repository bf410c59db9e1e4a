import ipaddress

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api.render import mask_phone
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..facts import mark
from .res_partner_returned import phone_trait

# Whoever is blocked can still log in, see orders and appeal; a lapsed hold is only written down.
_NEVER_BLOCKED = ("login", "unpaid")
_FOR_GOOD = frozenset(("subject", "partner_id", "network", "mark", "hint", "company_id"))


class PinbuRiskBlock(models.Model):
    """Who may not register, open, join, be rewarded or withdraw in a company until it expires."""

    _name = "pinbu.risk.block"
    _inherit = ["pinbu.company.guard"]
    _description = "Risk Block"
    _order = "id desc"

    subject = fields.Selection(
        [
            ("partner", "Shopper"),
            ("address", "Client Addresses"),
            ("device", "Device"),
            ("phone", "Phone"),
        ],
        string="What Is Blocked",
        required=True,
        default="partner",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", index="btree_not_null", ondelete="cascade"
    )
    network = fields.Char(
        string="Addresses", help="One client address, or a range such as 203.0.113.0/24."
    )
    value = fields.Char(
        store=False,
        help="The phone number, or what the client calls the device. Only a keyed hash is kept.",
    )
    mark = fields.Char(readonly=True, groups=NO_ACCESS, help="A keyed hash of device or phone.")
    former_mark = fields.Char(
        readonly=True, groups=NO_ACCESS, help="The mark of before the server had a key."
    )
    hint = fields.Char(readonly=True, help="By which people know it again, and nobody else.")
    expires_at = fields.Datetime(string="Until", help="Empty: until it is lifted.")
    reason = fields.Char(required=True, help="Stays in the back office.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    state = fields.Selection(
        [("standing", "Standing"), ("expired", "Over"), ("lifted", "Lifted")],
        compute="_compute_state",
    )
    what = fields.Char(string="Who or What", compute="_compute_what")

    _has_a_subject = models.Constraint(
        """CHECK(CASE subject WHEN 'partner' THEN partner_id IS NOT NULL
                              WHEN 'address' THEN network IS NOT NULL
                              ELSE mark IS NOT NULL END)""",
        "Say whom or what to block.",
    )

    # === COMPUTE METHODS === #

    @api.depends("active", "expires_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for block in self:
            over = block.expires_at and block.expires_at <= now
            block.state = "lifted" if not block.active else "expired" if over else "standing"

    @api.depends("subject", "partner_id", "network", "hint")
    def _compute_what(self):
        for block in self:
            block.what = {
                "partner": block.partner_id.sudo().display_name,
                "address": block.network,
            }.get(block.subject, block.hint)

    @api.depends("what")
    def _compute_display_name(self):
        for block in self:
            block.display_name = block.what

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        prepared = [self._prepare(dict(vals)) for vals in vals_list]
        # Nobody may give a mark, but for what they typed.
        blocks = super(PinbuRiskBlock, self.sudo()).create(prepared).with_env(self.env)
        blocks.check_access("create")
        return blocks

    def write(self, vals):
        if not self.env.su and _FOR_GOOD.intersection(vals):
            raise AccessError(self.env._("Lift this block, and make another one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_with_the_shopper(self):
        if not self.env.su:
            raise UserError(
                self.env._("Lift the block instead: it tells what was decided, and why.")
            )

    # === ACTION METHODS === #

    def action_lift(self):
        """Let them take part again."""
        self.active = False

    # === BUSINESS METHODS === #

    @api.model
    def _prepare(self, vals):
        """:return: values of a new block, without those of other subjects and with marks for what
        is not kept in clear"""
        subject = vals.get("subject", "partner")
        value = (vals.pop("value", None) or "").strip()
        known_mark = vals.pop("mark", None) if self.env.su else None
        vals = {**vals, "mark": None, "hint": None}
        for other, name in (("partner", "partner_id"), ("address", "network")):
            if subject != other:
                vals.pop(name, None)
        if vals.get("network"):
            vals["network"] = self._parse_network(vals["network"])
        if subject == "phone" and value:
            value = phone_trait(value)
            vals["hint"] = mask_phone(value)
        if subject in ("phone", "device") and (value or known_mark):
            vals["mark"] = known_mark or mark(self.env, subject, value)
            vals["hint"] = vals["hint"] or f"#{vals['mark'][:6]}"
        return vals

    def _whose(self):
        """:return: the shopper who was last seen with this device or phone, if any; alone"""
        self.ensure_one()
        block = self.sudo()
        if block.subject not in ("device", "phone"):
            return block.partner_id
        self.env.cr.execute(
            SQL(
                "SELECT partner_ref FROM pinbu_risk_event"
                " WHERE %s = ANY(%s) AND partner_ref IS NOT NULL"
                " ORDER BY create_date DESC LIMIT 1",
                SQL.identifier(block.subject),
                [one for one in (block.mark, block.former_mark) if one],
            )
        )
        row = self.env.cr.fetchone()
        return self.env["res.partner"].browse(row and row[0])

    @api.model
    def _parse_network(self, text):
        """:return: addresses as they are stored, such as ``203.0.113.0/24``
        :raise ValidationError: when this is no address, or far too many
        """
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            raise ValidationError(
                self.env._("%s is no client address, nor a range like 203.0.113.0/24.", text)
            ) from None
        if network.version == 6 and (mapped := network.network_address.ipv4_mapped):
            # As clients are compared, see `_parse_address`.
            network = ipaddress.ip_network((mapped, network.prefixlen - 96))
        if network.prefixlen < (16 if network.version == 6 else 8):
            raise ValidationError(self.env._("This range is too wide: it may hit everybody."))
        return str(network)

    @api.model
    def _sql_standing(self, facts, address=None):
        """An expression for the statement that judges `facts`: a block that they meet.

        :param Facts facts: who wants to do what
        :param str address: the client's, in clear; none where it says nothing of who calls
        :return: SQL of type integer: the id of a standing block, or NULL
        :rtype: SQL
        """
        if facts.moment in _NEVER_BLOCKED:
            return SQL("NULL::integer")
        met = [SQL("FALSE")]
        if facts.partner_id:
            met.append(SQL("block.partner_id = %s", facts.partner_id))
        for subject in ("device", "phone"):
            known = (getattr(facts, subject), getattr(facts, f"former_{subject}"))
            if marks := [mark for mark in known if mark]:
                met.append(
                    SQL(
                        "block.subject = %s AND (block.mark = ANY(%s) OR block.former_mark = ANY(%s))",
                        subject,
                        marks,
                        marks,
                    )
                )
        if client := self._parse_address(address):
            met.append(
                SQL(
                    "CASE WHEN block.subject = 'address' THEN block.network::inet >>= %s::inet END",
                    client,
                )
            )
        return SQL(
            """(SELECT min(block.id) FROM pinbu_risk_block block
                 WHERE block.active AND block.company_id = %s
                   AND (block.expires_at IS NULL OR block.expires_at > %s) AND (%s))""",
            facts.company_id,
            SQL_NOW,
            SQL(" OR ").join(met),
        )

    @api.model
    def _renew_mark(self, former, mark):
        """A device has another mark, now that the server has a key: what blocked it still does,
        whichever of both is known."""
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_risk_block SET mark = %s, former_mark = mark"
                " WHERE subject = 'device' AND mark = %s",
                mark,
                former,
            )
        )

    @api.model
    def _parse_address(self, address):
        """:return: a client's address, or None where it is not known"""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return None  # what a proxy calls a client that it does not know
        return str(getattr(found, "ipv4_mapped", None) or found)

    @api.model
    def _standing(self, domain):
        """:return: the blocks of a domain that stand now"""
        return self.search(
            [*domain, "|", ("expires_at", "=", False), ("expires_at", ">", fields.Datetime.now())]
        )

    @api.model
    def _until(self, partner):
        """:return: ``{company id: until when}`` of the blocks of this shopper that stand, as JSON can
        hold it; None where nothing but an officer ends it
        :rtype: dict
        """
        found = {}
        theirs = self._standing([("partner_id", "=", partner.id), ("active", "=", True)])
        for company, blocks in theirs.grouped("company_id").items():
            ends = blocks.mapped("expires_at")
            found[company.id] = fields.Datetime.to_string(max(ends)) if all(ends) else None
        return found
