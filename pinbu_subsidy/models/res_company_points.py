from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _pinbu_points_program(self):
        """The program whose points shoppers of this company can spend: the first loyalty program
        that takes something off an order.

        :rtype: loyalty.program (sudo), perhaps empty
        """
        self.ensure_one()
        return (
            self.env["loyalty.program"]
            .sudo()
            .search(
                [
                    ("program_type", "=", "loyalty"),
                    ("company_id", "in", [False, self.id]),
                    ("currency_id", "=", self.currency_id.id),
                    ("reward_ids.reward_type", "=", "discount"),
                ],
                order="sequence, id",
                limit=1,
            )
        )
