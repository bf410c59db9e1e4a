from odoo import api, models
from odoo.fields import Domain


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _pinbu_delivery_state(self):
        # Whatever becomes of the team, nothing of a service is ever on its way.
        return "none" if self.seat_ids._is_service() else super()._pinbu_delivery_state()

    def _to_api_one(self, team, images):
        answer = super()._to_api_one(team, images)
        # Nobody can redeem a code before the team is formed: there is none.
        voucher = self.seat_ids._voucher_to_api() if self.seat_ids.state == "won" else None
        return {**answer, "voucher": voucher}

    def _api_tab_domains(self):
        """A won service is to be received until its voucher is used or over."""
        tabs = super()._api_tab_domains()
        service = Domain("seat_ids.product_id.type", "=", "service")
        won = Domain("seat_ids", "any", self._api_seat_domains()["won"])
        over = Domain("seat_ids", "any", self._voucher_over_domain())
        return {
            **tabs,
            "to_ship": tabs["to_ship"] & ~service,
            "to_receive": (tabs["to_receive"] & ~service) | (won & service & ~over),
            "done": (tabs["done"] & ~service) | (won & service & over),
        }

    @api.model
    def _voucher_over_domain(self):
        """Hook: :return: a domain on the seats whose voucher is used or over"""
        return Domain.FALSE
