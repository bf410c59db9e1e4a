from odoo import Command

from .common import SubsidyMixin


class GrantMixin(SubsidyMixin):
    """A program of each kind that a subsidy can be of."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        programs = cls.env["loyalty.program"]
        # No promotion of somebody else's demo data.
        cls.programs_of_others = programs.search([("pinbu_is_wallet", "=", False)])
        cls.programs_of_others.active = False
        cls.coupon_program = programs.create(
            {
                "name": "Five off",
                "program_type": "coupons",
                "applies_on": "current",
                "trigger": "with_code",
                "rule_ids": [
                    Command.clear(),
                    Command.create({"minimum_amount": 20.0, "minimum_qty": 0}),
                ],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {"reward_type": "discount", "discount_mode": "per_order", "discount": 5}
                    ),
                ],
            }
        )
        cls.ticket_program = programs.create(
            {
                "name": "Free team",
                "program_type": "coupons",
                "pinbu_is_ticket": True,
                "applies_on": "current",
                "trigger": "with_code",
                "rule_ids": [Command.clear()],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {"reward_type": "discount", "discount_mode": "percent", "discount": 100}
                    ),
                ],
            }
        )
        cls.points_program = programs.create(
            {
                "name": "Crunch points",
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "portal_point_name": "crunches",
                "rule_ids": [
                    Command.clear(),
                    Command.create({"reward_point_mode": "order", "reward_point_amount": 7}),
                ],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount_mode": "per_point",
                            "discount": 0.01,
                            "required_points": 1,
                        }
                    ),
                ],
            }
        )

    @classmethod
    def swap_programs_back(cls):
        """For who commits: the next class finds the programs that were there."""
        (cls.coupon_program | cls.ticket_program | cls.points_program).active = False
        cls.programs_of_others.active = True

    def owe(self, partner, kind, key=None, **values):
        """Owe a subsidy without a seat, as an invite or a prize does."""
        kinds = {
            "cash": {"amount_minor": 300},
            "coupon": {"program_id": self.coupon_program.id, "valid_days": 7},
            "ticket": {"program_id": self.ticket_program.id},
            "points": {"program_id": self.points_program.id, "points": 40},
            "gift": {"product_id": self.product.id},
        }
        return self.subsidies._owe(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "type": kind,
                    "reason": "prize",
                    "key": key or f"prize:{kind}",
                    **kinds[kind],
                    **values,
                }
            ]
        )

    def give(self, partner, kind, **values):
        """:return: a granted subsidy"""
        subsidy = self.owe(partner, kind, **values)
        self.grant()
        return subsidy

    def plain_order(self, partner, quantity=1):
        return self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_uom_qty": quantity})
                ],
            }
        )
