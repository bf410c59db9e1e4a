from odoo import models

from odoo.addons.pinbu_groupbuy.api.render import to_iso


class PinbuSubsidy(models.Model):
    _inherit = "pinbu.subsidy"

    def _to_api(self):
        """:return: the contract's Subsidy objects, in order
        :rtype: list[dict]
        """
        return [
            {
                "id": subsidy.id,
                "type": subsidy.type,
                "amount": subsidy.amount_minor,
                "currency": subsidy.currency_id.name,
                "reason": subsidy.reason,
                "state": subsidy.state,
                "due_at": to_iso(subsidy.due_at),
                "granted_at": to_iso(subsidy.granted_at),
                "order_id": subsidy.order_id.id or None,
            }
            for subsidy in self
        ]
