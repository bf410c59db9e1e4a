"""What is promised is reserved: a counter for each rule and activity, and a row for each seat.

A claim locks the counter, so that the budget is exact with one row however many seats there are.
Giving up a place must not wait for that lock (it would come before those of lines and products):
it only lowers what its own rows hold, and the next claim takes that off the counter.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ..money import from_minor


class PinbuSubsidyBudget(models.Model):
    """How much of a rule's budget is promised in one activity.

    `taken` is the sum of its reservations' `counted_units`, changed by SQL only.
    """

    _name = "pinbu.subsidy.budget"
    _description = "Subsidy Budget"
    _order = "activity_id, rule_id"
    _log_access = False

    rule_id = fields.Many2one(
        "pinbu.subsidy.rule", required=True, readonly=True, ondelete="cascade"
    )
    activity_id = fields.Many2one(
        "pinbu.activity", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id")
    taken = fields.Integer(required=True, readonly=True, default=0)
    day = fields.Date(readonly=True, help="The company's day that is counted.")
    day_taken = fields.Integer(required=True, readonly=True, default=0)
    unit = fields.Char(related="rule_id.budget_unit")
    budget = fields.Float(related="rule_id.budget")
    reserved = fields.Float(
        digits=(16, 2), compute="_compute_progress", help="Promised, and not given yet."
    )
    paid = fields.Float(string="Given", digits=(16, 2), compute="_compute_progress")
    left = fields.Float(digits=(16, 2), compute="_compute_progress")
    used_percent = fields.Float(string="Used", compute="_compute_progress")

    _rule_unique = models.UniqueIndex("(rule_id, activity_id)")
    _taken_positive = models.Constraint(
        "CHECK(taken >= 0 AND day_taken >= 0)", "A budget is not used below zero."
    )

    # === COMPUTE METHODS === #

    @api.depends("taken", "budget")
    def _compute_progress(self):
        self.env["pinbu.subsidy"].flush_model()
        self.env["pinbu.subsidy.reservation"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT budget.id,
                       (SELECT COALESCE(SUM(units), 0) FROM pinbu_subsidy_reservation held
                         WHERE held.rule_id = budget.rule_id
                           AND held.activity_id = budget.activity_id),
                       (SELECT COALESCE(SUM(CASE subsidy.type WHEN 'cash' THEN amount_minor
                                                              WHEN 'points' THEN points
                                                              ELSE 1 END), 0)
                          FROM pinbu_subsidy subsidy
                         WHERE subsidy.rule_id = budget.rule_id
                           AND subsidy.activity_id = budget.activity_id
                           AND subsidy.type = rule.type AND subsidy.state = 'granted')
                  FROM pinbu_subsidy_budget budget
                  JOIN pinbu_subsidy_rule rule ON rule.id = budget.rule_id
                 WHERE budget.id = ANY(%s)
                """,
                self.ids,
            )
        )
        figures = {row[0]: row[1:] for row in rows}
        for budget in self:
            used, paid = (
                from_minor(units, budget.rule_id.currency_id)
                if budget.rule_id.type == "cash"
                else units
                for units in map(int, figures.get(budget.id, (0, 0)))
            )
            budget.paid = paid
            budget.reserved = used - paid
            budget.left = budget.budget - used
            budget.used_percent = 100 * used / budget.budget if budget.budget else 0

    # === BUSINESS METHODS === #

    @api.model
    def _read_left(self, cr, activity, rules, today, partner):
        """What can still be promised, as far as a quote can tell. Locks nothing.

        What the shopper's own unpaid place holds counts as free: a claim gives it up, or keeps it.

        :param rules: budgets of these rules in `activity`
        :return: ``{rule id: (taken, taken today)}``
        """
        cr.execute(
            SQL(
                """
                SELECT budget.rule_id, budget.taken - free.units,
                       CASE WHEN budget.day = %(today)s THEN budget.day_taken - free.today
                            ELSE 0 END
                  FROM pinbu_subsidy_budget budget, LATERAL (
                       SELECT COALESCE(SUM(units), 0) AS units,
                              COALESCE(SUM(units) FILTER (WHERE day = %(today)s), 0) AS today
                         FROM (SELECT counted_units - units AS units, day
                                 FROM pinbu_subsidy_reservation given
                                WHERE given.rule_id = budget.rule_id
                                  AND given.activity_id = budget.activity_id
                                  AND given.counted_units > given.units
                            UNION ALL
                               SELECT own.units, own.day FROM pinbu_subsidy_reservation own
                                 JOIN pinbu_seat seat ON seat.id = own.seat_id
                                WHERE own.rule_id = budget.rule_id
                                  AND own.activity_id = budget.activity_id
                                  AND own.partner_id = %(partner)s AND seat.state = 'held') freed
                       ) free
                 WHERE budget.activity_id = %(activity)s AND budget.rule_id = ANY(%(rules)s)
                """,
                today=today,
                partner=partner.id,
                activity=activity.id,
                rules=rules.ids,
            )
        )
        return {rule_id: (int(taken), int(day)) for rule_id, taken, day in cr.fetchall()}

    @api.model
    def _lock_left(self, cr, activity, rules, today):
        """As `_read_left`, exactly and for whoever reserves next: locked until the transaction ends.

        :param cr: a cursor of `short_transaction`
        """
        lock = SQL(
            """
            SELECT rule_id, taken, CASE WHEN day >= %s THEN day_taken ELSE 0 END
              FROM pinbu_subsidy_budget WHERE activity_id = %s AND rule_id = ANY(%s)
          ORDER BY id FOR NO KEY UPDATE
            """,
            today,
            activity.id,
            rules.ids,
        )
        cr.execute(lock)
        taken = {rule_id: (total, day) for rule_id, total, day in cr.fetchall()}
        if len(taken) < len(rules):
            cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_subsidy_budget (rule_id, activity_id, taken, day_taken)
                    SELECT unnest(%s), %s, 0, 0 ON CONFLICT DO NOTHING
                    """,
                    sorted(rules.ids),
                    activity.id,
                )
            )
            cr.execute(lock)
            taken = {rule_id: (total, day) for rule_id, total, day in cr.fetchall()}
        for rule_id, units, day_units in self._take_in_freed(cr, activity, rules):
            total, day = taken[rule_id]
            taken[rule_id] = (total - units, max(0, day - day_units))
        return taken

    @api.model
    def _take_in_freed(self, cr, activity, rules):
        """Take off the locked counters what was given up since.

        :return: (rule id, units, units of the day that is counted) of each that changed
        """
        cr.execute(
            SQL(
                """
                WITH given AS (
                    SELECT id, counted_units - units AS freed FROM pinbu_subsidy_reservation
                     WHERE activity_id = %(activity)s AND rule_id = ANY(%(rules)s)
                       AND counted_units > units FOR NO KEY UPDATE SKIP LOCKED
                ), taken_in AS (
                    UPDATE pinbu_subsidy_reservation kept SET counted_units = kept.units
                      FROM given WHERE kept.id = given.id
                 RETURNING kept.rule_id, kept.day, given.freed
                ), freed AS (
                    SELECT budget.id, SUM(freed) AS units,
                           COALESCE(SUM(freed) FILTER (WHERE taken_in.day = budget.day), 0) AS today
                      FROM taken_in JOIN pinbu_subsidy_budget budget
                        ON budget.rule_id = taken_in.rule_id
                       AND budget.activity_id = %(activity)s
                  GROUP BY budget.id
                )
                UPDATE pinbu_subsidy_budget budget
                   SET taken = taken - freed.units, day_taken = day_taken - freed.today
                  FROM freed WHERE budget.id = freed.id
             RETURNING budget.rule_id, freed.units, freed.today
                """,
                activity=activity.id,
                rules=rules.ids,
            )
        )
        return [(rule_id, int(units), int(day)) for rule_id, units, day in cr.fetchall()]


class PinbuSubsidyReservation(models.Model):
    """What one seat was promised under one rule, and holds of its budget.

    `reserved -> decided | nothing` when the team has failed, by what is owed then; `released` when
    the place was given up or has won. Written by SQL only.
    """

    _name = "pinbu.subsidy.reservation"
    _description = "Reserved Promise"
    _order = "id desc"
    _log_access = False

    seat_id = fields.Many2one("pinbu.seat", required=True, readonly=True, ondelete="cascade")
    rule_id = fields.Many2one(
        "pinbu.subsidy.rule", required=True, readonly=True, ondelete="restrict"
    )
    activity_id = fields.Many2one(
        "pinbu.activity", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    type = fields.Char(required=True, readonly=True, help="What was promised, or came of it.")
    day = fields.Date(required=True, readonly=True, help="The company's day of the promise.")
    date = fields.Datetime(required=True, readonly=True)
    units = fields.Integer(
        required=True,
        readonly=True,
        help="What it holds of the budget: the most that can be owed, then what is owed.",
    )
    counted_units = fields.Integer(
        required=True, readonly=True, help="What the budget's counter still holds for it."
    )
    state = fields.Selection(
        [
            ("reserved", "Reserved"),
            ("decided", "Owed"),
            ("nothing", "Came to nothing"),
            ("released", "Given up"),
        ],
        required=True,
        readonly=True,
    )

    _seat_unique = models.UniqueIndex("(seat_id, rule_id)")
    _partner_idx = models.Index("(partner_id, company_id)")
    _budget_idx = models.Index("(activity_id, rule_id)")
    _freed_idx = models.Index("(activity_id, rule_id) WHERE counted_units > units")
    _units_counted = models.Constraint(
        "CHECK(0 <= units AND units <= counted_units)", "A budget counts what is held of it."
    )
