"""What several activities have brought: a workbook of each, in one archive."""

import base64
import io
import zipfile

from odoo import api, models

from ..file_names import file_name
from ..result_workbook import result_workbook
from .pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "results": Kind(
                label=self.env._("Export results"),
                groups="pinbu_groupbuy.group_user",
                work=self._work_results,
                describe=lambda id_: {"res_model": "pinbu.activity", "res_id": id_},
                size=1,
                finish=self._finish_results,
            )
        }

    def _work_results(self, activity_ids):
        for activity in self.env["pinbu.activity"].browse(activity_ids):
            activity._check_may_see_result()
            content = base64.b64encode(result_workbook(activity)).decode()
            # Activities that follow on each other have the same name.
            name = file_name(activity.name, f" ({activity.id}).xlsx")
            self._keep_part([name, content])

    def _finish_results(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._parts():
                archive.writestr(name, base64.b64decode(content))
        self._attach(f"{self.name}.zip", file.getvalue())
