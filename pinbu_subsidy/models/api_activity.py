from odoo import models

from ..money import to_minor


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _to_api_subsidy_items(self):
        activity = self.sudo()
        if activity.is_subsidy_braked:
            offers = activity._fallback_offers(activity.offered_rule_ids[:1])
        else:
            offers = [rule._offer(activity.size) for rule in activity.offered_rule_ids]
        return [
            *super()._to_api_subsidy_items(),
            *(
                {
                    **{name: value for name, value in offer.item.items() if name != "terms"},
                    "newcomer_extra": to_minor(
                        offer.rule.newcomer_extra if offer.item["type"] == "cash" else 0,
                        activity.currency_id,
                    ),
                    "delay_minutes": offer.item["terms"]["delay_minutes"],
                }
                for offer in offers
            ),
        ]

    def _to_api_rules(self):
        rules = super()._to_api_rules()
        sentences = self.sudo().offered_rule_ids.mapped("sentence")
        if sentences and not self.sudo().is_subsidy_braked:
            rules.append(
                {"title": self.env._("If the team does not fill up"), "text": "\n".join(sentences)}
            )
        return rules
