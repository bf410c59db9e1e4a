from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation, RaiseException

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..facts import Facts, Verdict

# Nobody may ever set a time for these.
FOR_GOOD = (
    "pinbu.identity.log",
    "pinbu.seat",
    "pinbu.subsidy",
    "pinbu.team",
    "pinbu.transition",
    "pinbu.wallet.entry",
    "pinbu.withdrawal",
)


@tagged("post_install", "-at_install")
class TestRetention(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.other = cls.env["res.company"].create(
            {"name": "The other shop", "pinbu_risk_event_days": 3000, "pinbu_case_days": 3000}
        )
        cls.partner = new_test_user(cls.env, "Ann", "base.group_portal").partner_id
        cls.now = fields.Datetime.now()

    def age(self, records, column, days):
        """As if these had come `days` ago."""
        records.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                SQL.identifier(column),
                self.now - timedelta(days=days),
                records.ids,
            )
        )
        records.invalidate_recordset()

    def delete_old(self):
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.retention"]._cron_delete()
        self.env.invalidate_all()

    def make_event(self, days, company=None):
        """:return: an event of so many days ago; written as such, since none is ever changed"""
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_risk_event (kind, outcome, company_id, partner_ref, create_date)"
                " VALUES ('open', 'allowed', %s, %s, %s) RETURNING id",
                (company or self.company).id,
                self.partner.id,
                self.now - timedelta(days=days),
            )
        )
        return self.env["pinbu.risk.event"].browse(self.env.cr.fetchone()[0])

    def test_events(self):
        self.company.pinbu_risk_event_days = 100
        young, old = self.make_event(99), self.make_event(101)
        foreign = self.make_event(101, self.other)
        self.delete_old()
        self.assertFalse(old.exists())
        self.assertEqual((young + foreign).exists(), young + foreign)

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_what_is_young(self):
        young, old = self.make_event(59), self.make_event(61)
        with self.assertRaises(RaiseException), self.cr.savepoint():
            self.cr.execute("DELETE FROM pinbu_risk_event WHERE id = %s", [young.id])
        with self.assertRaises(RaiseException), self.cr.savepoint():
            self.cr.execute("TRUNCATE pinbu_risk_event")
        with self.assertRaises(RaiseException), self.cr.savepoint():
            self.cr.execute("UPDATE pinbu_risk_event SET kind = 'join' WHERE id = %s", [old.id])
        with self.assertRaises(CheckViolation), self.cr.savepoint():
            self.company.pinbu_risk_event_days = 59
            self.env.flush_all()

    def test_cases(self):
        cases = self.env["pinbu.risk.case"]
        for company in (self.company, self.other):
            facts = Facts("open", company.id, self.partner.id)
            cases._open(self.cr, [(facts, Verdict("review", [1]))])
        decided, foreign = cases.search([("partner_id", "=", self.partner.id)], order="id")
        decided.message_post(body="She is honest.")
        message = decided.message_ids
        (decided + foreign).sudo().write({"state": "approved"})
        self.env.flush_all()
        still = cases.browse(
            cases._insert(self.cr, [(self.company.id, self.partner.id, "review", [1])])
        )
        self.env.flush_all()
        self.age(decided + foreign + still, "write_date", 731)
        self.delete_old()
        self.assertFalse(decided.exists())
        self.assertFalse(message.exists())
        # What nobody has decided, and what another shop keeps for longer.
        self.assertEqual((still + foreign).exists(), still + foreign)

    def test_what_was_decided_is_kept_as_long_as_what_it_was_about(self):
        self.company.write({"pinbu_risk_event_days": 100, "pinbu_case_days": 1})
        cases = self.env["pinbu.risk.case"]
        for days, is_kept in ((99, True), (101, False)):
            with self.subTest(days):
                facts = Facts("open", self.company.id, self.partner.id)
                cases._open(self.cr, [(facts, Verdict("delay", [1]))])
                case = cases.search([("partner_id", "=", self.partner.id)], limit=1)
                case.sudo().state = "approved"
                self.env.flush_all()
                self.age(case, "write_date", days)
                self.delete_old()
                self.assertEqual(bool(case.exists()), is_kept)

    def test_blocks(self):
        block = {"partner_id": self.partner.id, "reason": "A farm"}
        standing, over, lifted, soon = self.env["pinbu.risk.block"].create(
            [
                block,
                {**block, "expires_at": self.now - timedelta(days=731)},
                {**block, "active": False},
                {**block, "expires_at": self.now - timedelta(days=1)},
            ]
        )
        self.env.flush_all()
        self.age(standing + over + lifted + soon, "write_date", 731)
        self.delete_old()
        self.assertFalse((over + lifted).exists())
        self.assertEqual((standing + soon).exists(), standing + soon)

    def test_consents(self):
        gone = new_test_user(self.env, "Bob", "base.group_portal").partner_id
        gone.user_ids.active = False
        gone.active = False
        first, last, left, young = self.env["pinbu.consent"].create(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "version": version,
                    "given_at": self.now - timedelta(days=days),
                }
                for partner, version, days in (
                    (self.partner, "1", 1097),
                    (self.partner, "2", 1096),
                    (gone, "1", 1096),
                    (gone, "2", 1094),
                )
            ]
        )
        self.delete_old()
        self.assertFalse((first + left).exists())
        self.assertEqual((last + young).exists(), last + young)

    @mute_logger("odoo.addons.pinbu_groupbuy.models.pinbu_retention", "odoo.sql_db")
    def test_what_fails_does_not_stop_the_rest(self):
        old = self.make_event(400)
        retention = self.registry["pinbu.retention"]
        kept = retention._kept_for_a_time

        def with_a_broken_one(job):
            return {**kept(job), "pinbu.event": SQL("SELECT nothing")}

        with patch.object(retention, "_kept_for_a_time", with_a_broken_one):
            self.delete_old()
        self.assertFalse(old.exists())

    def test_what_is_never_deleted(self):
        self.assertFalse(set(self.env["pinbu.retention"]._kept_for_a_time()) & set(FOR_GOOD))

    def test_an_administrator_sets_it(self):
        admin = new_test_user(
            self.env, "boss", "base.group_system", company_ids=[Command.link(self.company.id)]
        )
        settings = self.env["res.config.settings"].with_user(admin).create({"pinbu_case_days": 9})
        settings.execute()
        self.assertEqual(self.company.pinbu_case_days, 9)
