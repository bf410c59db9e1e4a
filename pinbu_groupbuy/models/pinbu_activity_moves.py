"""The moves of an activity between its states, and what must not be lost by them."""

import math
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..transactions import short_transaction

WEEK = timedelta(weeks=1)


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    has_members = fields.Boolean(
        compute="_compute_has_members", help="Somebody has paid for a place, or is about to."
    )

    # === COMPUTE METHODS === #

    @api.depends("team_ids")
    def _compute_has_members(self):
        joined = dict(
            self.env["pinbu.seat"]
            .sudo()
            ._read_group(self._members_domain(), ["activity_id"], ["__count"])
        )
        for activity in self:
            activity.has_members = activity._origin in joined

    def _members_domain(self):
        """Seats of those who took part: paid once, or at checkout now."""
        return Domain("activity_id", "in", self.ids) & (
            Domain("state", "in", ("paid", "won", "lost"))
            | Domain("state", "=", "held") & Domain("hold_until", ">", self.env.cr.now())
        )

    # === CRUD METHODS === #

    def write(self, vals):
        if "is_published" in vals and not vals["is_published"]:
            self.filtered("is_published")._check_unpublishable()
        if "active" in vals and not vals["active"]:
            self.filtered("active")._check_archivable()
        if vals.keys() & {"starts_at", "ends_at"}:
            self._check_window_change(vals)
        return super().write(vals)

    def copy_data(self, default=None):
        """The copy follows on the original, for the same time, or starts now if that is later."""
        vals_list = super().copy_data(default)
        if not (default or {}).keys() & {"starts_at", "ends_at"}:
            now = fields.Datetime.now()
            for activity, vals in zip(self, vals_list, strict=True):
                starts_at = max(activity.ends_at, now)
                length = activity.ends_at - activity.starts_at
                vals.update(starts_at=starts_at, ends_at=starts_at + length)
        return vals_list

    def copy(self, default=None):
        """Shoppers read the name, so it stays as it is; the log says where the copy comes from."""
        copies = super().copy(default)
        for activity, copied in zip(self, copies, strict=True):
            copied._message_log(body=self.env._("Copied from %s.", activity._get_html_link()))
        return copies

    # === ACTION METHODS === #

    def action_unpublish(self):
        """Back to draft, as long as nobody took part."""
        self.write({"is_published": False, "is_stopped": False})

    def action_start_now(self):
        """scheduled -> running"""
        if any(activity.state != "scheduled" for activity in self):
            raise UserError(self.env._("Only a scheduled activity can be started."))
        self.starts_at = self._this_second()
        self._open_super_teams()

    def action_end_now(self):
        """scheduled or running -> ended, as long as nobody has joined."""
        if any(activity.state not in ("scheduled", "running") for activity in self):
            raise UserError(self.env._("Only a scheduled or running activity can be ended."))
        self._check_endable()
        self._close_empty_teams()
        now = self._this_second()
        for activity in self:
            activity.write(
                {
                    "starts_at": min(activity.starts_at, now - relativedelta(seconds=1)),
                    "ends_at": now,
                }
            )

    def action_stop(self):
        """No new teams from now on. Teams that run already play on."""
        if any(activity.state not in ("scheduled", "running") for activity in self):
            raise UserError(self.env._("Only a scheduled or running activity can be stopped."))
        self.is_stopped = True

    def action_resume(self):
        self.is_stopped = False

    def action_copy_next_week(self):
        """The same again a week later, at the same hours, as a draft; where that is past already,
        in the next week that lies ahead."""
        now, copies = fields.Datetime.now(), self.browse()
        for activity in self:
            weeks = max(1, math.ceil((now - activity.starts_at) / WEEK))
            copies += activity.copy(
                {
                    "starts_at": activity.starts_at + weeks * WEEK,
                    "ends_at": activity.ends_at + weeks * WEEK,
                }
            )
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.pinbu_activity_action")
        if len(copies) == 1:
            return {**action, "res_id": copies.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", copies.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _this_second(self):
        return self.env.cr.now().replace(microsecond=0)

    def _check_endable(self):
        """:raise UserError: when ending now would cut short what somebody has joined"""
        for activity in self.filtered("has_members"):
            if activity.mode == "super":
                raise UserError(
                    self.env._(
                        "Shoppers have joined the merchant's team of %s: it plays on to its "
                        "deadline.",
                        activity.display_name,
                    )
                )
            raise UserError(
                self.env._(
                    "Shoppers have joined %s: it cannot end early. Use Stop instead: no new team "
                    "opens, and those that form play on to their own deadlines.",
                    activity.display_name,
                )
            )

    def _check_unpublishable(self):
        """:raise UserError: when shoppers took part, or the merchant's team is open"""
        for activity in self:
            if activity.has_members:
                raise UserError(
                    self.env._(
                        "Shoppers took part in %s, so it cannot go back to draft. Use Stop for no "
                        "new teams, or archive it once no team forms any more.",
                        activity.display_name,
                    )
                )
            if "forming" in activity.team_ids.mapped("state"):
                raise UserError(
                    self.env._(
                        "The merchant's team of %s is open, so it cannot go back to draft. End it "
                        "instead, and start a copy.",
                        activity.display_name,
                    )
                )

    def _check_archivable(self):
        """:raise UserError: while a team forms or somebody is at checkout"""
        busy = (
            self.env["pinbu.team"]
            .sudo()
            .search([("activity_id", "in", self.ids), ("state", "=", "forming")], limit=1)
            .activity_id
            or self.env["pinbu.seat"]
            .sudo()
            .search(self._members_domain() & Domain("state", "=", "held"), limit=1)
            .activity_id
        )
        if busy:
            raise UserError(
                self.env._(
                    "A team of %s still forms. Stop the activity (or end it, if nobody has "
                    "joined), and archive it when its teams are done.",
                    busy.display_name,
                )
            )

    def _check_window_change(self, vals):
        """A window may move, but it neither restarts nor ends what somebody has joined.

        :raise UserError: when it would
        """
        for activity in self.filtered(lambda a: a.state == "running" and a.has_members):
            starts_at = fields.Datetime.to_datetime(vals.get("starts_at", activity.starts_at))
            ends_at = fields.Datetime.to_datetime(vals.get("ends_at", activity.ends_at))
            if starts_at != activity.starts_at:
                raise UserError(
                    self.env._(
                        "Shoppers have joined %s: its start can no longer change.",
                        activity.display_name,
                    )
                )
            if ends_at and ends_at <= self.env.cr.now():
                activity._check_endable()

    def _close_empty_teams(self):
        """End the merchant's own teams, which nobody has joined.

        :raise UserError: when somebody joins in this very moment
        """
        for team in self.sudo().team_ids.filtered(lambda team: team.state == "forming"):
            with short_transaction(self.env) as cr:
                cr.execute(
                    SQL(
                        "SELECT seats_taken FROM pinbu_team WHERE id = %s FOR NO KEY UPDATE",
                        team.id,
                    )
                )
                if cr.fetchone()[0]:
                    raise UserError(self.env._("Somebody has just joined %s.", team.display_name))
                team._fail(cr, team.id, "merchant", [])
                self.env["pinbu.settlement"]._wake(cr)
