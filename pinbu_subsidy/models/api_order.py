from odoo import api, models

# What the grant needs to know of a promise and no client does.
_INTERNAL = {"rule_id", "min_paid_members"}


def _shown(promise):
    """:return: the contract's Promise of what an order stores"""
    items = [
        {name: value for name, value in item.items() if name not in _INTERNAL}
        for item in promise["items"]
    ]
    return {**promise, "items": items}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _api_quote(self, partner, body):
        quote = super()._api_quote(partner, body)
        return {**quote, "promise": _shown(quote["promise"])}

    def _to_api(self):
        answers = super()._to_api()
        subsidies = (
            self.env["pinbu.subsidy"]
            .sudo()
            .search([("seat_id", "in", self.sudo().seat_ids.ids)], order="id")
            .grouped("order_id")
        )
        for order, answer in zip(self, answers, strict=True):
            owed = subsidies.get(order, self.env["pinbu.subsidy"])
            answer["subsidies"] = owed._to_api()
            answer["promise"] = _shown(answer["promise"])
        return answers
