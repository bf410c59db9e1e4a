"""The same move of several activities: one that cannot be moved stops no other."""

from odoo import models

from .pinbu_job import AT_ONCE


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    # === ACTION METHODS === #

    def action_publish_each(self):
        return self._move_each("publish", self.env._("Publish activities"))

    def action_stop_each(self):
        return self._move_each("stop", self.env._("Stop activities"))

    def action_resume_each(self):
        return self._move_each("resume", self.env._("Resume activities"))

    # === BUSINESS METHODS === #

    def _move_each(self, move, name):
        """Move these, in the background if they are many.

        :return: how far it is or which ones could not be moved, and why; or that all is done
        """
        self.check_access("write")
        job = self.env["pinbu.job"]._start(
            "activities", name, [move, self.ids], self.ids, move=move
        )
        return job._open_progress() if job.total > AT_ONCE else job._do_now()
