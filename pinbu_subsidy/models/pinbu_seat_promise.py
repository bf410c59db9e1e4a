import json

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_promise import NO_PROMISE
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _claim(self, partner, activity, line, quantity, team, *args, **kwargs):
        # Read before the claim locks anything: what the rules say, and where the shop is.
        if rules := activity.sudo().offered_rule_ids:
            rules.mapped("min_paid_members")
            activity.company_id._pinbu_timezone()
        return super()._claim(partner, activity, line, quantity, team, *args, **kwargs)

    def _order_what_is_held(self):
        """:raise PinbuError: ``terms_changed`` when a checkout broke off between the promise and
        the means that it was made for"""
        shown, promise = self.order_id.pinbu_promise or NO_PROMISE, self._promised()
        is_for_fresh_money = self.activity_id._is_for_fresh_money
        if is_for_fresh_money(shown) != is_for_fresh_money(promise):
            self._check_promise(promise, shown)
        return super()._order_what_is_held()

    # === HOOKS OF THE CLAIM === #

    @api.model
    def _reserve_promise(self, cr, seat_id, partner, activity, team, is_fresh):
        promise = super()._reserve_promise(cr, seat_id, partner, activity, team, is_fresh)
        activity = activity.sudo()
        if not activity.offered_rule_ids:
            return promise
        facts = activity._promise_facts(cr, partner, team)
        offers, reasons = activity._evaluate_rules(facts, team, is_fresh)
        if rules := activity._budgeted_rules(offers):
            taken = self.env["pinbu.subsidy.budget"]._lock_left(cr, activity, rules, facts.today)
            offers = activity._keep_to_budgets(offers, taken, reasons)
        promise = activity._to_promise(offers, reasons)
        if offers:
            self._write_reservations(cr, seat_id, partner, activity, offers, facts.today)
        self._write_promise(cr, seat_id, promise)
        return promise

    @api.model
    def _renew_promise(self, cr, seat_id, promise, is_same, partner, activity, team, is_fresh):
        promise = super()._renew_promise(
            cr, seat_id, promise, is_same, partner, activity, team, is_fresh
        )
        if is_same and is_fresh == activity._is_for_fresh_money(promise):
            return promise
        if promise["items"]:
            self._release_promises(cr, [seat_id])
        renewed = self._reserve_promise(cr, seat_id, partner, activity, team, is_fresh)
        if renewed is NO_PROMISE and promise is not NO_PROMISE:
            self._write_promise(cr, seat_id, None)
        return renewed

    @api.model
    def _release_promises(self, cr, seat_ids):
        super()._release_promises(cr, seat_ids)
        if seat_ids:
            # The counters of the budgets are the next claim's to lower.
            cr.execute(
                SQL(
                    "UPDATE pinbu_subsidy_reservation SET state = 'released', units = 0"
                    " WHERE seat_id = ANY(%s) AND state = 'reserved'",
                    list(seat_ids),
                )
            )

    def _without_promise(self):
        """:return: those of these seats that were paid, but after their promise was given up: the
        payment came too late, and found a place all the same"""
        paid = self.filtered(lambda seat: seat.state in ("paid", "lost"))
        promises = (
            self.env["pinbu.subsidy.reservation"].sudo().search([("seat_id", "in", paid.ids)])
        )
        # One of several may have been given up for another wish, and the others kept.
        kept = promises.filtered(lambda promise: promise.state != "released")
        return promises.seat_id - kept.seat_id

    @api.model
    def _write_promise(self, cr, seat_id, promise):
        cr.execute(
            SQL(
                "UPDATE pinbu_seat SET promise = %s WHERE id = %s",
                promise and json.dumps(promise),
                seat_id,
            )
        )

    @api.model
    def _write_reservations(self, cr, seat_id, partner, activity, offers, today):
        cr.execute(
            SQL(
                """
                WITH wanted (rule_id, type, units) AS (VALUES %(wanted)s), counted AS (
                    UPDATE pinbu_subsidy_budget budget
                       SET taken = taken + wanted.units,
                           day_taken = wanted.units
                               + CASE WHEN day >= %(today)s THEN day_taken ELSE 0 END,
                           day = GREATEST(day, %(today)s)
                      FROM wanted
                     WHERE budget.rule_id = wanted.rule_id AND wanted.units > 0
                       AND budget.activity_id = %(activity)s
                )
                INSERT INTO pinbu_subsidy_reservation AS kept
                       (seat_id, rule_id, activity_id, partner_id, company_id, type, day, date,
                        units, counted_units, state)
                SELECT %(seat)s, rule_id, %(activity)s, %(partner)s, %(company)s, type, %(today)s,
                       %(now)s, units, units, 'reserved'
                  FROM wanted
                -- The shopper came back with another wish.
                ON CONFLICT (seat_id, rule_id) DO UPDATE
                   SET type = EXCLUDED.type, day = EXCLUDED.day, date = EXCLUDED.date,
                       units = EXCLUDED.units, state = EXCLUDED.state,
                       counted_units = kept.counted_units + EXCLUDED.counted_units
                """,
                wanted=SQL(", ").join(
                    SQL("(%s, %s, %s)", offer.rule.id, offer.item["terms"]["type"], offer.units)
                    for offer in offers
                ),
                today=today,
                seat=seat_id,
                activity=activity.id,
                partner=partner.id,
                company=activity.company_id.id,
                now=SQL_NOW,
            )
        )
