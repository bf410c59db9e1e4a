import io
import json
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rights_common import IDENTITY, NEW_KEY, RightsCase

ADDRESS = {
    "name": "张三丰",
    "phone": "13812345678",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 1 号",
}


@tagged("post_install", "-at_install")
class TestDataExport(RightsCase):
    def make(self):
        self.run_cron("pinbu.data.export", "_cron_make")

    def fetch(self, token=None):
        response = self.url_open(
            "/pinbu/api/v1/me/export/file",
            headers={"Authorization": f"Bearer {token or self.ann}"},
        )
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/zip")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            return json.loads(archive.read("data.json"))

    def test_everything_held_about_a_shopper(self):
        self.post("/me/addresses", ADDRESS)
        order = self.buy(self.ann)
        self.buy(self.ben, order["team"])
        self.give_identity()
        self.give(self.partner, 1234)
        self.post("/me/appeals", {"text": "I am no robot"})
        self.assertEqual(self.get("/me/export").code, "not_found")

        answer = self.post("/me/export")
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual((answer.data["state"], answer.data["url"]), ("requested", None))
        self.assertEqual(self.get("/me/export/file").code, "not_found")
        self.make()
        answer = self.get("/me/export")
        self.assertEqual(answer.data["state"], "ready")
        self.assertTrue(answer.data["url"].endswith("/pinbu/api/v1/me/export/file"))

        data = self.fetch()
        self.assertEqual(data["customer"]["name"], "ann")
        self.assertEqual(data["customer"]["login"], "demo:ann")
        self.assertEqual(
            {name: data["identity"][name] for name in ("real_name", "id_number", "state")},
            {**IDENTITY, "state": "pending"},
        )
        self.assertEqual([a["street"] for a in data["addresses"]], [ADDRESS["street"]])
        self.assertEqual([o["name"] for o in data["orders"]], [order["name"]])
        self.assertEqual(len(data["payments"]), 1)
        self.assertEqual(data["wallet"]["balance"], 1234)
        self.assertEqual([e["amount"] for e in data["wallet_entries"]], [1234])
        self.assertEqual([a["text"] for a in data["appeals"]], ["I am no robot"])
        self.assertEqual(
            [(e["kind"], e["outcome"]) for e in data["risk_events"]],
            [("open", "allowed"), ("registration", "allowed")],
        )
        # Another member of the team is another person.
        self.assertNotIn("ben", json.dumps(data))
        log = self.env["pinbu.identity.log"].search([], limit=1)
        self.assertEqual((log.kind, log.partner_id), ("exported", self.partner))

    def test_only_its_shopper_fetches_it(self):
        self.give_identity()
        self.post("/me/export")
        self.make()
        for path in ("/me/export", "/me/export/file"):
            self.assertEqual(self.get(path, self.ben).code, "not_found")
            self.assertEqual(self.call("GET", path).code, "unauthenticated")
        exports = self.env["pinbu.data.export"]
        for user in (self.marketer, self.clerk, self.user_of("ann")):
            with self.assertRaises(AccessError):
                exports.with_user(user).search([])
        export = exports.with_user(self.officer).search([])
        with self.assertRaises(AccessError):
            export.read(["sealed"])
        # Nor does the stored file tell anything.
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", export._name), ("res_field", "=", "sealed")])
        )
        self.assertTrue(attachment.raw)
        self.assertFalse(zipfile.is_zipfile(io.BytesIO(attachment.raw)))

    def test_asked_again(self):
        first = self.post("/me/export").data["id"]
        self.assertEqual(self.post("/me/export").data["id"], first)
        self.make()
        self.assertEqual(self.post("/me/export").data["state"], "ready")
        export = self.env["pinbu.data.export"].browse(first)
        export.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()
        self.assertEqual(self.get("/me/export").data["state"], "expired")
        self.assertEqual(self.get("/me/export/file").code, "not_found")
        self.make()
        self.assertEqual(export.state, "expired")
        self.assertFalse(export.sudo().sealed)
        self.assertNotEqual(self.post("/me/export").data["id"], first)

    def test_one_that_fails_does_not_stop_the_others(self):
        exports = self.env["pinbu.data.export"]
        broken = exports.browse(self.post("/me/export").data["id"])
        self.post("/me/export", token=self.ben)
        build = type(exports)._build

        def fail(export):
            if export.id == broken.id:
                raise ValueError("no file")
            return build(export)

        with (
            patch.object(type(exports), "_build", fail),
            mute_logger("odoo.addons.pinbu_risk.jobs"),
        ):
            self.make()
        self.assertEqual(self.get("/me/export").data["state"], "requested")
        self.assertEqual(self.get("/me/export", self.ben).data["state"], "ready")
        self.make()
        self.assertEqual(self.get("/me/export").data["state"], "ready")

    def test_without_a_key(self):
        self.use_keys()
        self.assertEqual(self.post("/me/export").code, "not_allowed_now")

    def test_a_key_that_is_gone(self):
        self.post("/me/export")
        self.make()
        self.use_keys(NEW_KEY)
        self.assertEqual(self.get("/me/export/file").code, "not_found")
