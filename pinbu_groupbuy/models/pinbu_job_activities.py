"""Moves of many activities, each by itself."""

from odoo import api, models

from .pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "activities": Kind(
                label=self.env._("Move activities"),
                groups="pinbu_groupbuy.group_user",
                work=self._work_activities,
                describe=lambda id_: {"res_model": "pinbu.activity", "res_id": id_},
                # Each is checked on its own, and holds its product no longer than that takes.
                size=1,
            )
        }

    def _work_activities(self, activity_ids):
        for activity in self.env["pinbu.activity"].browse(activity_ids):
            match self.sudo().params["move"]:
                case "publish":
                    activity.action_publish()
                case "stop":
                    activity.action_stop()
                case "resume":
                    activity.action_resume()
