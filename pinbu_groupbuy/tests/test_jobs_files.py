"""Files that long jobs make, numbers that they write, teams that they decide."""

import base64
import io
import zipfile
from unittest.mock import patch

from openpyxl import load_workbook
from reportlab.pdfgen.canvas import Canvas

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import GroupBuyCase
from .job_common import JobMixin
from .test_tracking_import import xlsx
from .test_warehouse import WarehouseCase

MODELS = "odoo.addons.pinbu_groupbuy.models"


@tagged("post_install", "-at_install")
class TestExportJobs(JobMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", "pinbu_groupbuy.group_user", lang="en_US")
        cls.clerk = new_test_user(cls.env, "clerk", "stock.group_stock_user")
        cls.allow(cls.seller)

    @classmethod
    def allow(cls, user):
        user.group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]

    def setUp(self):
        super().setUp()
        self.orders = self.form_team().order_ids.sorted("id")
        self.orders[0].write({"pinbu_invoice_title": "=cmd|evil", "pinbu_tax_number": "0123456789"})
        self.orders[1].pinbu_invoice_title = '{=HYPERLINK("https://evil.example")}'

    def job(self, action):
        return self.env["pinbu.job"].with_user(self.seller).browse(action["res_id"])

    def file(self, job):
        """:return: the file as its user downloads it"""
        self.assertIn(f"/{job.attachment_id.id}?", job.action_download()["url"])
        return io.BytesIO(job.attachment_id.with_user(self.seller).raw)

    def check_orders(self, job):
        self.assertEqual((job.state, job.done), ("done", 3))
        sheet = load_workbook(self.file(job)).worksheets[0]
        head, *rows = sheet.iter_rows(values_only=True)
        rows = [dict(zip(head, row, strict=True)) for row in rows]
        self.assertEqual([row["Order Reference"] for row in rows], self.orders.mapped("name"))
        self.assertEqual(rows[0]["Total"], self.orders[0].amount_total)
        # A text stays one, whatever a spreadsheet would make of it.
        for row in (2, 3):
            self.assertEqual(sheet.cell(row, head.index("Invoice Title") + 1).data_type, "s")
        self.assertEqual(rows[0]["Invoice Title"], "=cmd|evil")
        self.assertFalse(self.env["pinbu.job.part"].search([]))

    def test_invoice_data_of_few_at_once(self):
        action = self.orders.with_user(self.seller).action_pinbu_export_invoices()
        self.assertEqual(action["type"], "ir.actions.act_url")
        job = self.env["pinbu.job"].search([("user_id", "=", self.seller.id)])
        self.check_orders(job.with_user(self.seller))

    def test_invoice_data_of_many(self):
        orders = self.orders.with_user(self.seller)
        with patch(f"{MODELS}.sale_order_invoice_data.AT_ONCE", 2):
            job = self.job(orders.action_pinbu_export_invoices())
        self.assertFalse(job.attachment_id)
        kinds = self.registry["pinbu.job"]._kinds

        def in_parts(jobs):
            found = kinds(jobs)
            return found | {"orders": found["orders"]._replace(size=2)}

        with patch.object(self.registry["pinbu.job"], "_kinds", in_parts):
            self.run_jobs()
        self.check_orders(job)
        self.assertTrue(self.told(self.seller)[-1]["url"])

    def test_who_may_not_export(self):
        with self.assertRaises(AccessError):
            self.orders.with_user(self.clerk).action_pinbu_export_invoices()
        self.seller.group_ids = [Command.unlink(self.env.ref("base.group_allow_export").id)]
        self.env.ref("base.group_user").implied_ids = [
            Command.unlink(self.env.ref("base.group_allow_export").id)
        ]
        with self.assertRaises(AccessError):
            self.orders.with_user(self.seller).action_pinbu_export_invoices()

    def test_results_of_several_activities(self):
        nuts = self.make_activity(self.make_product("Nuts", 10), price=5, name="Nuts / mixed")
        activities = (self.activity | nuts).with_user(self.seller)
        job = self.job(activities.action_export_results())
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("done", 2))
        with zipfile.ZipFile(self.file(job)) as archive:
            names = archive.namelist()
            self.assertEqual(
                names,
                [
                    f"{self.activity.name} ({self.activity.id}).xlsx",
                    f"Nuts - mixed ({nuts.id}).xlsx",
                ],
            )
            book = load_workbook(io.BytesIO(archive.read(names[1])))
        self.assertEqual(book.worksheets[0]["A1"].value, "Nuts / mixed")
        one = self.activity.with_user(self.seller).action_export_results()
        self.assertIn("/result.xlsx", one["url"])
        with self.assertRaises(AccessError):
            (self.activity | nuts).with_user(self.clerk).action_export_results()

    def test_names_that_no_file_may_have(self):
        names = {
            "../../etc/passwd": "-..-etc-passwd",
            "C:\\nuts\n\x07\x1b\u202egpj": "C--nuts gpj",
            " .hidden?": "hidden-",
            "...": "",
            "拼" * 100: "拼" * 60,
            "拼" * 99 + "团": "拼" * 60,
        }
        activities = self.activity.browse().union(
            *(self.make_activity(name=name, publish=False) for name in names)
        )
        job = self.job(activities.with_user(self.seller).action_export_results())
        self.run_jobs()
        with zipfile.ZipFile(self.file(job)) as archive:
            found = archive.namelist()
            self.assertIsNone(archive.testzip())
        for activity, name, stem in zip(activities, found, names.values(), strict=True):
            ending = f"({activity.id}).xlsx"
            if len(activity.name) < 50:
                self.assertEqual(name, f"{stem} {ending}".strip())
            else:
                # Cut, but for what tells them apart.
                self.assertTrue(name.startswith(stem) and name.endswith(ending), name)
                self.assertLessEqual(len(name.encode()), 200)


