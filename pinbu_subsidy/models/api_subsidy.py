from odoo import models

from odoo.addons.pinbu_groupbuy.api.render import to_iso


class PinbuSubsidy(models.Model):
    _inherit = "pinbu.subsidy"

    def _to_api(self):
        """:return: the contract's Subsidy objects, in order
        :rtype: list[dict]
        """
        grounds = self._ground_sentences()
        return [
            {
                "id": subsidy.id,
                "type": subsidy.type,
                **subsidy._to_api_worth(),
                "name": subsidy.worth,
                "currency": subsidy.currency_id.name,
                "reason": subsidy.reason,
                "state": subsidy.state,
                "ground": grounds.get(subsidy.ground),
                "due_at": to_iso(subsidy.due_at),
                "granted_at": to_iso(subsidy.granted_at),
                "order_id": subsidy.order_id.id or None,
            }
            for subsidy in self
        ]

    def _to_api_worth(self):
        """:return: the field of a Subsidy that says what it is; ``code`` is null until it is granted
        :rtype: dict
        """
        self.ensure_one()
        if self.type == "cash":
            return {"amount": self.amount_minor}
        if self.type == "points":
            return {"points": self.points}
        if self.type == "gift":
            return {}
        card = self.card_id if self.state == "granted" else self.card_id.browse()
        return {"code": card.code or None, "coupon_id": card.id or None}
