from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW


class PinbuCouponUse(models.Model):
    """What a coupon, a ticket or points took off one group-buying order.

    The card is debited when the order is made, so that no other order can count on it, and
    credited again when the order's place is given up or lost: `taken -> spent` once it has won,
    or `-> returned`.
    """

    _name = "pinbu.coupon.use"
    _description = "Coupon Use"
    _order = "id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, index=True, ondelete="restrict"
    )
    card_id = fields.Many2one(
        "loyalty.card",
        string="Coupon",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    program_id = fields.Many2one(related="card_id.program_id", store=True, index=True)
    partner_id = fields.Many2one(
        related="order_id.partner_id", store=True, string="Shopper", index=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    points = fields.Float(
        required=True, readonly=True, help="How many points were taken from the coupon."
    )
    amount = fields.Monetary(string="Taken Off", readonly=True)
    state = fields.Selection(
        [("taken", "Taken"), ("spent", "Spent"), ("returned", "Given Back")],
        required=True,
        readonly=True,
        default="taken",
        help="Taken: the order waits for its payment or its team.",
    )

    _points_positive = models.Constraint(
        "CHECK(points > 0)", "Using a coupon takes something from it."
    )
    _once = models.UniqueIndex(
        "(order_id, card_id) WHERE state != 'returned'", "An order uses a coupon once."
    )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What coupons have paid is kept."))

    # === BUSINESS METHODS === #

    @api.model
    def _take(self, order, offers):
        """Debit these cards for an order, all or none.

        :param list[tuple] offers: card, points, and what they take off, in the order's currency
        :raise PinbuError: ``not_allowed_now`` when one has been used in this very moment
        """
        # Always in the same order: two orders with the same cards must not deadlock.
        for card, points, _amount in sorted(offers, key=lambda offer: offer[0].id):
            card.flush_recordset(["points"])
            self.env.cr.execute(
                SQL(
                    "UPDATE loyalty_card SET points = points - %(points)s, write_date = %(now)s"
                    " WHERE id = %(card)s AND points >= %(points)s AND active RETURNING id",
                    points=points,
                    now=SQL_NOW,
                    card=card.id,
                )
            )
            if not self.env.cr.fetchone():
                raise PinbuError(
                    "not_allowed_now",
                    self.env._("This coupon is used already."),
                    {"coupon_id": card.id, "reason": "used"},
                )
            card.invalidate_recordset(["points"], flush=False)
        uses = self.create(
            [
                {"order_id": order.id, "card_id": card.id, "points": points, "amount": amount}
                for card, points, amount in offers
            ]
        )
        uses._log("used")
        return uses

    def _give_back(self):
        """Credit the cards again, with as much time to use them as they had. Safe to call twice."""
        if not self:
            return
        self.flush_recordset(["state"])
        self.card_id.flush_recordset(["points", "expiration_date"])
        self.env.cr.execute(
            SQL(
                """
                WITH returned AS (
                    UPDATE pinbu_coupon_use SET state = 'returned', write_date = %(now)s
                     WHERE id = ANY(%(ids)s) AND state != 'returned'
                 RETURNING id, card_id, points, %(now)s::date - create_date::date AS days
                ), per_card AS (
                    -- In one order again, as in `_take`.
                    SELECT card.id, SUM(returned.points) AS points, MAX(returned.days) AS days
                      FROM returned JOIN loyalty_card card ON card.id = returned.card_id
                  GROUP BY card.id ORDER BY card.id
                ), credited AS (
                    UPDATE loyalty_card card
                       SET points = card.points + per_card.points, write_date = %(now)s,
                           expiration_date = card.expiration_date + per_card.days
                      FROM per_card WHERE card.id = per_card.id
                       -- The subsidy that it was given as was taken back meanwhile.
                       AND NOT EXISTS (SELECT 1 FROM pinbu_subsidy subsidy
                                        WHERE subsidy.card_id = card.id AND subsidy.state = 'void'
                                          AND subsidy.type IN ('coupon', 'ticket'))
                 RETURNING card.id
                )
                SELECT returned.id FROM returned JOIN credited ON credited.id = returned.card_id
                """,
                now=SQL_NOW,
                ids=self.ids,
            )
        )
        credited = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_recordset(["state"], flush=False)
        self.card_id.invalidate_recordset(["points", "expiration_date"], flush=False)
        credited._log("issued")

    def _log(self, column):
        """Tell the shopper in the portal's history of the card.

        :param str column: ``used`` or ``issued``
        """
        self.env["loyalty.history"].create(
            [
                {
                    "card_id": use.card_id.id,
                    "description": use.order_id.name,
                    column: use.points,
                    "order_model": self._name,
                    "order_id": use.id,
                }
                for use in self
            ]
        )
