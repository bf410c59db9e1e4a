"""Everything that is held about a shopper, section by section."""

from odoo import models
from odoo.tools import split_every

from odoo.addons.pinbu_groupbuy.api.render import to_iso, to_minor

from ..keyring import Unreadable

_BATCH = 100


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pinbu_export(self, company):
        """Hook: what `company` holds about this shopper, with sudo, in the API's words where it has
        some. Modules that hold more add sections.

        :return: ``{section: what JSON can hold}``
        :rtype: dict
        """
        self.ensure_one()
        return {
            "customer": self._pinbu_export_customer(),
            "identity": self._pinbu_export_identity(),
            "addresses": [
                {**address._to_api_address(), "in_use": address.active}
                for address in self.child_ids
            ],
            "consents": [
                {"version": consent.version, "given_at": to_iso(consent.given_at)}
                for consent in self.env["pinbu.consent"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "subscriptions": [
                {
                    "kind": one.template_id.kind,
                    "messages_allowed": one.granted,
                    "answer": one.answer,
                    "answered_at": to_iso(one.answered_at),
                }
                for one in self.env["pinbu.subscription"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "orders": self._pinbu_export_orders(company),
            "payments": self._pinbu_export_payments(company),
            "wallet": self._to_api_wallet(company),
            "wallet_entries": self._pinbu_export_model(
                "pinbu.wallet.entry", "card_id.partner_id", company
            ),
            "subsidies": self._pinbu_export_model("pinbu.subsidy", "partner_id", company),
            "withdrawals": self._pinbu_export_model("pinbu.withdrawal", "partner_id", company),
            "bank_accounts": [
                {"number": account.acc_number, "holder": account.acc_holder_name or self.name}
                for account in self.bank_ids
            ],
            "coupons": self._pinbu_export_coupons(company),
            "points": self._pinbu_export_points(company),
            "invited": self.env["pinbu.invite"]
            .search([("inviter_id", "=", self.id), ("company_id", "=", company.id)])
            ._to_api(),
            "came_by": [
                {
                    # The friend's name is the friend's.
                    "kind": "friend" if invite.inviter_id else "channel",
                    "channel": invite.scene_id.display_name or None,
                    "joined_at": to_iso(invite.joined_at),
                }
                for invite in self.env["pinbu.invite"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "shop_tags": [
                {"tag": one.tag, "as_of": to_iso(one.computed_at)}
                for one in self.env["pinbu.shopper"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "notices": self._pinbu_export_model("pinbu.notice", "partner_id", company),
            "returns": self._pinbu_export_model("pinbu.return", "partner_id", company),
            "appeals": self.env["pinbu.appeal"].search([("partner_id", "=", self.id)])._to_api(),
            "risk_cases": [
                {
                    "state": case.state,
                    "opened_at": to_iso(case.opened_at),
                    "last_at": to_iso(case.last_at),
                }
                for case in self.env["pinbu.risk.case"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "risk_blocks": [
                {"since": to_iso(block.create_date), "until": to_iso(block.expires_at)}
                for block in self.env["pinbu.risk.block"].search(
                    [("partner_id", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
            "risk_events": [
                {
                    "kind": event.kind,
                    "outcome": event.outcome,
                    "activity_id": event.activity_ref or None,
                    "network": event.address_prefix or None,
                    "at": to_iso(event.create_date),
                }
                for event in self.env["pinbu.risk.event"].search(
                    [("partner_ref", "=", self.id), ("company_id", "=", company.id)]
                )
            ],
        }

    def _pinbu_export_customer(self):
        return {
            **self._to_api_customer(),
            "login": self.user_ids[:1].login or None,
            "phone": self.phone or None,
            "email": self.email or None,
            "language": self.lang or None,
            "created_at": to_iso(self.create_date),
            "notes": self.comment or None,
            "has_been_here_before": self.pinbu_has_returned,
        }

    def _pinbu_export_identity(self):
        identity = self.pinbu_identity_ids
        if not identity:
            return None
        try:
            data = identity._open()
        except Unreadable:
            # Its key is gone: nobody can read it, the shop neither.
            data = {"real_name": None, "id_number": None, "phone": None}
        identity._log("exported")
        return {**data, "state": identity.state, "given_at": to_iso(identity.given_at)}

    def _pinbu_export_orders(self, company):
        """:return: all the shopper's orders, those outside of group-buying in short"""
        orders = self.env["sale.order"].search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)]
        )
        found = []
        for ids in split_every(_BATCH, orders.filtered("seat_ids").ids):
            batch = orders.browse(ids)
            found += batch._to_api()
            self.env.invalidate_all()
        for order in orders.filtered(lambda order: not order.seat_ids):
            found.append(
                {
                    "id": order.id,
                    "name": order.name,
                    "currency": order.currency_id.name,
                    "amount": to_minor(order.amount_total, order.currency_id),
                    "created_at": to_iso(order.create_date),
                }
            )
        return found

    def _pinbu_export_payments(self, company):
        payments = self.env["payment.transaction"].search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)]
        )
        return [
            {
                "reference": tx.reference,
                "provider": tx.provider_code,
                "provider_reference": tx.provider_reference or None,
                "currency": tx.currency_id.name,
                "amount": to_minor(tx.amount, tx.currency_id),
                "state": tx.state,
                "name": tx.partner_name or None,
                "phone": tx.partner_phone or None,
                "email": tx.partner_email or None,
                "address": tx.partner_address or None,
                "created_at": to_iso(tx.create_date),
            }
            for tx in payments
        ]

    def _pinbu_export_model(self, model, owner, company):
        return (
            self.env[model].search([(owner, "=", self.id), ("company_id", "=", company.id)])
        )._to_api()

    def _pinbu_export_coupons(self, company):
        cards = self.env["loyalty.card"]
        domain = cards._api_coupon_domain(self, company)
        return cards.search(domain)._to_api_coupons(company)

    def _pinbu_export_points(self, company):
        card = company._pinbu_points_program()._pinbu_points_card(self)
        lines = self.env["loyalty.history"].search([("card_id", "=", card.id)])
        return {**self._to_api_points(company), "entries": lines._to_api()}
