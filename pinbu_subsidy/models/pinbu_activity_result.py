from odoo import models


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _result_costs(self, total):
        """The cash subsidies, by what they were for, and how much of the sales they are."""
        given = self.env["pinbu.subsidy"]._read_group(
            [
                ("activity_id", "=", self.id),
                ("state", "in", ["granted", "void"]),
                ("granted_at", "!=", False),
                ("type", "=", "cash"),
            ],
            ["reason"],
            ["amount:sum", "taken_back:sum"],
        )
        reasons = dict(self.env["pinbu.subsidy"]._fields["reason"]._description_selection(self.env))
        return [
            *super()._result_costs(total),
            *(
                (self.env._("Subsidies: %s", reasons[reason]), amount - taken_back)
                for reason, amount, taken_back in given
            ),
        ]

    def _result_figures(self, total):
        dashboard = self.env["pinbu.dashboard"]
        return [
            *super()._result_figures(total),
            (self.env._("Subsidies given"), total["subsidies"], "count"),
            (self.env._("Subsidy cost"), total["subsidy_amount"], "money"),
            (
                self.env._("Share of sales"),
                dashboard._ratio(total["subsidy_amount"], total["sales_amount"]),
                "percent",
            ),
            (
                self.env._("Cost per newcomer"),
                dashboard._ratio(total["subsidy_amount"], total["newcomers"]),
                "money",
            ),
        ]
