"""What the members of a failed team are due: frozen promises against the facts of the team."""

from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from .pinbu_promise import in_proportion, worth


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === BUSINESS METHODS === #

    def _owe_promised(self):
        """Decide what was reserved for the lost seats of these teams, and write down what is owed.

        Only seats whose promise is still reserved count: money that came twice or for a full team
        never made a seat `lost`, and what came late has lost its promise with its place.

        Should a payment that was committed late join a decided team, its members may have become
        enough: then a seat gets what it was promised beside its consolation.
        """
        reservations = self.env["pinbu.subsidy.reservation"].sudo()
        # Those given up while the team formed, and those of who left, have lost their promise.
        held = reservations.search(
            [
                ("seat_id.team_id", "in", self.ids),
                ("seat_id.state", "=", "lost"),
                ("state", "!=", "released"),
            ]
        ).grouped(lambda reservation: reservation.seat_id.team_id)
        decisions = {}
        for team, of_team in held.items():
            if "reserved" in of_team.mapped("state"):
                decisions.update(team._decide(of_team))
        rows = [row for row in decisions.values() if row]
        written = {
            (row.seat_id.id, row.key): row for row in self.env["pinbu.subsidy"].sudo()._owe(rows)
        }
        self._write_decisions(decisions, written)
        self.activity_id._check_brake()

    def _decide(self, reservations):
        """:return: for each of these reservations of a failed team its row of `_owe`, or None"""
        self.ensure_one()
        lost = self.seat_ids.filtered(lambda seat: seat.state == "lost")
        person = _people(lost)
        members = len(set(person.values()))
        friends = defaultdict(set)
        for seat in lost:
            friends[seat.sudo().inviter_id].add(person[seat])
        decisions = {}
        for reservation in reservations:
            seat = reservation.seat_id
            terms = next(
                (
                    item["terms"]
                    for item in seat.sudo()._promised()["items"]
                    if item["terms"]["rule_id"] == reservation.rule_id.id
                ),
                None,
            )
            brought = len(friends[seat.partner_id] - {person[seat]})
            gift = terms and self._gift(terms, members, brought, seat.is_leader)
            decisions[reservation] = gift and {
                "partner_id": seat.partner_id.id,
                "company_id": seat.company_id.id,
                "seat_id": seat.id,
                "team_id": self.id,
                "activity_id": seat.activity_id.id,
                "rule_id": reservation.rule_id.id,
                "reason": "team_failed",
                **gift,
            }
        return decisions

    def _gift(self, terms, members, friends, is_leader):
        """What frozen terms give a member of this failed team.

        :param dict terms: as `pinbu.subsidy.rule._terms`
        :param int members: different ones who have paid
        :param int friends: different ones of them whom this member has brought
        :return: what it is, in the names of `pinbu.subsidy._owe`, or None
        :rtype: dict | None
        """
        when = {"delay_minutes": terms["delay_minutes"], "valid_days": terms["valid_days"] or None}
        is_earned = members >= terms["min_paid_members"] and (
            not is_leader or friends >= terms["leader_min_friends"]
        )
        if not is_earned:
            consolation = terms["consolation"]
            key = f"consolation:{terms['rule_id']}"
            return consolation and {"key": key, **consolation, **when}
        gift = {"key": f"rule:{terms['rule_id']}", "type": terms["type"], **when}
        if terms["type"] != "cash":
            return {**gift, "program_id": terms["program_id"], "points": terms.get("points")}
        least = worth(terms, terms["min"], members, friends)
        most = worth(terms, terms["max"], members, friends)
        if most <= 0:
            return None
        if least < most:
            step = max(1, in_proportion(terms, terms["step"], members, friends))
            gift["draw"] = {"min": least, "max": most, "step": step}
        else:
            gift["amount_minor"] = most
        return {**gift, "withdraw_after_wins": terms["withdraw_after_wins"]}

    def _write_decisions(self, decisions, written):
        """What is owed stays in the budget, at what it came to; the rest of it is free again.

        :param dict decisions: as `_decide`
        :param dict written: ``{(seat id, key): the subsidy}``, those that were not there before
        """
        changes = []
        for reservation, row in decisions.items():
            subsidy = row and written.get((row["seat_id"], row["key"]))
            if row and not subsidy and reservation.state != "reserved":
                continue
            units = 0
            if subsidy and row["key"].startswith("rule:") and reservation.units:
                units = {"cash": subsidy.amount_minor, "points": subsidy.points}.get(row["type"], 1)
            state = "decided" if row else "nothing"
            kind = row["type"] if row else reservation.type
            changes.append(SQL("(%s, %s, %s, %s)", reservation.id, state, kind, units))
        if not changes:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_subsidy_reservation held
                   SET state = decided.state, type = decided.type,
                       units = LEAST(held.counted_units, decided.units)
                  FROM (VALUES %s) AS decided (id, state, type, units)
                 WHERE held.id = decided.id
                """,
                SQL(", ").join(changes),
            )
        )
        self.env["pinbu.subsidy.reservation"].invalidate_model(flush=False)


def _people(seats):
    """Who is who among these seats: shoppers who share a phone or an address count as one.

    :return: ``{seat: some value that is the same for one person}``
    :rtype: dict
    """
    parents = {}

    def root(mark):
        while (parent := parents.setdefault(mark, mark)) != mark:
            mark = parent
        return mark

    for seat in seats:
        own, *others = _marks(seat)
        for mark in others:
            parents[root(mark)] = root(own)
    return {seat: root(_marks(seat)[0]) for seat in seats}


def _marks(seat):
    """:return: what tells this seat's shopper from others: who, which phones, which address"""
    partner = seat.partner_id
    address = seat.order_id.partner_shipping_id
    marks = [("shopper", partner.id)]
    for phone in {partner.phone, address.phone} - {False, None, ""}:
        digits = "".join(char for char in phone if char.isdigit())
        marks.append(("phone", digits[-11:]))
    # Who picks up, or is served at the counter, has given none.
    if address and address != partner:
        place = (address.state_id.id, address.city, address.street2, address.street)
        marks.append(("address", *("".join(str(part or "").split()).lower() for part in place)))
    return marks
