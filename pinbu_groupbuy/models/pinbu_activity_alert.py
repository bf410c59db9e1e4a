"""Tasks for whoever looks after an activity: what the dashboard says, said to one person."""

import logging

from odoo import api, fields, models

from ..const import SETTLEMENT_PATIENCE

_logger = logging.getLogger(__name__)


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    # === BUSINESS METHODS === #

    @api.model
    def _short_of_stock(self, company):
        """:return: the activities of which fewer pieces are left than their forming teams still
        need. Not those that keep the whole team's pieces, nor presales."""
        forming = (
            self.env["pinbu.team"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "forming"),
                    ("stock_policy", "!=", "open"),
                    ("deadline", ">", self.env.cr.now()),
                    ("activity_id.is_presale", "=", False),
                ],
                ["activity_id"],
                ["size:sum", "seats_paid:sum", "merchant_places:sum"],
            )
        )
        missing = {activity: size - paid - merchants for activity, size, paid, merchants in forming}
        # One query for the stock of all their variants.
        self.browse(activity.id for activity in missing).sudo().line_ids.mapped("available")
        return self.browse(
            activity.id
            for activity, places in missing.items()
            if sum(activity.line_ids.mapped("available")) < places
        )

    @api.model
    def _alert_notes(self, company):
        """Hook: of what somebody is to be told, by type of task.

        :return: ``{XML id of the activity type: {activity: function of an environment in the
                 reader's language that says it}}``
        :rtype: dict
        """
        dashboard = self.env["pinbu.dashboard"]
        late = self.env["pinbu.team"]._read_group(
            dashboard._late_teams_domain(company), ["activity_id"], ["__count"]
        )
        unshipped = self.env["stock.picking"]._read_group(
            dashboard._unshipped_domain(company), ["pinbu_activity_id"], ["__count"]
        )
        return {
            "pinbu_groupbuy.mail_activity_type_settlement": {
                activity: lambda env, count=count: env._(
                    "Teams past their deadline for over %(minutes)s minutes and not decided: "
                    "%(count)s.",
                    count=count,
                    minutes=int(SETTLEMENT_PATIENCE.total_seconds() // 60),
                )
                for activity, count in late
            },
            "pinbu_groupbuy.mail_activity_type_stock": {
                activity: lambda env: env._(
                    "Fewer pieces are left than the forming teams still need: get more, or stop "
                    "new openings."
                )
                for activity in self._short_of_stock(company)
            },
            "pinbu_groupbuy.mail_activity_type_shipping": {
                activity: lambda env, count=count: env._(
                    "Deliveries of formed teams that have not left for over 48 hours: %s.", count
                )
                for activity, count in unshipped
                if activity
            },
        }

    # === SCHEDULER === #

    @api.model
    def _cron_alert(self):
        """Give a task to whoever looks after an activity that needs a person, once until it is
        done, and not again on that day; take it back when nothing is wrong any more."""
        for company in self.env["res.company"].sudo().search([]):
            try:
                with self.env.cr.savepoint():
                    self.with_company(company).sudo()._tell_all(company)
            except Exception:
                _logger.warning(
                    "Telling the people of company %s failed", company.id, exc_info=True
                )
        self.env["ir.cron"]._commit_progress(1)

    def _tell_all(self, company):
        for type_xml_id, notes in self._alert_notes(company).items():
            try:
                with self.env.cr.savepoint():
                    self._tell(company, type_xml_id, notes)
            except Exception:
                _logger.warning("Telling of %s failed", type_xml_id, exc_info=True)

    def _tell(self, company, type_xml_id, notes):
        today = fields.Date.context_today(self)
        tasks = (
            self.env["mail.activity"]
            .with_context(active_test=False)
            .search(
                [
                    ("res_model", "=", self._name),
                    ("activity_type_id", "=", self.env.ref(type_xml_id).id),
                    "|",
                    ("active", "=", True),
                    ("date_done", ">=", today),
                ]
            )
        )
        told = set(tasks.mapped("res_id"))
        for activity, note in notes.items():
            if activity.id not in told:
                user = activity._responsible_user()
                activity.with_context(lang=user.lang).activity_schedule(
                    type_xml_id,
                    user_id=user.id,
                    note=note(activity.with_context(lang=user.lang).env),
                )
        over = self.browse(tasks.filtered("active").mapped("res_id")).filtered(
            lambda activity: activity.company_id == company and activity not in notes
        )
        over.activity_feedback([type_xml_id])
