"""Work that takes long: who may start it, how it goes on, and what they see of it."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..models.pinbu_job import AT_ONCE, CRON, MOST_ATTEMPTS, MOST_FAILURES, MOST_LOSSES
from ..models.pinbu_retention_job import JOB_DAYS
from .job_common import JobMixin, marking
from .test_warehouse import WarehouseCase

WIZARD = "odoo.addons.pinbu_groupbuy.wizard.batch_by_activity.AT_ONCE"
LOGGER = "odoo.addons.pinbu_groupbuy.models.pinbu_job"


@tagged("post_install", "-at_install")
class TestJobs(JobMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ann = new_test_user(cls.env, "ann", "pinbu_groupbuy.group_user", lang="en_US")
        cls.bob = new_test_user(cls.env, "bob", "pinbu_groupbuy.group_user")
        cls.boss = new_test_user(cls.env, "boss", "pinbu_groupbuy.group_manager")
        cls.clerk = new_test_user(cls.env, "clerk", "stock.group_stock_user")
        cls.people = cls.env["res.partner"].create([{"name": f"P{n}"} for n in range(5)])
        cls.env["pinbu.job"].search([]).unlink()

    def setUp(self):
        super().setUp()
        self.marking()

    def marking(self, **kwargs):
        patched = marking(self.registry, **kwargs)
        patched.start()
        self.addCleanup(patched.stop)

    def start(self, user=None, people=None, key="all"):
        jobs = self.env["pinbu.job"].with_user(user or self.ann)
        return jobs._start("mark", "Mark all", key, (people or self.people).ids)

    def marks(self):
        return [partner.ref or "" for partner in self.people]

    def test_it_goes_on_to_its_end_and_tells(self):
        job = self.start()
        self.assertEqual((job.state, job.total, job.done), ("waiting", 5, 0))
        self.assertEqual(self.marks(), [""] * 5)
        self.run_jobs()
        self.assertEqual((job.state, job.done, job.failed_count), ("done", 5, 0))
        self.assertEqual(self.marks(), ["x"] * 5)
        self.assertTrue(job.started_at and job.finished_at)
        told = self.told(self.ann)
        self.assertEqual([(m["id"], m["done"]) for m in told], [(job.id, n) for n in (2, 4, 5, 5)])
        self.assertEqual((told[0]["state"], told[-1]["state"]), ("running", "done"))
        self.assertEqual(told[-1]["title"], "Mark all")
        self.assertIs(told[-1]["url"], False)
        self.assertFalse(self.told(self.bob) + self.told(self.boss))
        # What was to be done is not kept.
        self.assertFalse(job.sudo().items)
        self.run_jobs()
        self.assertEqual(self.marks(), ["x"] * 5)

    def test_a_broken_one_does_not_stop_the_rest(self):
        self.people[2].name = "broken"
        job = self.start()
        self.run_jobs()
        self.assertEqual((job.state, job.done, job.failed_count), ("failed", 5, 1))
        # Nothing of the broken one stays, and nothing of its neighbour is done twice.
        self.assertEqual(self.marks(), ["x", "x", "", "x", "x"])
        [failure] = job.failure_ids
        self.assertEqual((failure.name, failure.reason), ("broken", "It is broken."))
        self.assertEqual(self.told(self.ann)[-1]["state"], "failed")

    def test_a_defect_is_logged_and_says_nothing(self):
        def work(partner):
            if partner == self.people[0]:
                raise ValueError("the secret of the house")

        self.marking(work=work)
        job = self.start()
        with mute_logger(LOGGER):
            self.run_jobs()
        self.assertEqual((job.state, job.failed_count), ("failed", 1))
        self.assertNotIn("secret", job.failure_ids.reason)

    def test_not_every_reason_is_kept(self):
        many = self.env["res.partner"].create([{"name": "broken"}] * (MOST_FAILURES + 3))
        job = self.start(people=many)
        self.run_jobs()
        self.assertEqual(job.failed_count, MOST_FAILURES + 3)
        self.assertEqual(len(job.failure_ids), MOST_FAILURES)

    def test_a_second_click(self):
        first = self.start()
        self.assertEqual(self.start(), first)
        others = self.start(user=self.bob) | self.start(key="others")
        self.assertEqual(len(first | others), 3)
        self.run_jobs()
        # Once it is over it may be asked for again.
        self.assertNotEqual(self.start(), first)

    def test_jobs_take_turns(self):
        order = []
        self.marking(work=lambda partner: order.append(partner.env.user))
        jobs = (self.start() | self.start(user=self.bob)).sudo()
        self.run_jobs()
        self.assertEqual(jobs.mapped("state"), ["done", "done"])
        # The second one did not wait for the first one's end.
        self.assertIn(self.ann, order[order.index(self.bob) :])

    def test_cancel(self):
        job = self.start()
        with self.assertRaises(AccessError):
            job.with_user(self.bob).action_cancel()
        job.action_cancel()
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 0))
        self.assertEqual(self.marks(), [""] * 5)
        self.assertIn("ann", job.reason)
        theirs = self.start(user=self.bob)
        theirs.with_user(self.boss).action_cancel()
        self.assertEqual(theirs.state, "cancelled")

    def test_who_may_not(self):
        with self.assertRaises(AccessError):
            self.start(user=self.clerk)
        portal = new_test_user(self.env, "portal shopper", "base.group_portal")
        with self.assertRaises(AccessError):
            self.start(user=portal)
        self.assertFalse(self.env["pinbu.job"].search([]))

    def test_rights_taken_away_meanwhile(self):
        def work(partner):
            if partner == self.people[1]:
                self.ann.group_ids = [Command.set(self.env.ref("base.group_user").ids)]

        self.marking(work=work)
        job = self.start().sudo()
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 2))
        self.assertEqual(self.marks(), ["x", "x", "", "", ""])
        self.assertEqual(self.told(self.ann)[-1]["state"], "cancelled")

    def test_its_add_on_was_uninstalled(self):
        """What nobody can do any more holds up no other job."""
        left = self.start(key="left").sudo()
        left.flush_recordset()
        self.env.cr.execute(SQL("UPDATE pinbu_job SET kind = 'uninstalled' WHERE id = %s", left.id))
        left.invalidate_recordset()
        job = self.start()
        self.run_jobs()
        self.assertEqual((left.state, job.state), ("cancelled", "done"))
        with self.assertRaises(UserError):
            job.action_show_result()

    def test_gone_or_in_another_company(self):
        other = self.env["res.company"].create({"name": "The other shop"})
        gone, moved = self.start().sudo(), self.start(user=self.bob).sudo()
        self.ann.active = False
        self.bob.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.run_jobs()
        self.assertEqual((gone.state, moved.state), ("cancelled", "cancelled"))
        self.assertEqual(self.marks(), [""] * 5)

    def test_no_more_rights_than_its_user(self):
        seen = []

        def work(partner):
            seen.append((partner.env.uid, partner.env.su, partner.env.company))
            partner.name = "They may not"

        self.marking(work=work)
        job = self.start()
        self.run_jobs()
        self.assertEqual(set(seen), {(self.ann.id, False, self.env.company)})
        self.assertEqual((job.state, job.failed_count), ("failed", 5))

    def test_what_kills_the_process_does_not_do_so_for_ever(self):
        job = self.start().sudo()
        job.attempts = MOST_ATTEMPTS
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 0))

    def lose(self, partner):
        """What PostgreSQL tells of a row that others have changed meanwhile."""
        if partner == self.people[3]:
            raise SerializationFailure

    def test_what_loses_against_others_waits_and_is_woken(self):
        self.marking(work=self.lose)
        job = self.start().sudo()
        other = self.start(user=self.bob, people=self.people[:2])
        cron = self.env.ref(CRON)
        cron.active = True
        self.run_jobs()
        self.assertEqual((job.state, job.done, job.attempts), ("running", 2, 0))
        # Twice at once, then in a while; nobody else waits for that.
        self.assertEqual(job.losses, 3)
        self.assertGreater(job.retry_at, fields.Datetime.now())
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(job.retry_at, triggers.mapped("call_at"))
        self.assertEqual(other.state, "done")
        # The others have gone.
        self.marking()
        job.retry_at = fields.Datetime.now()
        self.run_jobs()
        self.assertEqual((job.state, job.losses), ("done", 0))
        self.assertEqual(self.marks(), ["xx", "xx", "x", "x", "x"])

    def test_it_waits_longer_each_time_and_not_for_ever(self):
        self.marking(work=self.lose)
        before = fields.Datetime.now()
        job = self.start().sudo()
        self.run_jobs()
        for losses, seconds in enumerate((5, 15, 60, 300, *[300] * (MOST_LOSSES - 6)), start=3):
            self.assertEqual(job.losses, losses)
            wait = timedelta(seconds=seconds)
            self.assertLessEqual(before + wait, job.retry_at)
            self.assertLessEqual(job.retry_at, fields.Datetime.now() + wait)
            before = job.retry_at = fields.Datetime.now()
            self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 2))
        self.assertIn(str(MOST_LOSSES), job.reason)

    def test_who_sees_it(self):
        self.people[2].name = "broken"
        job = self.start()
        self.run_jobs()
        for user, seen in ((self.ann, True), (self.boss, True), (self.bob, False)):
            jobs = self.env["pinbu.job"].with_user(user)
            self.assertEqual(job.id in jobs.search([]).ids, seen, user.login)
            self.assertEqual(bool(self.env["pinbu.job.failure"].with_user(user).search([])), seen)
        other = self.env["res.company"].create({"name": "The other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "pinbu_groupbuy.group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["pinbu.job"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.start().write({"state": "done"})

    def test_a_file_is_for_who_asked_for_it(self):
        job = self.start()
        with self.assertRaises(UserError):
            job.action_download()
        job.sudo().attachment_id = (
            self.env["ir.attachment"].with_user(self.ann).create({"name": "a.csv", "raw": b"1"})
        )
        self.assertIn(str(job.attachment_id.id), job.action_download()["url"])
        with self.assertRaises(AccessError):
            job.with_user(self.boss).action_download()
        with self.assertRaises(AccessError):
            job.attachment_id.with_user(self.boss).read(["raw"])

    def test_it_is_not_kept(self):
        job = self.start()
        self.run_jobs()
        file = self.env["ir.attachment"].create({"name": "a.csv", "raw": b"1"})
        job.sudo().attachment_id = file
        retention = self.env["pinbu.retention"]
        retention._delete_some("pinbu.job")
        self.assertTrue(job.exists())
        going_on = self.start()
        job.sudo().finished_at = fields.Datetime.now() - timedelta(days=JOB_DAYS, minutes=1)
        retention._delete_some("pinbu.job")
        self.assertFalse(job.exists() or file.exists())
        self.assertTrue(going_on.exists())


@tagged("post_install", "-at_install")
class TestBatchJob(JobMixin, WarehouseCase):
    """More deliveries than a browser waits for, put into batches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch(WIZARD, 2))

    def wizard(self, user=None, **values):
        wizards = self.env["pinbu.batch.by.activity"].with_user(user or self.clerk)
        return wizards.create({**wizards.default_get(["line_ids"]), **values})

    def test_many_go_on_in_the_background(self):
        self.form_team("a")
        self.form_team("b")
        action = self.wizard(size=4).action_batch()
        job = self.env["pinbu.job"].with_user(self.clerk).browse(action["res_id"])
        self.assertEqual((action["res_model"], job.total), ("pinbu.job", 2))
        pickings = self.env["stock.picking"].with_user(self.clerk)
        self.assertFalse(pickings.search([("batch_id", "!=", False)]))
        # The second click shows the same.
        self.assertEqual(self.wizard(size=3).action_batch()["res_id"], job.id)
        self.run_jobs()
        self.assertEqual((job.state, job.has_result), ("done", True))
        action = job.action_show_result()
        batches = self.env["stock.picking.batch"].with_user(self.clerk).search(action["domain"])
        self.assertEqual([len(b.picking_ids) for b in batches.sorted("id")], [4, 2])
        self.assertEqual(batches.create_uid, self.clerk)
        self.assertEqual(set(batches.mapped("state")), {"in_progress"})

    def test_what_was_taken_meanwhile_stays_where_it_is(self):
        team = self.form_team("a")
        wizard = self.wizard(size=2)
        job = self.env["pinbu.job"].browse(wizard.action_batch()["res_id"])
        taken = self.deliveries(team).sorted("id")[:2]
        other = self.env["stock.picking.batch"].create({"picking_ids": [Command.set(taken.ids)]})
        self.run_jobs()
        self.assertEqual((job.state, job.failed_count), ("failed", 1))
        self.assertEqual(other.picking_ids, taken.sudo())
        self.assertEqual(len(self.env["stock.picking.batch"].browse(job.made).picking_ids), 1)

    def test_rights_taken_away(self):
        self.form_team("a")
        job = self.env["pinbu.job"].browse(self.wizard(size=2).action_batch()["res_id"])
        self.clerk.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 0))

    def test_few_are_done_at_once(self):
        self.assertGreaterEqual(AT_ONCE, 100)
        self.form_team("a")
        wizard = self.wizard(size=2)
        with patch(WIZARD, 3):
            self.assertEqual(wizard.action_batch()["res_model"], "stock.picking.batch")
        self.assertFalse(self.env["pinbu.job"].search([("kind", "=", "batch")]))
