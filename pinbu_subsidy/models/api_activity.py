from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _to_api_subsidy_items(self):
        return [
            *super()._to_api_subsidy_items(),
            *(
                {
                    "type": item["type"],
                    "amount": item["amount"],
                    "conditions": item["conditions"],
                    "newcomer_extra": 0,
                    "delay_minutes": 0,
                }
                for item in self._subsidy_items()
            ),
        ]