@tagged("post_install", "-at_install")
class TestTrackingJob(JobMixin, WarehouseCase):
    def setUp(self):
        super().setUp()
        self.orders = self.form_team("won").order_ids.sorted("id")
        self.pickings = self.orders.picking_ids.sorted("id")
        patched = patch("odoo.addons.pinbu_groupbuy.wizard.tracking_import.AT_ONCE", 1)
        patched.start()
        self.addCleanup(patched.stop)

    def start(self, *rows):
        content = base64.b64encode(xlsx(["Order", "Tracking number"], *rows))
        wizard = self.env["pinbu.tracking.import"].with_user(self.clerk).create({"file": content})
        action = wizard.action_import()
        return self.env["pinbu.job"].with_user(self.clerk).browse(action["res_id"])

    def test_many_rows(self):
        rows = [[order.name, f"SF1000{n}"] for n, order in enumerate(self.orders)]
        job = self.start(*rows, ["nowhere", "SF99999"])
        self.assertEqual(self.start(*rows, ["nowhere", "SF99999"]), job)
        self.assertFalse(any(self.pickings.mapped("carrier_tracking_ref")))
        # Somebody else is faster with one of them.
        self.pickings[1].carrier_tracking_ref = "SF77777"
        self.run_jobs()
        self.assertEqual((job.state, job.total, job.failed_count), ("failed", 4, 2))
        self.assertEqual(
            self.pickings.mapped("carrier_tracking_ref"), ["SF10000", "SF77777", "SF10002"]
        )
        reasons = job.failure_ids.mapped("reason")
        self.assertTrue(any("SF77777" in reason for reason in reasons))
        self.assertTrue(any("nowhere" in name for name in job.failure_ids.mapped("name")))

    def test_rights_taken_away(self):
        job = self.start(*([order.name, f"SF1000{order.id}"] for order in self.orders)).sudo()
        self.clerk.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.run_jobs()
        self.assertEqual(job.state, "cancelled")
        self.assertFalse(any(self.pickings.mapped("carrier_tracking_ref")))


