"""What a new shop still has to do, as the first screen shows it until a team's place is paid."""

from odoo import api, models
from odoo.tools import SQL


class PinbuDashboard(models.AbstractModel):
    _inherit = "pinbu.dashboard"

    @api.model
    def _pinbu_start(self):
        """:return: the steps from an empty database to a first purchase; none any more once there
                 was one. Each is a dict: ``key``, ``label``, ``text`` (how), ``is_done``, and
                 ``action``: the XML id of where this user can do it, or None
        :rtype: list[dict]
        """
        goods, payment, activity, purchase = self._start_done()
        if purchase:
            return []
        user = self.env.user
        counts_stock = user.has_group("stock.group_stock_user")
        sets_up_payment = user.has_group("base.group_system")
        return [
            {
                "key": "goods",
                "label": self.env._("Have goods on the shelf"),
                "text": self.env._(
                    "Create a product and count what is there of it in the warehouse."
                )
                if counts_stock
                else self.env._(
                    "Create a product, and ask the warehouse to count what is there of it."
                ),
                "is_done": goods,
                "action": "stock.action_view_inventory_tree" if counts_stock else None,
            },
            {
                "key": "payment",
                "label": self.env._("Choose how shoppers pay"),
                "text": self.env._(
                    "Enable and publish a payment provider; in test mode to begin with."
                )
                if sets_up_payment
                else self.env._(
                    "Ask your administrator to enable and publish a payment provider; in test "
                    "mode to begin with."
                ),
                "is_done": payment,
                "action": "payment.action_payment_provider" if sets_up_payment else None,
            },
            {
                "key": "activity",
                "label": self.env._("Publish a first activity"),
                "text": self.env._("Choose a product, a group price and the size of a team."),
                "is_done": activity,
                "action": "pinbu_groupbuy.pinbu_activity_launch_action",
            },
            {
                "key": "purchase",
                "label": self.env._("Buy it yourself"),
                "text": self.env._(
                    "Open the shop as a shopper would, and pay for a place in a team."
                ),
                "is_done": purchase,
                "action": None,
            },
        ]

    @api.model
    def _start_done(self):
        """:return: which of the steps are done in the current company, in their order
        :rtype: tuple[bool, bool, bool, bool]
        """
        # Those who run the group-buying read neither stock nor providers: this says only whether.
        self.env.cr.execute(
            SQL(
                """
                SELECT EXISTS (
                           SELECT 1 FROM stock_quant quant
                             JOIN stock_location place ON place.id = quant.location_id
                            WHERE place.usage = 'internal' AND place.company_id = %(company)s
                              AND quant.quantity > 0),
                       EXISTS (
                           SELECT 1 FROM payment_provider
                            WHERE company_id = %(company)s AND state IN ('enabled', 'test')
                              AND is_published AND NOT COALESCE(capture_manually, FALSE)
                              AND code != 'custom'),
                       EXISTS (
                           SELECT 1 FROM pinbu_activity
                            WHERE company_id = %(company)s AND is_published),
                       EXISTS (
                           SELECT 1 FROM pinbu_seat
                            WHERE company_id = %(company)s AND state IN ('paid', 'won', 'lost'))
                """,
                company=self.env.company.id,
            )
        )
        return self.env.cr.fetchone()
