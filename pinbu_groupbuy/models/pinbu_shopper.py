"""Who buys in a shop, how often and for how much: computed each night."""

import logging

from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW

_logger = logging.getLogger(__name__)

# Days without a paid place after which a shopper is silent, and since the first within which they
# are a newcomer.
SILENT_AFTER = 60
NEWCOMER_FOR = 30
# Shops with fewer shoppers are brought up to date whenever somebody opens the list.
SMALL_SHOP = 1000


class PinbuShopper(models.Model):
    """A shopper as one company's shop knows them; a row from the first paid place on.

    Scores are fifths of the shop's shoppers, 5 for the best, equals alike: *recency* by the days
    since the last paid place, *frequency* by paid places within a year, *money* by the amounts of
    won orders within a year. The tag is the first of these that holds:

    - silent: no paid place for 60 days;
    - high value: money 5, and at least two won places;
    - newcomer: the first paid place is less than 30 days ago;
    - regular: everyone else.
    """

    _name = "pinbu.shopper"
    _description = "Group-buying Shopper"
    _order = "last_paid_at desc, id desc"
    _rec_name = "partner_id"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    first_paid_at = fields.Datetime(string="First Paid", readonly=True)
    last_paid_at = fields.Datetime(string="Last Paid", readonly=True)
    places = fields.Integer(string="Participations", readonly=True, help="Places paid for.")
    won = fields.Integer(readonly=True)
    lost = fields.Integer(readonly=True)
    spent = fields.Monetary(readonly=True, help="The orders of all won places.")
    invited = fields.Integer(
        string="Friends Invited", readonly=True, help="Shoppers who paid through their link."
    )
    recency_score = fields.Integer(string="Recency", readonly=True)
    frequency_score = fields.Integer(string="Frequency", readonly=True)
    money_score = fields.Integer(string="Money", readonly=True)
    tag = fields.Selection(
        [
            ("newcomer", "Newcomer"),
            ("regular", "Regular"),
            ("high_value", "High Value"),
            ("silent", "Silent"),
        ],
        readonly=True,
        index=True,
    )
    computed_at = fields.Datetime(string="As Of", readonly=True)

    _shopper_unique = models.UniqueIndex("(company_id, partner_id)")

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """The list of shoppers: of a small or new shop as of now, not as of last night.

        :return: an action
        :rtype: dict
        """
        self.check_access("read")
        for company in self.env.companies:
            known = self.sudo().search_count([("company_id", "=", company.id)], limit=SMALL_SHOP)
            if known < SMALL_SHOP:
                self.sudo()._compute_shoppers(company)
        return self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.pinbu_shopper_action")

    def action_compute(self):
        """Bring all shoppers of the companies that one works in up to date now."""
        self.check_access("read")
        for company in self.env.companies:
            self.sudo()._compute_shoppers(company)

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.sale_order_action")
        return {**action, "domain": [("seat_ids.partner_id", "=", self.partner_id.id)]}

    def action_view_contact(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }

    # === SCHEDULER === #

    @api.model
    def _cron_compute(self):
        companies = self.env["res.company"].search([])
        for done, company in enumerate(companies, start=1):
            try:
                with self.env.cr.savepoint():
                    self._compute_shoppers(company)
            except Exception:
                # The others are brought up to date all the same.
                _logger.warning("The shoppers of %s stay as they are", company.id, exc_info=True)
            self.env["ir.cron"]._commit_progress(1, remaining=len(companies) - done)

    # === BUSINESS METHODS === #

    @api.model
    def _compute_shoppers(self, company):
        """Write all shoppers of a company anew, in one statement."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH bought AS (
                    SELECT seat.partner_id, min(seat.paid_at) AS first, max(seat.paid_at) AS last,
                           count(*) AS places,
                           count(*) FILTER (WHERE seat.state = 'won') AS won,
                           count(*) FILTER (WHERE seat.state = 'lost') AS lost,
                           COALESCE(sum(o.amount_total) FILTER (WHERE seat.state = 'won'), 0)
                               AS spent,
                           count(*) FILTER (WHERE seat.paid_at > %(year)s) AS places_in_year,
                           COALESCE(sum(o.amount_total) FILTER (
                               WHERE seat.state = 'won' AND seat.paid_at > %(year)s), 0)
                               AS spent_in_year
                      FROM pinbu_seat seat
                      JOIN sale_order o ON o.id = seat.order_id
                      JOIN res_partner partner ON partner.id = seat.partner_id AND partner.active
                     WHERE seat.company_id = %(company)s AND seat.state IN ('paid', 'won', 'lost')
                  GROUP BY seat.partner_id
                ), brought AS (
                    SELECT inviter_id, count(DISTINCT partner_id) AS friends FROM pinbu_seat
                     WHERE company_id = %(company)s AND inviter_id IS NOT NULL
                       AND state IN ('paid', 'won', 'lost')
                  GROUP BY inviter_id
                ), scored AS (
                    SELECT bought.*, COALESCE(brought.friends, 0) AS friends,
                           ceil(5 * cume_dist() OVER (ORDER BY last))::int AS recency,
                           ceil(5 * cume_dist() OVER (ORDER BY places_in_year))::int AS frequency,
                           ceil(5 * cume_dist() OVER (ORDER BY spent_in_year))::int AS money
                      FROM bought LEFT JOIN brought ON brought.inviter_id = bought.partner_id
                )
                INSERT INTO pinbu_shopper
                       (company_id, partner_id, first_paid_at, last_paid_at, places, won, lost,
                        spent, invited, recency_score, frequency_score, money_score, tag,
                        computed_at)
                SELECT %(company)s, partner_id, first, last, places, won, lost, spent, friends,
                       recency, frequency, money,
                       CASE WHEN last < %(now)s - %(silent)s * interval '1 day' THEN 'silent'
                            WHEN money = 5 AND won >= 2 THEN 'high_value'
                            WHEN first > %(now)s - %(newcomer)s * interval '1 day' THEN 'newcomer'
                            ELSE 'regular' END,
                       %(now)s
                  FROM scored
                    ON CONFLICT (company_id, partner_id) DO UPDATE
                   SET first_paid_at = EXCLUDED.first_paid_at,
                       last_paid_at = EXCLUDED.last_paid_at, places = EXCLUDED.places,
                       won = EXCLUDED.won, lost = EXCLUDED.lost, spent = EXCLUDED.spent,
                       invited = EXCLUDED.invited, recency_score = EXCLUDED.recency_score,
                       frequency_score = EXCLUDED.frequency_score,
                       money_score = EXCLUDED.money_score, tag = EXCLUDED.tag,
                       computed_at = EXCLUDED.computed_at
                """,
                company=company.id,
                year=SQL("(%s - interval '1 year')", SQL_NOW),
                now=SQL_NOW,
                silent=SILENT_AFTER,
                newcomer=NEWCOMER_FOR,
            )
        )
        self.env.invalidate_all()
