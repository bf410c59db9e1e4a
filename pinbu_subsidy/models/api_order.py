from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _to_api(self):
        answers = super()._to_api()
        subsidies = (
            self.env["pinbu.subsidy"]
            .sudo()
            .search([("seat_id", "in", self.sudo().seat_ids.ids)], order="id")
            .grouped("order_id")
        )
        for order, answer in zip(self, answers, strict=True):
            granted = subsidies.get(order.sudo(), self.env["pinbu.subsidy"])
            answer["subsidies"] = granted._to_api()
        return answers
