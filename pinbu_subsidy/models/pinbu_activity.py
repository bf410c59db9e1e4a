from odoo import fields, models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    subsidy_rule_ids = fields.One2many(
        "pinbu.subsidy.rule", "activity_id", string="Subsidies", copy=True
    )

    def _promise(self, partner, line, quantity, team):
        promise = super()._promise(partner, line, quantity, team)
        items = self._subsidy_items()
        if not items:
            return promise
        # Without budgets nothing has to be reserved for the promise to hold.
        return {**promise, "items": [*promise["items"], *items], "reserved": True}

    def _subsidy_items(self):
        """:return: what each member is promised now, as `pinbu.subsidy.rule._promise_items`"""
        self.ensure_one()
        return self.sudo().subsidy_rule_ids._promise_items()

    def _subsidy_summary(self):
        """:return: the subsidies of this activity in one line, for lists and share cards"""
        self.ensure_one()
        cash = sum(rule.amount for rule in self.sudo().subsidy_rule_ids if rule.type == "cash")
        if not cash:
            return super()._subsidy_summary()
        summary = self.env._(
            "Team not full? A full refund and %s for your wallet.", self.currency_id.format(cash)
        )
        return " ".join(filter(None, [super()._subsidy_summary(), summary]))
