"""The catalogue in the API: which activities a list shows, and in what order."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

from .. import pinyin
from ..api.paging import search_page

MAX_WORDS = 8


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    @api.model
    def _api_list(self, query):
        """:param schemas.ActivitiesQuery query: filters, order and page
        :return: (activities with sudo, next cursor)
        """
        domain = self._api_on_offer_domain()
        if query.mode:
            # The contract names modes that this version does not have yet.
            known = query.mode in dict(self._fields["mode"].selection)
            domain &= Domain("mode", "=", query.mode) if known else Domain.FALSE
        for word in pinyin.normalise(query.q).split()[:MAX_WORDS]:
            domain &= Domain("search_text", "ilike", escape_psql(word))
        if query.zone:
            domain &= Domain("zone", "=", query.zone)
        if query.category:
            known = query.category < 2**31
            domain &= Domain("category_id", "=", query.category) if known else Domain.FALSE
        sort = query.sort or "default"
        return search_page(
            self.sudo(),
            domain,
            f"activities.{sort}",
            self._api_sort_keys()[sort],
            query,
            moving=True,
        )

    @api.model
    def _api_on_offer_domain(self):
        """What shoppers see without being led there: on offer now, or soon."""
        return self._api_domain() & Domain("state", "in", ["scheduled", "running"])

    def _api_sort_keys(self):
        """:return: for each ``sort``, numeric SQL keys in ascending order"""
        row_id = SQL.identifier("pinbu_activity", "id")
        newest = SQL("(-%s)", row_id)
        line = "FROM pinbu_activity_line line WHERE line.activity_id = pinbu_activity.id"
        return {
            "default": [SQL.identifier("pinbu_activity", "sequence"), newest],
            "new": [SQL("-EXTRACT(EPOCH FROM pinbu_activity.starts_at)"), newest],
            "ending": [SQL("EXTRACT(EPOCH FROM pinbu_activity.ends_at)"), row_id],
            "price": [SQL(f"(SELECT COALESCE(MIN(line.group_price), 0) {line})"), row_id],
            # The pieces taken, which are counted as they are: an activity may have a million seats.
            "hot": [SQL(f"(SELECT -COALESCE(SUM(line.quota_taken), 0) {line})"), newest],
        }
