import ipaddress

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api.limits import is_trusted
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

# Whoever is blocked can still log in, see orders and appeal; a lapsed hold is only written down.
_NEVER_BLOCKED = ("login", "unpaid")
_FOR_GOOD = frozenset(("subject", "partner_id", "network", "mark", "company_id"))


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
    mark = fields.Char(readonly=True, groups=NO_ACCESS, help="A keyed hash of device or phone.")
    expires_at = fields.Datetime(string="Until", help="Empty: until it is lifted.")
    reason = fields.Char(required=True, help="Stays in the back office.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    _has_a_subject = models.Constraint(
        """CHECK(CASE subject WHEN 'partner' THEN partner_id IS NOT NULL
                              WHEN 'address' THEN network IS NOT NULL
                              ELSE mark IS NOT NULL END)""",
        "Say whom or what to block.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("network")
    def _check_network(self):
        for block in self.filtered("network"):
            self._parse_network(block.network)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("network"):
                vals["network"] = self._parse_network(vals["network"])
        return super().create(vals_list)

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

    # === BUSINESS METHODS === #

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
        if network.prefixlen < (16 if network.version == 6 else 8):
            raise ValidationError(self.env._("This range is too wide: it may hit everybody."))
        return str(network)

    @api.model
    def _sql_standing(self, facts, address=None):
        """An expression for the statement that judges `facts`: a block that they meet.

        A trusted address is never blocked. Facts hold no clear address: it is taken from the
        context (``pinbu_address``) or the request where it is not given, and only if the facts have
        one, so that nobody is blocked by the address of an employee or a scheduler.

        :param Facts facts: who wants to do what
        :param str address: the client's, in clear
        :return: SQL of type integer: the id of a standing block, or NULL
        :rtype: SQL
        """
        if facts.moment in _NEVER_BLOCKED:
            return SQL("NULL::integer")
        met = [SQL("FALSE")]
        if facts.partner_id:
            met.append(SQL("block.partner_id = %s", facts.partner_id))
        for subject in ("device", "phone"):
            if mark := getattr(facts, subject):
                met.append(SQL("block.subject = %s AND block.mark = %s", subject, mark))
        if facts.address and (client := self._client_address(address)):
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
    def _client_address(self, address):
        """:return: the client's address, or None where it is not known or trusted"""
        address = address or self.env.context.get("pinbu_address")
        if not address and request:
            address = request.httprequest.remote_addr
        if not address or is_trusted(self.env, address):
            return None
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return None  # what a proxy calls a client that it does not know
        return str(getattr(found, "ipv4_mapped", None) or found)
