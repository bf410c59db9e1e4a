"""How long a shop waits after it has shipped, and the days it counts by."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_receive_days = fields.Integer(
        string="Received After",
        default=10,
        help="Days after its shipment from which an order counts as received, if the shopper does "
        "not say so before.",
    )
    pinbu_return_days = fields.Integer(
        string="Return Window",
        default=7,
        help="Days after its delivery in which an order can be returned without a reason. 0: not "
        "at all.",
    )
    pinbu_answer_days = fields.Integer(
        string="Returns Accepted After",
        default=2,
        help="Days after which a return that nobody has answered is accepted by itself. 0: never.",
    )

    _pinbu_receipt_sane = models.Constraint(
        "CHECK(pinbu_receive_days >= 0 AND pinbu_return_days >= 0 AND pinbu_answer_days >= 0)",
        "Days are not below zero.",
    )

    # === BUSINESS METHODS === #

    def _pinbu_day(self, day):
        """:param datetime.date day: in the company's time zone
        :return: when it starts, in UTC
        :rtype: datetime.datetime
        """
        zone = ZoneInfo(self._pinbu_timezone())
        return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)

    def _pinbu_date(self, moment):
        """:param datetime.datetime moment: in UTC
        :return: the day of this company that it lies in
        :rtype: datetime.date
        """
        zone = ZoneInfo(self._pinbu_timezone())
        return moment.replace(tzinfo=UTC).astimezone(zone).date()
