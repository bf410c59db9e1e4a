from odoo import Command

from .common import SubsidyCase


class PromiseCase(SubsidyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coupons = cls.env["loyalty.program"].create(
            {
                "name": "Five off",
                "program_type": "coupons",
                "applies_on": "current",
                "trigger": "with_code",
                "reward_ids": [
                    Command.create({"reward_type": "discount", "discount": 5, "required_points": 1})
                ],
            }
        )
        cls.stars = cls.env["loyalty.program"].create(
            {
                "name": "Stars",
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "reward_ids": [
                    Command.create({"reward_type": "discount", "discount": 1, "required_points": 9})
                ],
            }
        )

    def promise(self, shopper, team=None, is_fresh=True, quantity=1):
        """:return: what a quote shows"""
        team = team or self.env["pinbu.team"]
        return self.activity._promise(shopper, self.activity.line_ids, quantity, team, is_fresh)

    def amounts(self, promise):
        return [item.get("amount") for item in promise["items"]]

    def owed(self, team):
        """:return: what the team's members are owed, by shopper: type and amount, points or None"""
        return {
            row.partner_id: (row.type, row.amount_minor or row.points or None)
            for row in team.subsidy_ids
        }

    def budget(self, rule=None):
        return self.env["pinbu.subsidy.budget"].search([("rule_id", "=", (rule or self.rule).id)])

    def days_ago(self, shopper, days):
        """Move what this shopper was promised so far into the past."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_subsidy_reservation SET date = date - %(days)s * interval '1 day',"
            " day = day - %(days)s WHERE partner_id = %(shopper)s",
            {"days": days, "shopper": shopper.id},
        )
        self.env.invalidate_all()

    def deliver(self, team):
        for picking in team.picking_ids.filtered(lambda picking: picking.state != "done"):
            picking.move_ids.picked = True
            picking.button_validate()
