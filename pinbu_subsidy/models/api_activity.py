from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _to_api(self, partner=None):
        answers = super()._to_api(partner)
        for activity, answer in zip(self, answers, strict=True):
            answer["subsidy"] = {
                "summary": activity._subsidy_summary(),
                "items": [
                    {
                        "type": item["type"],
                        "amount": item["amount"],
                        "conditions": item["conditions"],
                        "newcomer_extra": 0,
                        "delay_minutes": 0,
                    }
                    for item in activity._subsidy_items()
                ],
            }
        return answers
