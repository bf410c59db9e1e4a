from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.models.pinbu_activity_day import DaySource


class PinbuActivityDay(models.Model):
    """What subsidies cost, and how much of them shoppers spend."""

    _inherit = "pinbu.activity.day"

    subsidies = fields.Integer(
        readonly=True, help="Subsidies of all kinds given and not taken back: cash, coupons, …"
    )
    subsidy_amount = fields.Monetary(
        string="Subsidy Cost",
        readonly=True,
        help="Cash subsidies given, less what was taken back, rewards for inviters and prizes "
        "included. "
        "What coupons, tickets, points and gifts cost shows when they are used.",
    )
    wallet_spent = fields.Monetary(
        string="Spent from Wallets",
        readonly=True,
        help="Paid for orders from wallets, less what went back to them.",
    )

    @api.model
    def _sources(self):
        return [
            *super()._sources(),
            DaySource(
                rows=SQL("pinbu_subsidy subsidy"),
                # Of what was taken back, shoppers keep what they had spent.
                where=SQL(
                    "subsidy.state IN ('granted', 'void') AND subsidy.granted_at IS NOT NULL"
                ),
                moment=SQL("subsidy.granted_at"),
                company=SQL("subsidy.company_id"),
                activity=SQL("subsidy.activity_id"),
                figures={
                    "subsidies": SQL("COUNT(*) FILTER (WHERE subsidy.state = 'granted')"),
                    "subsidy_amount": SQL(
                        "SUM(subsidy.amount - COALESCE(subsidy.taken_back, 0))"
                        " FILTER (WHERE subsidy.type = 'cash')"
                    ),
                },
            ),
            DaySource(
                rows=SQL(
                    """
                    pinbu_wallet_entry entry
                    JOIN res_company shop ON shop.id = entry.company_id
                    JOIN res_currency currency ON currency.id = shop.currency_id
                    """
                ),
                where=SQL("entry.kind IN ('spend', 'refund')"),
                moment=SQL("entry.create_date"),
                company=SQL("entry.company_id"),
                activity=SQL("NULL::integer"),
                figures={
                    "wallet_spent": SQL(
                        "SUM(-entry.amount_minor / 10 ^ currency.decimal_places::numeric)"
                    )
                },
            ),
        ]

    @api.model
    def _sql_is_invited(self):
        # The link may have been opened long before the order, at the log-in.
        return SQL(
            """
            (%s OR EXISTS (
                SELECT 1 FROM pinbu_invite invite
                 WHERE invite.partner_id = seat.partner_id AND invite.company_id = seat.company_id
                   AND invite.inviter_id IS NOT NULL AND invite.state != 'void'))
            """,
            super()._sql_is_invited(),
        )

    @api.model
    def _days_changed(self, company):
        # What was taken back lowers the day of its grant, however long ago that is. The day before
        # the counting too: whoever took it back then may not have been done.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT counted.day
                  FROM pinbu_subsidy subsidy
                  JOIN pinbu_activity_day counted
                    ON counted.company_id = subsidy.company_id AND counted.activity_id IS NULL
                   AND counted.day
                     = ((subsidy.granted_at AT TIME ZONE 'UTC') AT TIME ZONE %s)::date
                   AND counted.counted_at < subsidy.write_date + interval '1 day'
                 WHERE subsidy.company_id = %s AND subsidy.state = 'void'
                   AND subsidy.granted_at IS NOT NULL
                """,
                company._pinbu_timezone(),
                company.id,
            )
        )
        return super()._days_changed(company) | {day for (day,) in rows}
