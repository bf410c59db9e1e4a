from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    subsidy_rule_ids = fields.One2many(
        "pinbu.subsidy.rule", "activity_id", string="Subsidies", copy=True
    )

    def _subsidy_summary(self):
        """:return: the subsidies of this activity in one line, for lists and share cards"""
        self.ensure_one()
        worths = [rule._worth() for rule in self.sudo().offered_rule_ids]
        if not worths or self.sudo().is_subsidy_braked:
            return super()._subsidy_summary()
        summary = self.env._(
            "Team not full? A full refund and %s.", format_list(self.env, worths, style="standard")
        )
        return " ".join(filter(None, [super()._subsidy_summary(), summary]))

    def _check_promotions(self):
        super()._check_promotions()
        for rule in self.env["loyalty.rule"].search(self._promotion_rules_domain()):
            product = self.line_ids.product_id.filtered_domain(rule._get_valid_product_domain())[:1]
            if product:
                raise UserError(
                    self.env._(
                        "The promotion %(promotion)s applies to %(product)s by itself in the same "
                        "time. End it, move the window, or tick Other Discounts Allowed.",
                        promotion=rule.program_id.display_name,
                        product=product.display_name,
                    )
                )

    def _promotion_rules_domain(self):
        """Rules of promotions that come without a code, in the window that lies ahead."""
        start, end = (
            fields.Datetime.context_timestamp(
                self.with_context(tz=self.company_id._pinbu_timezone()), moment
            ).date()
            for moment in self._window_ahead()
        )
        return (
            Domain("program_id.active", "=", True)
            & Domain("program_id.sale_ok", "=", True)
            & Domain("program_id.trigger", "=", "auto")
            & Domain("program_type", "in", ["promotion", "buy_x_get_y"])
            & Domain("company_id", "in", [False, self.company_id.id])
            & Domain("minimum_qty", "<=", self.max_quantity)
            & (
                Domain("program_id.date_from", "=", False)
                | Domain("program_id.date_from", "<=", end)
            )
            & (Domain("program_id.date_to", "=", False) | Domain("program_id.date_to", ">=", start))
        )
