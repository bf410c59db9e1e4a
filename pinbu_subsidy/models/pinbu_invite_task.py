from collections import Counter

from odoo import api, fields, models


class PinbuInviteTask(models.Model):
    """A reward for so many friends brought, on top of what each of them is worth."""

    _name = "pinbu.invite.task"
    _description = "Invite Task"
    _inherit = ["pinbu.reward"]
    _order = "friends, id"

    friends = fields.Integer(
        default=3,
        required=True,
        help="Friends whose first paid team has counted: past its return window, no ring, within "
        "the caps.",
    )
    times = fields.Integer(
        default=1, required=True, help="How often one shopper can earn this, at most."
    )
    starts_at = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        help="Friends whose team was final before do not count.",
    )
    ends_at = fields.Datetime(help="Friends whose team is final after this do not count.")

    _counts = models.Constraint(
        "CHECK(friends > 0 AND times > 0)", "A task asks for at least one friend."
    )
    _window = models.Constraint("CHECK(ends_at > starts_at)", "A task ends after it starts.")

    def _compute_display_name(self):
        for task in self:
            task.display_name = self.env._(
                "Bring %(friends)s friends: %(worth)s", friends=task.friends, worth=task.worth
            )

    @api.model
    def _update(self, inviters, company):
        """Owe these inviters what their friends have earned them by now, and take back what
        returns have undone. Safe to repeat, and to call twice at once.

        :param res.partner inviters: whose number of friends has changed
        """
        tasks = self.sudo().search([("company_id", "=", company.id)])
        subsidies = self.env["pinbu.subsidy"].sudo()
        for task in tasks:
            done = task._times_done(inviters)
            given = subsidies.search(
                [
                    ("partner_id", "in", inviters.ids),
                    ("company_id", "=", company.id),
                    ("reason", "=", "task"),
                    ("key", "=like", f"task:{task.id}:%"),
                ],
                order="id",
            ).grouped("partner_id")
            rows = []
            for inviter in inviters:
                ever = given.get(inviter, subsidies)
                standing = ever.filtered(lambda subsidy: subsidy.state != "void")
                surplus = len(standing) - done[inviter.id]
                if surplus > 0:
                    spoken = self.with_context(lang=inviter.lang).env
                    standing[-surplus:]._take_back(spoken._("Friends' orders came back"))
                rows += [
                    {
                        **task._reward_terms(),
                        "partner_id": inviter.id,
                        "company_id": company.id,
                        "reason": "task",
                        "key": f"task:{task.id}:{len(ever) + number}",
                    }
                    for number in range(1, 1 - surplus)
                ]
            if rows:
                subsidies._owe(rows)

    def _times_done(self, inviters):
        """:return: how often each has done this task: ``{partner id: times}``"""
        self.ensure_one()
        domain = [
            ("inviter_id", "in", inviters.ids),
            ("company_id", "=", self.company_id.id),
            ("state", "=", "earned"),
            ("decided_at", ">=", self.starts_at),
        ]
        if self.ends_at:
            domain.append(("decided_at", "<=", self.ends_at))
        counts = self.env["pinbu.invite"].sudo()._read_group(domain, ["inviter_id"], ["__count"])
        return Counter(
            {inviter.id: min(self.times, friends // self.friends) for inviter, friends in counts}
        )