@tagged("post_install", "-at_install")
class TestSlipsJob(JobMixin, WarehouseCase):
    def setUp(self):
        super().setUp()
        self.pickings = self.deliveries(self.form_team("won")).sorted("id", reverse=True)
        patched = patch(f"{MODELS}.stock_picking_slips.SLIPS_AT_ONCE", 2)
        patched.start()
        self.addCleanup(patched.stop)

    def print_slips(self):
        """The printer draws pages as wide as the delivery's number, and none of a broken one."""
        seen = []

        def draw(reports, report, ids):
            seen.append((reports.env.uid, reports.env.su))
            file = io.BytesIO()
            canvas = Canvas(file)
            for picking in reports.env["stock.picking"].browse(ids):
                if picking.note:
                    raise ValueError("wkhtmltopdf has failed")
                canvas.setPageSize((100 + picking.id, 100))
                canvas.showPage()
            canvas.save()
            return file.getvalue(), "pdf"

        action = self.pickings.action_pinbu_slips()
        job = self.env["pinbu.job"].with_user(self.clerk).browse(action["res_id"])
        with patch.object(self.registry["ir.actions.report"], "_render_qweb_pdf", draw):
            self.run_jobs()
        self.assertEqual(set(seen), {(self.clerk.id, False)})
        file = PdfFileReader(io.BytesIO(job.attachment_id.raw))
        return job, [round(page.mediaBox[2]) - 100 for page in file.pages]

    def test_one_file_in_the_order_of_the_list(self):
        job, pages = self.print_slips()
        self.assertEqual((job.state, pages), ("done", self.pickings.ids))
        self.assertTrue(job.attachment_id.name.endswith(".pdf"))

    def test_one_that_cannot_be_drawn_stops_no_other(self):
        self.pickings[1].note = "broken"
        with mute_logger(f"{MODELS}.pinbu_job"):
            job, pages = self.print_slips()
        self.assertEqual((job.state, job.failed_count), ("failed", 1))
        self.assertEqual(pages, [self.pickings[0].id, self.pickings[2].id])
        self.assertEqual(job.failure_ids.name, self.pickings[1].display_name)

    def test_few_are_printed_as_ever(self):
        action = self.pickings[:2].action_pinbu_slips()
        self.assertEqual(action["report_name"], "stock.report_deliveryslip")

    def test_who_may_not(self):
        with self.assertRaises(AccessError):
            self.pickings.with_user(self.marketing).action_pinbu_slips()


@tagged("post_install", "-at_install")
class TestTeamsJob(JobMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", "pinbu_groupbuy.group_user", lang="en_US")
        cls.clerk = new_test_user(cls.env, "clerk", "stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self.teams = self.env["pinbu.team"].browse(
            self.join(self.shopper(f"s{number}")).team_id.id for number in range(3)
        )

    def apply(self, action, user=None, **values):
        wizards = self.env["pinbu.team.interventions"].with_user(user or self.seller)
        context = {"active_model": "pinbu.team", "active_ids": self.teams.ids}
        values = {"action": action, "reason": "The supplier is late", **values}
        return wizards.with_context(**context).create(values).action_apply()

    def test_few_at_once(self):
        self.assertEqual(self.apply("fail")["tag"], "display_notification")
        self.assertEqual(set(self.teams.mapped("state")), {"failed"})
        self.assertEqual(set(self.teams.mapped("failure")), {"merchant"})
        for team in self.teams:
            [row] = team.transition_ids.filtered("note")
            self.assertEqual((row.note, row.user_id), ("The supplier is late", self.seller))

    def test_one_that_is_decided_stops_no_other(self):
        self.teams[1]._fail_by_hand("Before")
        action = self.apply("form")
        job = self.env["pinbu.job"].with_user(self.seller).browse(action["res_id"])
        self.assertEqual((job.state, job.failed_count), ("failed", 1))
        self.assertEqual(job.failure_ids.name, self.teams[1].display_name)
        self.assertEqual(self.teams.mapped("state"), ["formed", "failed", "formed"])

    def test_many_in_the_background(self):
        with patch("odoo.addons.pinbu_groupbuy.wizard.team_interventions.AT_ONCE", 2):
            action = self.apply("fail")
        job = self.env["pinbu.job"].with_user(self.seller).browse(action["res_id"])
        self.assertEqual(set(self.teams.mapped("state")), {"forming"})
        # As if a process had been killed after the first team, before it said so.
        self.teams[0].with_user(self.seller).sudo()._fail_by_hand("The supplier is late")
        self.run_jobs()
        self.assertEqual((job.state, job.done, job.failed_count), ("done", 3, 0))
        self.assertEqual(set(self.teams.mapped("state")), {"failed"})

    def test_deadline(self):
        self.apply("deadline", deadline="2099-01-01 00:00:00")
        self.assertEqual({str(team.deadline) for team in self.teams}, {"2099-01-01 00:00:00"})

    def test_who_may_not(self):
        with self.assertRaises(AccessError):
            self.apply("fail", user=self.clerk)
        self.assertEqual(set(self.teams.mapped("state")), {"forming"})
