"""What a shopper is promised: rules and facts in, a promise out.

A quote evaluates it on what it sees; the claim evaluates it again under its locks, reserves what
comes out, and that is what the order stores.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from .pinbu_promise import DECAY, DECAY_DAYS, Facts, Offer, Usage


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    offered_rule_ids = fields.Many2many(
        "pinbu.subsidy.rule",
        string="Rules in Force",
        compute="_compute_offered_rule_ids",
        compute_sudo=True,
        help="Of this activity, and of its product's category.",
    )

    # === COMPUTE METHODS === #

    @api.depends("subsidy_rule_ids", "product_tmpl_id.categ_id", "company_id")
    def _compute_offered_rule_ids(self):
        rules = self.env["pinbu.subsidy.rule"].search(
            Domain("activity_id", "in", self._origin.ids)
            | Domain("product_category_id", "!=", False)
            & Domain("company_id", "in", self.company_id.ids)
        )
        general = rules.filtered("product_category_id")
        own = (rules - general).grouped("activity_id")
        for activity in self:
            offered = own.get(activity._origin, self.env["pinbu.subsidy.rule"])
            # Most shops have none, and need not read the product.
            if general:
                path = activity.product_tmpl_id.categ_id.parent_path or ""
                offered |= general.filtered(
                    lambda rule, activity=activity, path=path: (
                        rule.company_id == activity.company_id
                        and path.startswith(rule.product_category_id.parent_path)
                    )
                )
            activity.offered_rule_ids = offered

    # === BUSINESS METHODS === #

    def _promise(self, partner, line, quantity, team, is_fresh=True):
        promise = super()._promise(partner, line, quantity, team, is_fresh)
        activity = self.sudo()
        held = activity._held_promise(partner, line, quantity, team, is_fresh)
        if held is not None:
            return held
        if not activity.offered_rule_ids:
            return promise
        self.env.flush_all()
        facts = activity._promise_facts(self.env.cr, partner, team)
        offers, reasons = activity._evaluate_rules(facts, team, is_fresh)
        rules = activity._budgeted_rules(offers)
        taken = (
            self.env["pinbu.subsidy.budget"]._read_left(
                self.env.cr, activity, rules, facts.today, partner
            )
            if rules
            else {}
        )
        offers = activity._keep_to_budgets(offers, taken, reasons)
        return activity._to_promise(offers, reasons)

    def _held_promise(self, partner, line, quantity, team, is_fresh):
        """:return: what the shopper's own unpaid place here was promised, or None when there is no
        such place or another wish would make another promise of it"""
        hold = self.env["pinbu.seat"]._live_hold(partner, self, team)
        if not hold or (hold.line_id, hold.quantity) != (line, quantity):
            return None
        promise = hold._promised()
        return promise if is_fresh == self._is_for_fresh_money(promise) else None

    @api.model
    def _is_for_fresh_money(self, promise):
        return promise["reason"] != "not_fresh_money"

    def _promise_facts(self, cr, partner, team):
        """:param cr: any cursor; under the shopper's lock the answer is exact
        :rtype: Facts
        """
        self.ensure_one()
        cr.execute(
            SQL(
                """
                WITH clock AS (
                    SELECT %(now)s AS now,
                           (%(now)s AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS today
                ), win AS (
                    SELECT MAX(delivered_at) AS at FROM (%(wins)s) delivered
                ), mine AS (
                    -- A held place is the one that this is about, or one that is given up for it.
                    SELECT held.* FROM pinbu_subsidy_reservation held
                      JOIN pinbu_seat seat ON seat.id = held.seat_id AND seat.state != 'held'
                     WHERE held.partner_id = %(partner)s AND held.company_id = %(company)s
                       AND held.state IN ('reserved', 'decided')
                ), used AS (
                    SELECT type, json_build_array(
                               COUNT(DISTINCT seat_id) FILTER (WHERE day = clock.today),
                               COUNT(DISTINCT seat_id) FILTER (WHERE activity_id = %(activity)s),
                               COUNT(DISTINCT seat_id),
                               COUNT(DISTINCT seat_id) FILTER (
                                   WHERE date > clock.now - %(decay)s * interval '1 day'),
                               COUNT(DISTINCT seat_id) FILTER (
                                   WHERE win.at IS NULL OR date > win.at)) AS counts
                      FROM mine, clock, win GROUP BY type
                )
                SELECT clock.today,
                       EXTRACT(EPOCH FROM (
                           SELECT deadline FROM pinbu_team WHERE id = %(team)s) - clock.now) / 60,
                       NOT EXISTS (SELECT 1 FROM pinbu_seat seat
                                    WHERE seat.partner_id = %(partner)s
                                      AND seat.company_id = %(company)s
                                      AND (seat.state IN ('paid', 'won', 'lost')
                                           OR seat.paid_at IS NOT NULL)),
                       (SELECT json_object_agg(type, counts) FROM used)
                  FROM clock
                """,
                now=SQL_NOW,
                zone=self.company_id._pinbu_timezone(),
                wins=self.env["res.partner"]._sql_delivered_wins(partner, self.company_id),
                partner=partner.id,
                company=self.company_id.id,
                activity=self.id,
                decay=DECAY_DAYS,
                team=team.id or None,
            )
        )
        today, minutes_left, is_newcomer, usage = cr.fetchone()
        return Facts(
            today=today,
            minutes_left=self.validity_hours * 60 if minutes_left is None else minutes_left,
            is_newcomer=is_newcomer,
            usage={kind: Usage(*counts) for kind, counts in (usage or {}).items()},
        )

    def _evaluate_rules(self, facts, team, is_fresh):
        """What the rules promise under these facts, budgets aside.

        :return: a list of Offer, and the reasons why rules promise less, as codes
        :rtype: tuple[list[Offer], list[str]]
        """
        self.ensure_one()
        if not is_fresh:
            return [], ["not_fresh_money"]
        rules = self.offered_rule_ids
        if self.is_subsidy_braked:
            return self._fallback_offers(rules[:1]), ["paused"]
        size = team.size or self.size
        offers, reasons = [], []
        for rule in rules:
            usage = facts.usage.get(rule.type, Usage())
            reason = rule._refusal(facts, usage)
            if reason:
                reasons.append(reason)
                if reason == "too_often_without_win" and not any(o.units == 0 for o in offers):
                    offers += self._fallback_offers(rule)
                continue
            percent = DECAY[usage.lately] if rule.has_decay else 100
            offers.append(rule._offer(size, percent, facts.is_newcomer))
        return offers, reasons

    def _fallback_offers(self, rule):
        """:return: the coupon in the place of what `rule` would promise, if there is one"""
        program = self._fallback_program()
        if not program:
            return []
        terms = {
            "rule_id": rule.id,
            "type": "coupon",
            "program_id": program.id,
            "min_paid_members": rule.min_paid_members,
            "leader_min_friends": rule.leader_min_friends,
            "consolation": None,
            "delay_minutes": round(rule.delay_hours * 60),
            "valid_days": rule.valid_days,
        }
        conditions = [rule._worth_of("coupon", program, None), *rule._member_conditions()]
        return [Offer(rule, {"type": "coupon", "conditions": conditions, "terms": terms}, 0)]

    def _fallback_program(self):
        """:return: the coupon program that stands in where cash is not promised any more"""
        return self.fallback_program_id or self.company_id.pinbu_fallback_program_id

    @api.model
    def _budgeted_rules(self, offers):
        rules = self.env["pinbu.subsidy.rule"].sudo()
        return rules.union(*(offer.rule for offer in offers if offer.units))

    @api.model
    def _keep_to_budgets(self, offers, taken, reasons):
        """:param dict taken: as `pinbu.subsidy.budget._read_left`
        :param list reasons: those of offers that do not fit are added
        :return: the offers that their budgets have room for
        """
        kept = []
        for offer in offers:
            reason = offer.rule._budget_refusal(offer.units, *taken.get(offer.rule.id, (0, 0)))
            if offer.units and reason:
                reasons.append(reason)
            else:
                kept.append(offer)
        return kept

    @api.model
    def _to_promise(self, offers, reasons):
        return {
            "items": [offer.item for offer in offers],
            "reserved": bool(offers),
            "reason": reasons[0] if reasons else None,
        }
