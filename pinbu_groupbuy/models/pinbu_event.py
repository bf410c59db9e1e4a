from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

# What a client kept longer than this is of no use any more.
OLDEST = timedelta(days=1)


class PinbuEvent(models.Model):
    """A view or a tap of some visitors of the shop: a sample, to compare pages by."""

    _name = "pinbu.event"
    _description = "Shop Visit Event"
    _order = "at desc, id desc"
    _log_access = False

    at = fields.Datetime(required=True)
    name = fields.Char(required=True)
    element = fields.Char(help="What was tapped, or which version of a page was shown.")
    activity_id = fields.Many2one("pinbu.activity", ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    visitor = fields.Char(
        required=True, help="The same for all that one visitor does on one day; tells not who."
    )

    # In the order of time, so a few pages of it say where a day is.
    _at_index = models.Index("USING brin (at)")

    # === BUSINESS METHODS === #

    @api.model
    def _api_keep(self, items, visitor):
        """Keep what a visitor did, if the visitor belongs to the sample.

        :param items: ``schemas.EventItem``
        :param str visitor: whatever tells visitors apart; only a keyed hash of it is kept
        """
        now = self.env.cr.now()
        company = self.env.company.sudo()
        # The day of the figures: who comes before and after midnight elsewhere is one visitor.
        day = self.env["pinbu.activity.day"]._today(company)
        mark = hmac(self.env(su=True), "pinbu.event", [day.isoformat(), visitor])[:16]
        if int(mark, 16) % 100 >= company.pinbu_event_percent:
            return
        recent = [item for item in items if item.at > now - OLDEST]
        if not recent:
            return
        activities = self.env["pinbu.activity"]
        wanted = {item.activity_id for item in recent if item.activity_id}
        domain = activities._api_domain() & fields.Domain(
            "id", "in", [id_ for id_ in wanted if 0 < id_ < 2**31]
        )
        known = set(activities.sudo().search(domain).ids)
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s)",
                min(item.at, now).replace(microsecond=0),
                item.name,
                item.element,
                item.activity_id if item.activity_id in known else None,
                company.id,
                mark,
            )
            for item in recent
        ]
        # Losing the last of them in a crash matters less than waiting for the disk each time.
        self.env.cr.execute("SET LOCAL synchronous_commit = off")
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_event (at, name, element, activity_id, company_id, visitor)"
                " VALUES %s",
                SQL(", ").join(rows),
            )
        )
