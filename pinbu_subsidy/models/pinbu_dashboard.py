from odoo import api, models
from odoo.tools import SQL, format_date

from odoo.addons.pinbu_groupbuy.models.pinbu_dashboard import SHOWN_BEST

from ..money import from_minor

# From this share of a budget on somebody should look at it.
NEARLY_SPENT = 0.9


class PinbuDashboard(models.AbstractModel):
    """What subsidies cost, what is left of their budgets, and who brings the most friends."""

    _inherit = "pinbu.dashboard"

    # === FIGURES === #

    @api.model
    def _sections(self, now, before, span):
        sections = super()._sections(now, before, span)
        mine = {
            "key": "subsidies",
            "title": self.env._("Subsidies"),
            "icon": "fa-gift",
            "figures": self._subsidy_figures(now, before, span),
        }
        return [*sections[:-1], mine, *sections[-1:]]

    def _subsidy_figures(self, now, before, span):
        given = self._within("granted_at", span)
        granted = [("state", "=", "granted"), *given]
        cash = (
            "pinbu.subsidy",
            [("type", "=", "cash"), ("state", "in", ["granted", "void"]), *given],
        )
        return [
            self._figure(
                "subsidy_amount",
                self.env._("Subsidy cost"),
                self.env._(
                    "Cash subsidies given in this time, less what was taken back of them; rewards "
                    "for inviters and prizes included."
                ),
                now["subsidy_amount"],
                before["subsidy_amount"],
                unit="money",
                good="",
                records=cash,
            ),
            self._figure(
                "subsidy_share",
                self.env._("Share of sales"),
                self.env._("Subsidy cost / sales."),
                self._ratio(now["subsidy_amount"], now["sales_amount"]),
                self._ratio(before["subsidy_amount"], before["sales_amount"]),
                unit="percent",
                good="down",
                records=cash,
            ),
            self._figure(
                "newcomer_cost",
                self.env._("Cost per newcomer"),
                self.env._("Subsidy cost / newcomers."),
                self._ratio(now["subsidy_amount"], now["newcomers"]),
                self._ratio(before["subsidy_amount"], before["newcomers"]),
                unit="money",
                good="down",
                records=cash,
            ),
            self._figure(
                "subsidies",
                self.env._("Subsidies given"),
                self.env._("Of all kinds: cash, coupons, points, tickets and gifts."),
                now["subsidies"],
                before["subsidies"],
                good="",
                records=("pinbu.subsidy", granted),
            ),
            self._figure(
                "subsidies_used",
                self.env._("Subsidies used"),
                self.env._(
                    "What was paid for orders from wallets in this time / cash subsidies given in "
                    "it. Above 100%, older ones are being used."
                ),
                self._ratio(now["wallet_spent"], now["subsidy_amount"]),
                self._ratio(before["wallet_spent"], before["subsidy_amount"]),
                unit="percent",
                records=(
                    "pinbu.wallet.entry",
                    [("kind", "in", ["spend", "refund"]), *self._within("create_date", span)],
                ),
            ),
            self._figure(
                "budget_left",
                self.env._("Budget left"),
                self.env._(
                    "What can still be promised in cash now, in all running activities together."
                ),
                sum(left for _activity, _budget, left in self._cash_budgets(self.env.company)),
                unit="money",
                records=(
                    "pinbu.activity",
                    [("id", "in", self._running_ids(self.env.company))],
                ),
            ),
        ]

    @api.model
    def _invited_domain(self):
        invites = [
            ("company_id", "=", self.env.company.id),
            ("inviter_id", "!=", False),
            ("state", "!=", "void"),
        ]
        return [
            "|",
            *super()._invited_domain(),
            ("partner_id.pinbu_invited_by_ids", "any", invites),
        ]

    @api.model
    def _columns(self):
        return [
            *super()._columns(),
            {
                "label": self.env._("Subsidy cost"),
                "unit": "money",
                "value": lambda row: row["subsidy_amount"],
            },
            {
                "label": self.env._("Share of sales"),
                "unit": "percent",
                "value": lambda row: self._ratio(row["subsidy_amount"], row["sales_amount"]),
            },
        ]

    @api.model
    def _best(self, by_activity, span):
        return [*super()._best(by_activity, span), self._best_inviters(span)]

    def _best_inviters(self, span):
        self.env.cr.execute(
            SQL(
                """
                SELECT inviter_id, COUNT(*) FROM pinbu_invite
                 WHERE company_id = %s AND inviter_id IS NOT NULL AND state != 'void'
                   AND joined_at >= %s AND joined_at < %s
              GROUP BY inviter_id ORDER BY 2 DESC, 1 LIMIT %s
                """,
                self.env.company.id,
                span["start"],
                span["end"],
                SHOWN_BEST,
            )
        )
        counts = dict(self.env.cr.fetchall())
        return {
            "key": "inviters",
            "title": self.env._("Best inviters"),
            "icon": "fa-share-alt",
            "empty": self.env._("Nobody brought a newcomer in this time."),
            "rows": [
                {
                    "name": inviter.display_name,
                    "value": counts[inviter.id],
                    "unit": "count",
                    "records": self._records(
                        inviter.display_name,
                        "pinbu.invite",
                        [
                            ("inviter_id", "=", inviter.id),
                            ("state", "!=", "void"),
                            *self._within("joined_at", span),
                        ],
                    ),
                }
                for inviter in self.env["res.partner"].browse(counts)
            ],
        }

    @api.model
    def _record_actions(self):
        return {
            **super()._record_actions(),
            "pinbu.books.check": "pinbu_subsidy.pinbu_books_check_action",
            "pinbu.invite": "pinbu_subsidy.pinbu_invite_action",
            "pinbu.subsidy": "pinbu_subsidy.pinbu_subsidy_action",
            "pinbu.wallet.entry": "pinbu_subsidy.pinbu_wallet_entry_action",
            "pinbu.withdrawal": "pinbu_subsidy.pinbu_withdrawal_action",
        }

    # === BUDGETS === #

    @api.model
    def _running_ids(self, company):
        return (
            self.env["pinbu.activity"]
            .search([("company_id", "=", company.id), ("state", "=", "running")])
            .ids
        )

    @api.model
    def _cash_budgets(self, company):
        """Of the running activities' own rules and those of their products' categories.

        :return: ``[(activity id, budget, what is left of it)]`` in the company's currency, one for
                 each rule
        :rtype: list[tuple[int, float, float]]
        """
        activities = self.env["pinbu.activity"].sudo().browse(self._running_ids(company))
        rules = {
            (activity.id, rule.id): rule
            for activity in activities
            for rule in activity.offered_rule_ids
            if rule.type == "cash" and rule.budget
        }
        # The counter, less what was given up and not taken off it yet.
        used = self.env.execute_query(
            SQL(
                """
                SELECT budget.activity_id, budget.rule_id, budget.taken - COALESCE((
                           SELECT SUM(counted_units - units)
                             FROM pinbu_subsidy_reservation given
                            WHERE given.activity_id = budget.activity_id
                              AND given.rule_id = budget.rule_id
                              AND given.counted_units > given.units), 0)
                  FROM pinbu_subsidy_budget budget WHERE budget.activity_id = ANY(%s)
                """,
                activities.ids,
            )
        )
        taken = {(activity_id, rule_id): int(units) for activity_id, rule_id, units in used}
        return [
            (key[0], rule.budget, rule.budget - from_minor(taken.get(key, 0), rule.currency_id))
            for key, rule in rules.items()
        ]

    @api.model
    def _nearly_spent(self, company):
        """:return: running activities with a cash budget of which hardly anything is left
        :rtype: pinbu.activity"""
        return self.env["pinbu.activity"].browse(
            {
                activity_id
                for activity_id, budget, left in self._cash_budgets(company)
                if round(budget - left, 2) >= round(budget * NEARLY_SPENT, 2)
            }
        )

    # === ALERTS === #

    @api.model
    def _pinbu_alerts(self):
        return [
            *super()._pinbu_alerts(),
            *self._alert_withdrawals(),
            *self._alert_books(),
            *self._alert_blocked(),
            *self._alert_budgets(),
        ]

    def _alert_withdrawals(self):
        domain = [("in_trouble", "=", True), ("company_id", "=", self.env.company.id)]
        count = self.env["pinbu.withdrawal"].sudo().search_count(domain)
        if not count:
            return []
        text = self.env._("Withdrawals that do not get through: %s.", count)
        name = self.env._("Payouts to look at")
        return [self._alert("withdrawals", "danger", text, ("pinbu.withdrawal", domain), name)]

    def _alert_books(self):
        last = self.env["pinbu.books.check"].sudo()._last(self.env.company)
        if not last or last.is_ok:
            return []
        text = self.env._(
            "Wallets and books differed when they were compared on %s.",
            format_date(self.env, self.env.company._pinbu_date(last.checked_at)),
        )
        domain = [("company_id", "=", self.env.company.id)]
        return [self._alert("books", "danger", text, ("pinbu.books.check", domain))]

    def _alert_blocked(self):
        domain = [("state", "=", "blocked"), ("company_id", "=", self.env.company.id)]
        count = self.env["pinbu.subsidy"].sudo().search_count(domain)
        if not count:
            return []
        text = self.env._("Subsidies that are held back and wait for a decision: %s.", count)
        name = self.env._("Held back")
        return [self._alert("subsidies_blocked", "warning", text, ("pinbu.subsidy", domain), name)]

    def _alert_budgets(self):
        activities = self._nearly_spent(self.env.company)
        if not activities:
            return []
        text = self.env._(
            "Activities that have spent 90%% or more of a subsidy budget: %s.", len(activities)
        )
        name = self.env._("Budget nearly spent")
        domain = [("id", "in", activities.ids)]
        return [self._alert("budget", "warning", text, ("pinbu.activity", domain), name)]
