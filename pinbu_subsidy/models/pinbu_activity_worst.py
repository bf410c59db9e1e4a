"""What subsidies may cost at worst, told to the merchant while the rules are written."""

from odoo import api, fields, models

from ..money import from_minor
from .pinbu_promise import least_and_most
from .pinbu_subsidy_rule import PRESETS


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    subsidy_budget_ids = fields.One2many("pinbu.subsidy.budget", "activity_id", string="Budgets")
    subsidy_worst = fields.Char(string="Worst Case", compute="_compute_subsidy_worst")
    subsidy_warning = fields.Char(compute="_compute_subsidy_worst")

    # === COMPUTE METHODS === #

    @api.depends(
        "size",
        "starts_at",
        "ends_at",
        "validity_hours",
        "line_ids.quota",
        "line_ids.group_price",
        "line_ids.list_price",
        "offered_rule_ids",
        "subsidy_rule_ids.active",
        "subsidy_rule_ids.sentence",
        "subsidy_rule_ids.budget",
    )
    @api.depends_context("lang")
    def _compute_subsidy_worst(self):
        for activity in self:
            rules = activity.subsidy_rule_ids | activity.offered_rule_ids.filtered(
                "product_category_id"
            )
            rules = rules.filtered(lambda rule: rule.active and rule.type == "cash")
            each = sum(
                from_minor(
                    least_and_most(rule._terms(max(activity.size, 2), is_newcomer=True))[1],
                    activity.currency_id,
                )
                for rule in rules
                if rule.amount > 0
            )
            activity.subsidy_worst = each and activity._worst_sentence(each, rules)
            activity.subsidy_warning = each and activity._worst_warning(each)

    def _worst_sentence(self, each, rules):
        money = self.currency_id.format
        payers = self.size - 1
        parts = [
            self.env._(
                "A failed team of %(size)s has at most %(payers)s payers: %(cost)s.",
                size=self.size,
                payers=payers,
                cost=money(each * payers),
            )
        ]
        quotas = self.line_ids.mapped("quota")
        if quotas and all(quotas) and self.starts_at and self.ends_at and self.validity_hours:
            start, end = self._window_ahead()
            turns = max(1, int((end - start).total_seconds() // (self.validity_hours * 3600)))
            parts.append(
                self.env._(
                    "%(units)s units turning over %(turns)s times before the activity ends: at "
                    "most %(cost)s.",
                    units=sum(quotas),
                    turns=turns,
                    cost=money(each * sum(quotas) * turns),
                )
            )
        parts.append(self.env._("The budgets allow %s in all.", money(sum(rules.mapped("budget")))))
        return " ".join(parts)

    def _worst_warning(self, each):
        saving = min((line.list_price - line.group_price for line in self.line_ids), default=0)
        if self.currency_id.compare_amounts(each, saving) < 0:
            return False
        return self.env._(
            "A member of a failed team can get %(subsidy)s, a formed team saves %(saving)s: failing "
            "pays as well as winning.",
            subsidy=self.currency_id.format(each),
            saving=self.currency_id.format(saving),
        )

    # === ACTION METHODS === #

    def action_subsidies_guarded(self):
        return self._use_preset("guarded")

    def action_subsidies_everyone(self):
        return self._use_preset("everyone")

    def _use_preset(self, preset):
        """Put the preset on all rules of this activity, or start its first rule with it."""
        self.ensure_one()
        if self.subsidy_rule_ids:
            self.subsidy_rule_ids.write(PRESETS[preset])
            return None
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Subsidy"),
            "res_model": "pinbu.subsidy.rule",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_activity_id": self.id,
                **{f"default_{name}": value for name, value in PRESETS[preset].items()},
            },
        }
