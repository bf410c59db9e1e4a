from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _to_api_rules(self):
        """With the only grounds on which a subsidy is withheld, where there is one."""
        rules = super()._to_api_rules()
        if not self._to_api_subsidy_items():
            return rules
        grounds = self.env["pinbu.subsidy"]._ground_sentences().values()
        text = " ".join(
            [
                self.env._(
                    "What was promised is granted. It can be held back for a check, and withheld "
                    "only for one of these reasons; you can appeal against it:"
                ),
                *grounds,
            ]
        )
        return [*rules, {"title": self.env._("When a subsidy is withheld"), "text": text}]
