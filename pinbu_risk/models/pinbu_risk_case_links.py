"""Who may be the same person, or in league, as far as records show."""

from odoo import api, fields, models
from odoo.tools import SQL

# So many accounts are shown, and so many rows looked at for each thing shared.
SHOWN = 30
_AT_MOST = 2000
# What events know somebody again by.
_MARKS = ("device", "account", "phone", "delivery")
# The strongest first: accounts that share more, or something stronger, come first.
KINDS = ("identity", "account", "device", "phone", "delivery", "teams", "inviter", "invited")
# Members of so many teams together are friends, or a ring.
TEAMS = 2


class PinbuRiskCase(models.Model):
    _inherit = "pinbu.risk.case"

    # === BUSINESS METHODS === #

    def _find_links(self):
        """Other accounts that share a device, a phone, a delivery address, a receiving account or
        an ID number with this shopper, fill teams together with them, or brought them.

        Client addresses do not count: carriers put thousands behind one.

        :return: ``{"rows": [{"id": partner, "name", "since": datetime, "state", "why": [text]}],
            "more": how many are not shown}``
        :rtype: dict
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(SQL(" UNION ALL ").join(self._sql_links()))
        shared = {}
        for partner_id, kind, times in self.env.cr.fetchall():
            shared.setdefault(partner_id, {})[kind] = times
        shared.pop(self.partner_id.id, None)
        partners = self.env["res.partner"].sudo().browse(shared).exists()
        ranked = sorted(partners, key=lambda p: (self._strength(shared[p.id]), p.id))
        shown = self.env["res.partner"].sudo().concat(*ranked[:SHOWN])
        states = self._states_of(shown)
        return {
            "rows": [
                {
                    "id": partner.id,
                    "name": partner.display_name,
                    "since": fields.Datetime.to_string(partner.create_date),
                    "state": states.get(partner.id),
                    "why": [
                        {"kind": kind, "text": self._say_link(kind, shared[partner.id][kind])}
                        for kind in KINDS
                        if kind in shared[partner.id]
                    ],
                }
                for partner in shown
            ],
            "more": len(ranked) - len(shown),
        }

    @api.model
    def _strength(self, kinds):
        """:return: a key that sorts the strongest first"""
        found = sorted(map(KINDS.index, kinds))
        return (-len([number for number in found if number < len(_MARKS) + 1]), found)

    def _sql_links(self):
        """:return: SQL statements of ``(partner id, kind, times)``; other modules add theirs"""
        me = {"partner": self.partner_id.id, "company": self.company_id.id, "most": _AT_MOST}
        links = [
            SQL(
                """
                (SELECT partner_ref, %(kind)s, count(*)
                   FROM (SELECT partner_ref FROM pinbu_risk_event
                          WHERE %(mark)s = ANY(ARRAY(
                                    SELECT DISTINCT %(mark)s FROM pinbu_risk_event
                                     WHERE company_id = %(company)s AND partner_ref = %(partner)s
                                       AND %(mark)s IS NOT NULL LIMIT 100))
                            AND company_id = %(company)s AND partner_ref IS NOT NULL
                            AND partner_ref != %(partner)s
                          LIMIT %(most)s) event
               GROUP BY partner_ref)
                """,
                kind=kind,
                mark=SQL.identifier(kind),
                **me,
            )
            for kind in _MARKS
        ]
        links.append(
            SQL(
                """
                (SELECT other.partner_id, 'identity', 1
                   FROM pinbu_identity mine JOIN pinbu_identity other
                     ON other.number_mark = mine.number_mark AND other.company_id = mine.company_id
                  WHERE mine.partner_id = %(partner)s AND mine.company_id = %(company)s
                    AND other.partner_id != %(partner)s LIMIT %(most)s)
                """,
                **me,
            )
        )
        links.append(
            SQL(
                """
                (SELECT partner_id, 'teams', count(DISTINCT team_id)
                   FROM (SELECT other.partner_id, other.team_id
                           FROM pinbu_seat mine JOIN pinbu_seat other
                             ON other.team_id = mine.team_id
                            AND other.state IN ('paid', 'won', 'lost')
                            AND other.partner_id != mine.partner_id
                          WHERE mine.partner_id = %(partner)s AND mine.company_id = %(company)s
                            AND mine.state IN ('paid', 'won', 'lost')
                          LIMIT %(most)s) seat
               GROUP BY partner_id HAVING count(DISTINCT team_id) >= %(teams)s)
                """,
                teams=TEAMS,
                **me,
            )
        )
        links.append(
            SQL(
                """
                (SELECT inviter_id, 'inviter', 1 FROM pinbu_invite
                  WHERE partner_id = %(partner)s AND company_id = %(company)s
                    AND inviter_id IS NOT NULL)
                """,
                **me,
            )
        )
        links.append(
            SQL(
                """
                (SELECT partner_id, 'invited', 1 FROM pinbu_invite
                  WHERE inviter_id = %(partner)s AND company_id = %(company)s LIMIT %(most)s)
                """,
                **me,
            )
        )
        return links

    @api.model
    def _say_link(self, kind, times):
        return {
            "identity": self.env._("same ID number"),
            "account": self.env._("same receiving account"),
            "device": self.env._("same device"),
            "phone": self.env._("same phone"),
            "delivery": self.env._("same delivery address"),
            "teams": self.env._("%s teams together", times),
            "inviter": self.env._("brought them"),
            "invited": self.env._("was brought by them"),
        }[kind]

    def _states_of(self, partners):
        """:return: ``{partner id: "blocked" | "open"}`` of those of whom there is something"""
        here = [("partner_id", "in", partners.ids), ("company_id", "=", self.company_id.id)]
        cases = self.sudo().search([*here, ("state", "=", "open")])
        states = dict.fromkeys(cases.partner_id.ids, "open")
        states |= dict.fromkeys(
            self.env["pinbu.risk.block"].sudo()._standing(here).partner_id.ids, "blocked"
        )
        return states

    def _devices(self):
        """:return: marks of the devices that this shopper used, the newest first
        :rtype: list[str]
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT device FROM pinbu_risk_event
                 WHERE company_id = %s AND partner_ref = %s AND device IS NOT NULL
              GROUP BY device ORDER BY max(create_date) DESC LIMIT 10
                """,
                self.company_id.id,
                self.partner_id.id,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]
