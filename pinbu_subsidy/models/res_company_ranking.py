from datetime import date, timedelta

from odoo import models

# What a period without end starts on.
EVER = date(1970, 1, 1)
DAYS = {"today": 1, "week": 7}


class ResCompany(models.Model):
    _inherit = "res.company"

    def _pinbu_period_start(self, period, moment):
        """:param str period: ``today``, ``week`` (from Monday on) or ``all``
        :param datetime.datetime moment: in UTC
        :return: the first day of the period that `moment` lies in, in the company's time zone
        :rtype: datetime.date
        """
        day = self._pinbu_date(moment)
        if period == "week":
            return day - timedelta(days=day.weekday())
        return day if period == "today" else EVER

    def _pinbu_period_end(self, period, starts_on):
        """:return: when the period that starts on this day ends, in UTC; None for ``all``"""
        if period == "all":
            return None
        return self._pinbu_day(starts_on + timedelta(days=DAYS[period]))
