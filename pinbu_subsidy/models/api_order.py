from odoo import api, models


def _shown(promise):
    """:return: the contract's Promise of what an order stores"""
    items = [
        {name: value for name, value in item.items() if name != "terms"}
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
        lost = self.sudo().seat_ids._without_promise()
        for order, answer in zip(self, answers, strict=True):
            owed = subsidies.get(order, self.env["pinbu.subsidy"])
            answer["subsidies"] = owed._to_api()
            answer["promise"] = _shown(answer["promise"])
            if answer["promise"]["items"] and order.sudo().seat_ids in lost:
                answer["promise"] = {"items": [], "reserved": False, "reason": "paid_late"}
        return answers
