import json
from contextlib import nullcontext
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError

from ..models.pinbu_job import Kind

REFUSAL = "It is broken."


class JobMixin:
    """The scheduler of long jobs, for tests of any add-on of the suite."""

    def run_jobs(self):
        """What Odoo's scheduler does at once."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.job"]._cron_work()
        self.env.invalidate_all()

    def told(self, user):
        """:return: what the bus has told this user of jobs, oldest first"""
        self.env.cr.flush()
        channel = f'"res.partner",{user.partner_id.id}]'
        rows = self.env["bus.bus"].search([("channel", "like", channel)], order="id")
        messages = [json.loads(row.message) for row in rows]
        return [message["payload"] for message in messages if message["type"] == "pinbu.job"]


def marking(registry, size=2, groups="pinbu_groupbuy.group_user", work=None):
    """A sort of work for tests: each contact, by its id, gets another mark. One whose name is
    ``broken`` is refused."""
    original = registry["pinbu.job"]._kinds

    def mark(job, ids):
        for partner in job.env["res.partner"].browse(ids):
            partner.sudo().ref = (partner.ref or "") + "x"
            if partner.name == "broken":
                raise UserError(REFUSAL)
            if work:
                work(partner)

    def kinds(self):
        return original(self) | {
            "mark": Kind(
                label="Mark",
                groups=groups,
                work=lambda ids: mark(self, ids),
                describe=lambda id_: {"res_model": "res.partner", "res_id": id_},
                size=size,
            )
        }

    return patch.object(registry["pinbu.job"], "_kinds", kinds)
