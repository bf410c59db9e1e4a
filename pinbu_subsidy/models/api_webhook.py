"""What webhooks tell of subsidies and withdrawals; the code of a coupon stays its shopper's."""

from odoo import models

from odoo.addons.pinbu_groupbuy.api import render


class PinbuSubsidy(models.Model):
    _inherit = "pinbu.subsidy"

    def _to_webhook(self):
        """:return: the ``data`` of ``subsidy.granted``"""
        self.ensure_one()
        return {
            "id": self.id,
            "type": self.type,
            "amount": self.amount_minor if self.type == "cash" else None,
            "points": self.points if self.type == "points" else None,
            "currency": self.currency_id.name,
            "reason": self.reason,
            "customer_id": self.partner_id.id,
            "order_id": self.order_id.id or None,
            "granted_at": render.to_iso(self.granted_at),
        }


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    def _to_webhook(self):
        """:return: the ``data`` of ``withdrawal.done``"""
        self.ensure_one()
        return {
            "id": self.id,
            "number": self.number,
            "amount": self.amount_minor,
            "currency": self.currency_id.name,
            "provider": self.provider,
            "customer_id": self.partner_id.id,
            "finished_at": render.to_iso(self.finished_at),
        }
