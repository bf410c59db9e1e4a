"""Shoppers and their addresses in the API."""

from odoo import api, fields, models
from odoo.fields import NO_ACCESS, Domain
from odoo.tools import SQL
from odoo.tools.misc import hmac

from ..api import render, scenes
from ..api.paging import search_page
from ..exceptions import PinbuError
from ..regions import region_code

MAX_ADDRESSES = 50


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_province = fields.Char(
        string="Province as Written", help="How the shopper wrote it, whatever Odoo calls it."
    )
    pinbu_region_code = fields.Char(
        string="Region Code", help="Of the district, or of what is known of it: GB/T 2260."
    )
    pinbu_phone_mark = fields.Char(
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
        help="Technical: tells whether the phone is the one that the shopper's platform vouched for.",
    )
    pinbu_is_default_address = fields.Boolean(string="Shopper's Default Address")

    # === BUSINESS METHODS: THE SHOPPER === #

    def _to_api_customer(self):
        """The contract's customer: only ever shown to the shopper in person.

        :rtype: dict
        """
        self.ensure_one()
        shopper = self.sudo()
        bought = (
            self.env["pinbu.seat"]
            .sudo()
            .search_count(
                [("partner_id", "=", self.id), ("state", "in", ("paid", "won", "lost"))], limit=1
            )
        )
        return {
            "id": shopper.id,
            "name": shopper.name,
            "avatar_url": self._to_api_avatar_url(),
            "phone_masked": render.mask_phone(shopper.phone),
            "phone_verified": shopper._pinbu_has_verified_phone(),
            "is_new": not bought,
        }

    def _api_update_customer(self, body):
        """:param schemas.MeBody body: what the shopper wants to change"""
        self.ensure_one()
        shopper = self.sudo().with_context(mail_notrack=True, tracking_disable=True)
        if body.phone_code is not None:
            number = self.env.user._verify_phone(body.phone_code)
            shopper.write({"phone": number})
            shopper.pinbu_phone_mark = shopper._pinbu_mark_phone()
        if body.name is not None:
            shopper.name = body.name

    def _pinbu_has_verified_phone(self):
        """:return: whether the shopper's platform vouched for the phone that stands here now"""
        shopper = self.sudo()
        mark = shopper.pinbu_phone_mark
        return bool(shopper.phone and mark) and mark == shopper._pinbu_mark_phone()

    def _pinbu_mark_phone(self):
        return hmac(self.env(su=True), "pinbu.verified_phone", [self.id, self.phone])

    @api.model
    def _api_sharer(self, scene):
        """:return: the shopper who shared `scene`, with sudo, or None"""
        decoded = scenes.decode(self.env, scene)
        if not decoded or not decoded.partner_id:
            return None
        # Only shoppers share: whatever else a made-up scene decodes to is nobody.
        partner = self.sudo().search(
            [("id", "=", decoded.partner_id), ("user_ids.share", "=", True)]
        )
        return partner or None

    def _came_by(self, scene):
        """Hook: this shopper has logged in, or ordered, with the share parameter `scene`.

        Called in the request's own transaction, and again with each request that names one.

        :param str scene: as the client sent it, or None
        """

    # === BUSINESS METHODS: ADDRESSES === #

    def _api_address_domain(self):
        return Domain("parent_id", "=", self.id) & Domain("type", "=", "delivery")

    def _api_addresses(self):
        """:return: the shopper's addresses with sudo, the default one first"""
        self.ensure_one()
        return self.sudo().search(
            self._api_address_domain(), order="pinbu_is_default_address DESC, id DESC"
        )

    def _api_address_page(self, query):
        """:return: (a page of the shopper's addresses with sudo, the default one first, cursor)"""
        self.ensure_one()
        return search_page(
            self.sudo(),
            self._api_address_domain(),
            "addresses",
            [
                SQL("(CASE WHEN res_partner.pinbu_is_default_address THEN 0 ELSE 1 END)"),
                SQL("(-res_partner.id)"),
            ],
            query,
        )

    def _api_find_address(self, address_id):
        """:return: the shopper's address, with sudo
        :raise PinbuError: ``not_found``, also for another shopper's
        """
        self.ensure_one()
        address = self.browse()
        if 0 < address_id < 2**31:
            address = self.sudo().search(self._api_address_domain() & Domain("id", "=", address_id))
        if not address:
            raise PinbuError("not_found", self.env._("This address does not exist."))
        return address

    def _api_create_address(self, body):
        """:param schemas.AddressBody body: the address
        :return: the new address, with sudo
        :raise PinbuError: ``limit_reached``
        """
        self.ensure_one()
        others = self._api_addresses()
        if len(others) >= MAX_ADDRESSES:
            raise PinbuError("limit_reached", self.env._("You cannot keep more addresses."))
        address = (
            self.sudo()
            .with_context(mail_create_nolog=True, mail_notrack=True, tracking_disable=True)
            .create(
                {
                    **self._prepare_address(body),
                    "parent_id": self.id,
                    "type": "delivery",
                    "pinbu_is_default_address": body.is_default or not others,
                }
            )
        )
        if body.is_default:
            others.pinbu_is_default_address = False
        return address

    def _api_update_address(self, body):
        """Replace what this address says; the only default one stays the default.

        :param schemas.AddressBody body: the address
        """
        self.ensure_one()
        address = self._prepare_address(body)
        if self._convert_to_write({name: self[name] for name in address}) != address:
            self._keep_for_orders()
            self.write(address)
        others = self.parent_id._api_addresses() - self
        if body.is_default:
            self.pinbu_is_default_address = True
            others.pinbu_is_default_address = False
        elif any(others.mapped("pinbu_is_default_address")):
            self.pinbu_is_default_address = False

    def _keep_for_orders(self):
        """Orders, with the fee they were quoted, and deliveries stay at the address that they were
        made for: it is put aside for them before this one changes."""
        orders = self.env["sale.order"].sudo()
        if not orders.search_count([("partner_shipping_id", "=", self.id)], limit=1):
            return
        kept = self.with_context(mail_create_nolog=True, tracking_disable=True).copy(
            {"name": self.name, "active": False, "pinbu_is_default_address": False}
        )
        self.env.flush_all()
        # By SQL: it is the same place, and nothing that Odoo does at a new address is wanted.
        for table, column in (
            ("sale_order", "partner_shipping_id"),
            ("stock_picking", "partner_id"),
            ("stock_move", "partner_id"),
        ):
            self.env.cr.execute(
                SQL(
                    "UPDATE %(table)s SET %(column)s = %(kept)s WHERE %(column)s = %(old)s",
                    table=SQL.identifier(table),
                    column=SQL.identifier(column),
                    kept=kept.id,
                    old=self.id,
                )
            )
        self.env.invalidate_all()

    def _api_remove_address(self):
        """Orders refer to it, so it is only archived."""
        self.ensure_one()
        others = self.parent_id._api_addresses() - self
        if self.pinbu_is_default_address and others:
            others[0].pinbu_is_default_address = True
        self.write({"active": False, "pinbu_is_default_address": False})

    def _prepare_address(self, body):
        country = self.env.company.country_id or self.env.ref("base.cn")
        state = self._match_province(country, body.province)
        # An unknown province still has to be on the label.
        district = body.district if state else f"{body.province} {body.district}".strip()
        return {
            "name": body.name,
            "phone": body.phone,
            "country_id": country.id,
            "state_id": state.id,
            "pinbu_province": body.province,
            "pinbu_region_code": region_code(body.province, body.region_code) or False,
            "city": body.city,
            "street2": district,
            "street": body.street,
        }

    def _match_province(self, country, province):
        """:return: the state of `country` that a shopper calls 浙江 or 浙江省, or none"""
        states = self.env["res.country.state"].sudo()
        domain = Domain("country_id", "=", country.id)
        return states.search(domain & Domain("name", "=", province), limit=1) or (
            states.search(domain & Domain("name", "=like", f"{province}%"), limit=1)
            if len(province) >= 2 and "%" not in province and "_" not in province
            else states
        )

    def _to_api_address(self):
        """The contract's address, of one of the shopper's own.

        :rtype: dict
        """
        self.ensure_one()
        address = self.sudo()
        province = address.pinbu_province or address.state_id.name or ""
        district = address.street2 or ""
        if not address.state_id:
            district = district.removeprefix(province).strip()
        return {
            "id": address.id,
            "name": address.name or "",
            "phone": address.phone or "",
            "province": province,
            "city": address.city or "",
            "district": district,
            "street": address.street or "",
            "is_default": bool(address.pinbu_is_default_address),
            "region_code": address.pinbu_region_code or None,
        }
