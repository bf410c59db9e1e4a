import json
from datetime import timedelta

import psycopg2
from psycopg2.errors import RaiseException

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import format_datetime, mute_logger

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin

from ..audited import MASK, WATCHED, Words
from .rights_common import NEW_KEY, OLD_KEY, KeysMixin


class AuditMixin:
    """Who reads what was written since a test began."""

    def set_up_audit(self):
        users = self.env["res.users"]
        self.auditor = users.search([("login", "=", "auditor")]) or new_test_user(
            self.env, "auditor", "pinbu_risk.group_auditor"
        )
        self.manager = users.search([("login", "=", "audited")]) or new_test_user(
            self.env, "audited", "pinbu_groupbuy.group_manager", name="Mia Manager"
        )
        self.env.flush_all()
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM pinbu_audit_log")
        self.before = self.env.cr.fetchone()[0]

    def log(self, *domain):
        """:return: what was written since the test began, as the auditor reads it, in order"""
        logs = self.env["pinbu.audit.log"].with_user(self.auditor)
        return logs.search([("id", ">", self.before), *domain], order="id")

    def values(self, row):
        return json.loads(row.changes or "{}")

    def mine(self, record):
        return record.with_user(self.manager)


class AuditCase(AuditMixin, KeysMixin, GroupBuyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def setUp(self):
        super().setUp()
        self.use_keys(OLD_KEY)
        self.set_up_audit()


@tagged("post_install", "-at_install")
class TestAudit(AuditCase):
    def test_a_change_tells_who_what_and_both_values(self):
        rule = self.env["pinbu.risk.rule"].create(
            {"name": "Mine", "threshold": 5, "company_id": self.company.id}
        )
        self.before = self.log()[-1].id
        self.mine(rule).threshold = 8
        row = self.log()
        self.assertEqual(
            (row.action, row.model, row.res_id), ("changed", "pinbu.risk.rule", rule.id)
        )
        self.assertEqual((row.user_ref, row.user_name), (self.manager.id, "Mia Manager"))
        self.assertEqual((row.record_name, row.company_id), ("Mine", self.company))
        self.assertEqual(self.values(row), {"threshold": [5, 8]})
        self.assertIn("5", row.changes_html)
        self.assertIn("8", row.changes_html)
        self.assertIn("5 → 8", row.changes_short)

    def test_a_moment_to_the_fraction_of_a_second(self):
        ends_at = self.activity.ends_at + timedelta(days=1, microseconds=461283)
        self.mine(self.activity).ends_at = ends_at
        self.assertIn(format_datetime(self.log().env, ends_at), self.log()[-1].changes_short)

    def test_nothing_is_written_where_nothing_changed(self):
        rule = self.env["pinbu.risk.rule"].create({"name": "Mine", "threshold": 5})
        self.before = self.log()[-1].id
        rule.threshold = 5
        self.assertFalse(self.log())

    def test_activities_with_their_lines(self):
        activity = self.make_activity(size=2)
        created = self.log(("model", "=", "pinbu.activity"), ("action", "=", "created"))
        self.assertEqual(created.res_id, activity.id)
        self.assertEqual(self.values(created)["size"], [None, 2])
        lines = self.log(("model", "=", "pinbu.activity.line"), ("action", "=", "created"))
        self.assertEqual(set(lines.mapped("res_id")), set(activity.line_ids.ids))
        self.mine(activity).action_stop()
        self.assertEqual(self.values(self.log()[-1]), {"is_stopped": [False, True]})

    def test_what_is_deleted_leaves_its_values(self):
        category = self.env["pinbu.activity.category"].create({"name": "Snacks"})
        number = category.id
        self.mine(category).unlink()
        row = self.log(("action", "=", "deleted"))
        self.assertEqual((row.res_id, row.record_name), (number, "Snacks"))
        self.assertEqual(self.values(row)["name"], ["Snacks", None])
        with self.assertRaises(UserError):
            row.action_open_record()

    def test_secrets_are_masked(self):
        webhook = self.env["pinbu.webhook"].create(
            {
                "name": "ERP",
                "url": "https://erp.example.com/hook",
                "event_ids": [Command.link(self.env.ref("pinbu_groupbuy.webhook_event_test").id)],
            }
        )
        secret = webhook.secret
        self.mine(webhook).action_renew_secret()
        key = self.mine(self.env["pinbu.api.key"]).create(
            {"name": "ERP", "scope_ids": self.env["pinbu.api.scope"].search([], limit=1).ids}
        )
        shown = key.action_make()["context"]["default_key"]
        self.env["ir.config_parameter"].set_param("pinbu_wechat.api_key", "very secret")
        self.manager.password = "correct horse battery"
        texts = " ".join(filter(None, self.log().mapped("changes")))
        for hidden in (
            secret,
            webhook.secret,
            shown.rpartition("_")[2],
            key.sudo().secret_hash,
            "very secret",
            "correct horse",
        ):
            self.assertNotIn(hidden, texts)
        changed = self.log(("model", "=", "pinbu.webhook"), ("action", "=", "changed"))
        self.assertEqual(self.values(changed), {"secret": [MASK, MASK]})
        made = self.log(("model", "=", "pinbu.api.key"), ("action", "=", "changed"))
        self.assertEqual(self.values(made)["secret_hash"], [None, MASK])
        user = self.log(("model", "=", "res.users"))
        self.assertEqual(self.values(user), {"password": [None, MASK]})

    def test_settings_of_the_company_and_of_the_server(self):
        self.company.pinbu_return_days = 3
        self.set_up_audit()
        self.env["res.config.settings"].create(
            {"pinbu_return_days": 9, "pinbu_limit_money_shopper": 7}
        ).execute()
        company = self.log(("model", "=", "res.company"))
        self.assertEqual(self.values(company)["pinbu_return_days"], [3, 9])
        parameter = self.log(("record_name", "=", "pinbu_groupbuy.limit_money_shopper"))
        self.assertEqual(self.values(parameter)["value"][1], "7")

    def test_other_parameters_are_none_of_its_business(self):
        self.env["ir.config_parameter"].set_param("mail.something", "1")
        self.company.email = "shop@example.com"
        self.assertFalse(self.log())

    def test_rights_of_staff_and_not_of_shoppers(self):
        group = self.env.ref("pinbu_risk.group_officer")
        self.manager.group_ids = [Command.link(self.env.ref("stock.group_stock_user").id)]
        row = self.log(("model", "=", "res.users"))
        taken, given = self.values(row)["group_ids"]
        self.assertEqual((taken, len(given)), ([], 1))
        group.user_ids = [Command.link(self.manager.id)]
        row = self.log(("model", "=", "res.groups"))
        self.assertEqual(self.values(row)["user_ids"], [[], [[self.manager.id, "Mia Manager"]]])
        rows = len(self.log())
        shopper = self.env["res.users"]._create_shopper({"name": "Ann", "login": "wx:ann"})
        shopper.active = False
        self.assertEqual(len(self.log()), rows)

    def test_rows_do_not_say_who_a_shopper_is(self):
        ann = self.env["res.partner"].create({"name": "Ann Secretly"})
        block = self.env["pinbu.risk.block"].create(
            {"subject": "partner", "partner_id": ann.id, "reason": "a farm of Secretly's"}
        )
        row = self.log(("model", "=", "pinbu.risk.block"))
        self.assertEqual((row.res_id, row.record_name), (block.id, False))
        self.assertTrue(row.display_name.endswith(f"#{block.id}"), "a page needs a title")
        [[], [[number, name]]] = self.values(row)["partner_id"]
        self.assertEqual(number, ann.id)
        self.assertNotIn("Secretly", f"{name}{row.changes}")
        # Whoever reads the log is told, as it was then.
        ann.name = "Ann Newly"
        self.env.invalidate_all()
        for text in ("Ann Secretly", "a farm of Secretly's"):
            self.assertIn(text, row.changes_html.unescape())
        block.with_context(pinbu_note="She called").action_lift()
        row = self.log(("model", "=", "pinbu.risk.block"))[-1]
        self.assertNotIn("called", row.reason)
        self.assertEqual(row.why, "She called")
        for text in ("she c", "Mia"):
            found = self.log(("why", "ilike", text))
            self.assertEqual(found, row if text == "she c" else row.browse())
        made = self.log(("model", "=", "pinbu.risk.block"), ("action", "=", "created"))
        for text in ("ann secretly", "farm of", '"subject"', "Mia"):
            found = self.log(("changes_short", "ilike", text), ("res_id", "=", block.id))
            self.assertEqual(found, made.browse() if text == "Mia" else made, text)

    def test_references_have_names_and_selections_labels(self):
        """Those of then; labels in the language of who reads."""
        one, two = self.env["pinbu.activity.category"].create([{"name": "Tea"}, {"name": "Nuts"}])
        activity = self.make_activity(size=2, category_id=one.id)
        self.mine(activity).category_id = two
        row = self.log(("model", "=", "pinbu.activity"), ("action", "=", "changed"))[-1]
        two.name = "Dried fruit"
        self.assertEqual(self.values(row)["category_id"], [[[one.id, "Tea"]], [[two.id, "Nuts"]]])
        self.assertIn("Tea → Nuts", row.with_context(lang="en_US").changes_short)
        rule = self.env["pinbu.risk.rule"].create({"name": "Mine", "company_id": self.company.id})
        self.mine(rule).action = "delay"
        row = self.log(("model", "=", "pinbu.risk.rule"), ("action", "=", "changed"))
        self.assertEqual(self.values(row), {"action": ["refuse", "delay"]})
        labels = dict(rule._fields["action"]._description_selection(self.env))
        self.assertIn(f"{labels['refuse']} → {labels['delay']}", row.changes_short)

    # === WHO READS IT === #

    def test_only_auditors_read_it(self):
        self.make_activity(size=2)
        self.assertTrue(self.log())
        groups = (
            "base.group_system",
            "pinbu_groupbuy.group_manager",
            "pinbu_risk.group_officer",
            "pinbu_risk.group_identity",
        )
        for number, group in enumerate(groups):
            user = new_test_user(self.env, f"curious{number}", f"{group},base.group_user")
            for model in (
                "pinbu.audit.log",
                "pinbu.audit.check",
                "pinbu.audit.head",
                "pinbu.audit.words",
            ):
                with self.subTest(group, model=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.env["pinbu.audit.log"].with_user(user).action_check_now()

    def test_an_auditor_has_nothing_else(self):
        """Beyond what everybody has who works here."""
        staff = new_test_user(self.env, "clerk of all work", "base.group_user")
        theirs = {"pinbu.audit.log", "pinbu.audit.check", "pinbu.audit.head"}
        for name, model in self.env.registry.items():
            if model._abstract:
                continue
            for operation in ("read", "write", "create", "unlink"):
                access = self.env[name].with_user(self.auditor).has_access(operation)
                usual = self.env[name].with_user(staff).has_access(operation)
                mine = name in theirs and operation == "read"
                self.assertEqual(access, usual or mine, f"{operation} {name}")

    def test_nobody_writes_it(self):
        self.make_activity(size=2)
        row = self.log()[0]
        for user in (self.auditor, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                row.with_user(user).reason = "nothing"
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
            with self.assertRaises(AccessError):
                row.with_user(user).create({"action": "changed", "model": "res.users"})
        with self.assertRaises(UserError):
            row.sudo().unlink()

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_to_change_it(self):
        self.make_activity(size=2)
        for statement in (
            "UPDATE pinbu_audit_log SET reason = 'nothing'",
            "DELETE FROM pinbu_audit_log",
            "TRUNCATE pinbu_audit_log",
        ):
            with self.assertRaises(RaiseException), self.env.cr.savepoint():
                self.env.cr.execute(statement)
        self.assertTrue(issubclass(RaiseException, psycopg2.Error))

    def test_another_company_is_not_seen(self):
        other = self.env["res.company"].create({"name": "The other shop"})
        category = self.env["pinbu.activity.category"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        self.assertFalse(self.log(("res_id", "=", category.id), ("model", "=", category._name)))
        self.auditor.company_ids = [Command.link(other.id)]
        logs = self.env["pinbu.audit.log"].with_user(self.auditor)
        logs = logs.with_context(allowed_company_ids=(self.company + other).ids)
        self.assertTrue(logs.search([("res_id", "=", category.id), ("company_id", "=", other.id)]))

    def test_every_watched_model_is_one(self):
        for model, watch in WATCHED.items():
            with self.subTest(model):
                records = self.env[model]
                for name in (watch.only or frozenset()) | watch.but:
                    self.assertIn(name, records._fields)


@tagged("post_install", "-at_install")
class TestAuditCheck(AuditCase):
    """Somebody with the database's password and time."""

    def setUp(self):
        super().setUp()
        # What was written before, with whatever key this machine has, is not of this story.
        self.tamper("DELETE FROM pinbu_audit_log")
        self.tamper("DELETE FROM pinbu_audit_head")
        self.before = 0
        for number in range(5):
            self.mine(self.env["pinbu.activity.category"]).create({"name": f"Row {number}"})
        self.rows = self.log()
        self.assertEqual(len(self.rows), 5)

    def tamper(self, statement, *args):
        cr = self.env.cr
        cr.execute("ALTER TABLE pinbu_audit_log DISABLE TRIGGER USER")
        cr.execute(statement, args)
        cr.execute("ALTER TABLE pinbu_audit_log ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def check(self):
        """As the auditor, by the button. :return: ``(whether sound, [(code, first, last), …])``"""
        action = self.env["pinbu.audit.log"].with_user(self.auditor).action_check_now()
        check = self.env[action["res_model"]].with_user(self.auditor).browse(action["res_id"])
        self.assertEqual(check.user_id, self.auditor)
        found = [
            (one["code"], one["first"], one.get("last"))
            for one in check.findings or []
            if one["code"] != "open"
        ]
        self.result = check.result
        return check.is_sound, found

    def test_a_whole_log_is_sound(self):
        self.assertEqual(self.check(), (True, []))

    def test_words_about_a_shopper(self):
        ann, ben = self.env["res.partner"].create([{"name": "Ann"}, {"name": "Ben"}])
        for partner in (ann, ben):
            self.env["pinbu.risk.block"].create({"partner_id": partner.id, "reason": "a farm"})
        self.assertEqual(self.check(), (True, []))
        words = "pinbu_audit_words"
        for statement, code in (
            (f"UPDATE {words} SET text = 'an angel' WHERE person_ref = %s", "words_changed"),
            (
                # A letter of the words for one of the secret: the hash over both is the same.
                f"UPDATE {words} SET salt = salt || left(text, 1), text = substr(text, 2)"
                " WHERE person_ref = %s",
                "words_changed",
            ),
            (f"DELETE FROM {words} WHERE person_ref = %s", "words_missing"),
        ):
            with self.subTest(code), self.env.cr.savepoint() as savepoint:
                self.tamper(statement, ann.id)
                is_sound, [(found, count, _last)] = self.check()
                # The name, and the reason.
                self.assertEqual((is_sound, found, count), (False, code, 2))
                self.assertIn("2", self.result)
                savepoint.rollback()
        # Another contact takes what is said of the one that is no more.
        self.env["base.partner.merge.automatic.wizard"]._merge([ann.id, ben.id], ben)
        self.assertFalse(ann.exists())
        self.assertEqual(self.check(), (True, []))
        self.env["pinbu.audit.words"]._forget(ben.ids, [])
        self.assertFalse(self.env["pinbu.audit.words"].search([("text", "=", "a farm")]))
        self.env["pinbu.audit.log"]._write("forgotten", ben)
        self.assertEqual(self.check(), (True, []))

    def test_words_are_missed_until_their_shopper_is_deleted(self):
        """Neither who asks for it nor who writes so into a table takes words away unseen."""
        ann = self.env["res.partner"].create({"name": "Ann"})
        self.env["pinbu.risk.block"].create({"partner_id": ann.id, "reason": "a farm"})
        deletion = self.env["pinbu.account.deletion"].create(
            {"partner_id": ann.id, "company_id": self.company.id}
        )
        self.tamper("DELETE FROM pinbu_audit_words WHERE person_ref = %s", ann.id)
        for state in ("requested", "done"):
            self.tamper("UPDATE pinbu_account_deletion SET state = %s", state)
            is_sound, [(found, count, _last)] = self.check()
            self.assertEqual((is_sound, found, count), (False, "words_missing", 2))
        deletion.unlink()

    def test_words_about_who_has_left(self):
        """The log says that it was done by hand, and no longer why."""
        ann = self.env["res.partner"].create({"name": "Ann"})
        deletion = self.env["pinbu.account.deletion"].create(
            {"partner_id": ann.id, "company_id": self.company.id}
        )
        log, words = self.env["pinbu.audit.log"], self.env["pinbu.audit.words"]
        log._write("by_hand", ann, reason="She has only asked")
        self.assertTrue(words.search([("text", "=", "She has only asked")]))
        deletion.state = "done"
        words._forget(ann.ids, ["Ann"])
        log._write("forgotten", ann)
        log._write("by_hand", ann, reason="Ann wrote once more")
        self.assertFalse(words.search([("person_ref", "=", ann.id)]))
        self.assertNotIn("Ann", self.log()[-1].why)
        self.assertEqual(self.check(), (True, []))

    def test_words_about_a_shopper_of_a_company(self):
        """They go with that shopper, and not with the company."""
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        ann = new_test_user(self.env, "ann", "base.group_portal", name="Ann").partner_id
        ann.parent_id = firm
        self.env["pinbu.risk.block"].create({"partner_id": ann.id, "reason": "a farm"})
        words = self.env["pinbu.audit.words"]
        self.assertTrue(words.search([("person_ref", "=", ann.id)]))
        self.assertFalse(words.search([("person_ref", "=", firm.id)]))

    def test_nobody_types_the_place_of_words(self):
        """It would be missed for ever, since rows are never changed."""
        ann = self.env["res.partner"].create({"name": "Ann"})
        place = Words.place(ann.id, "0" * 64)
        self.mine(self.env["pinbu.activity.category"]).create({"name": place})
        category = self.env["pinbu.activity.category"].search([("name", "=", place)])
        self.env["pinbu.audit.log"]._write("by_hand", category, new={"name": place}, reason=place)
        self.assertEqual(self.check(), (True, []))

    def test_a_removed_row_is_named(self):
        gone = self.rows[2].id
        self.tamper("DELETE FROM pinbu_audit_log WHERE id = %s", gone)
        self.assertEqual(self.check(), (False, [("missing", gone, gone)]))
        self.assertIn(str(gone), self.result)

    def test_removed_from_the_end(self):
        first, last = self.rows[3].id, self.rows[4].id
        self.tamper("DELETE FROM pinbu_audit_log WHERE id >= %s", first)
        self.assertEqual(self.check(), (False, [("missing", first, last)]))
        # Nor do later rows take the places.
        self.env["pinbu.activity.category"].create({"name": "Later"})
        self.assertEqual(self.log()[-1].id, last + 1)
        self.assertEqual(self.check(), (False, [("missing", first, last)]))

    def test_all_removed(self):
        last = self.rows[4].id
        self.tamper("DELETE FROM pinbu_audit_log")
        self.assertEqual(self.check(), (False, [("missing", 1, last)]))

    def test_a_changed_row_is_named(self):
        for column, value in (
            ("user_ref", 1),
            ("reason", "for a reason"),
            ("changes", "{}"),
            ("create_date", "2020-01-01"),
            ("address_prefix", "203.0.0.0/16"),
            ("company_ref", 77),
        ):
            with self.subTest(column), self.env.cr.savepoint() as savepoint:
                changed = self.rows[1].id
                self.tamper(
                    f"UPDATE pinbu_audit_log SET {column} = %s WHERE id = %s", value, changed
                )
                self.assertEqual(self.check(), (False, [("changed", changed, changed)]))
                savepoint.rollback()

    def test_swapped_rows(self):
        one, two = self.rows[1].id, self.rows[2].id
        self.tamper("UPDATE pinbu_audit_log SET id = -id WHERE id IN (%s, %s)", one, two)
        self.tamper("UPDATE pinbu_audit_log SET id = %s WHERE id = %s", two, -one)
        self.tamper("UPDATE pinbu_audit_log SET id = %s WHERE id = %s", one, -two)
        sound, found = self.check()
        self.assertFalse(sound)
        self.assertLessEqual({one, two}, {first for _code, first, _last in found})

    def test_a_row_slipped_in(self):
        last = self.rows[4].id
        self.tamper(
            "INSERT INTO pinbu_audit_log (id, action, model, create_date, seal)"
            " VALUES (%s, 'changed', 'res.users', now(), 'made up')",
            last + 1,
        )
        self.assertEqual(self.check(), (False, [("changed", last + 1, last + 1)]))

    def test_who_knows_the_code_does_not_know_the_key(self):
        """A row changed and sealed anew, as this server would without a key."""
        from ..models import pinbu_audit_log as module

        number = self.rows[4].id
        self.env.cr.execute(
            "SELECT * FROM pinbu_audit_log WHERE id >= %s ORDER BY id", [number - 1]
        )
        before, row = self.env.cr.dictfetchall()
        row["reason"] = "all in order"
        self.use_keys()
        _key, seal = module.make_seal(before["seal"], row)
        self.use_keys(OLD_KEY)
        self.tamper(
            "UPDATE pinbu_audit_log SET reason = %s, seal = %s, key_id = NULL WHERE id = %s",
            row["reason"],
            seal,
            number,
        )
        self.tamper("UPDATE pinbu_audit_head SET seal = %s", seal)
        sound, found = self.check()
        self.assertFalse(sound)
        self.assertIn(("keyless", number, number), found)
        self.assertIn("head", [code for code, _first, _last in found])

    def test_the_head_put_back(self):
        self.tamper("DELETE FROM pinbu_audit_log WHERE id = %s", self.rows[4].id)
        self.tamper(
            "UPDATE pinbu_audit_head SET last_ref = %s, seal = %s",
            self.rows[3].id,
            self.rows[3].seal,
        )
        self.assertEqual(self.check(), (False, [("head", None, None)]))
        self.tamper("DELETE FROM pinbu_audit_head")
        self.assertEqual(self.check(), (False, [("head", None, None)]))

    def test_a_new_key_and_a_lost_one(self):
        self.use_keys(NEW_KEY, OLD_KEY)
        self.env["pinbu.activity.category"].create({"name": "With the new key"})
        self.assertEqual(self.check(), (True, []))
        self.use_keys(NEW_KEY)
        sound, found = self.check()
        self.assertFalse(sound)
        self.assertEqual(found, [("no_key", number, number) for number in self.rows.ids])

    def test_the_nightly_check_calls_the_auditors_once(self):
        checks = self.env["pinbu.audit.check"]
        self.env.ref("pinbu_risk.ir_cron_check_audit").method_direct_trigger()
        tasks = [("res_model", "=", checks._name), ("user_id", "=", self.auditor.id)]
        self.assertFalse(self.env["mail.activity"].search(tasks))
        gone = self.rows[2].id
        self.tamper("DELETE FROM pinbu_audit_log WHERE id = %s", gone)
        with mute_logger("odoo.addons.pinbu_risk.models.pinbu_audit_check"):
            checks._cron_check()
            checks._cron_check()
        task = self.env["mail.activity"].search(tasks)
        self.assertEqual(len(task), 1)
        self.assertIn(str(gone), task.note)
