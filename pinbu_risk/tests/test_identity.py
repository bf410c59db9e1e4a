import base64
import json
from unittest.mock import patch

from psycopg2.errors import RaiseException

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..keyring import Keyring, Unreadable, parse
from .rights_common import ID_NUMBER, IDENTITY, NEW_KEY, OLD_KEY, RightsCase, as_text


@tagged("post_install", "-at_install")
class TestKeyring(TransactionCase):
    def test_seal(self):
        ring = Keyring(dict([OLD_KEY]))
        key_id, sealed = ring.seal(b"secret", "row 1")
        self.assertEqual(key_id, "old")
        self.assertNotIn(b"secret", sealed)
        self.assertNotEqual(ring.seal(b"secret", "row 1")[1], sealed)
        self.assertEqual(ring.open(self.env, key_id, sealed, "row 1"), b"secret")
        broken = bytes([sealed[0] ^ 1]) + sealed[1:]
        for other, purpose in ((sealed, "row 2"), (broken, "row 1"), (b"", "row 1")):
            with self.assertRaises(Unreadable):
                ring.open(self.env, key_id, other, purpose)
        with self.assertRaises(Unreadable):
            Keyring(dict([NEW_KEY])).open(self.env, key_id, sealed, "row 1")

    def test_rotation(self):
        sealed = Keyring(dict([OLD_KEY])).seal(b"secret", "row 1")
        both = Keyring(dict([NEW_KEY, OLD_KEY]))
        self.assertEqual(both.current, "new")
        self.assertEqual(both.open(self.env, *sealed, "row 1"), b"secret")
        mark = Keyring(dict([OLD_KEY])).mark("phone", "138")[1]
        self.assertIn(mark, both.marks("phone", "138"))
        self.assertNotIn(mark, both.marks("login", "138"))

    def test_configuration(self):
        self.assertEqual(parse(as_text(NEW_KEY, OLD_KEY)), dict([NEW_KEY, OLD_KEY]))
        self.assertEqual(list(parse(as_text(NEW_KEY, OLD_KEY))), ["new", "old"])
        self.assertFalse(parse(""))
        short = base64.b64encode(b"short").decode()
        for text in (short, f"a:{short}", "a:***", as_text(OLD_KEY, OLD_KEY)):
            with self.assertRaises(ValueError) as refusal:
                parse(text)
            self.assertNotIn(short, str(refusal.exception))


@tagged("post_install", "-at_install")
class TestIdentity(RightsCase):
    def state(self, token=None):
        return self.get("/me/wallet", token).data["identity"]["state"]

    def test_a_shopper_gives_it(self):
        self.assertEqual(self.state(), "none")
        answer = self.post("/me/identity", IDENTITY)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.data, {"identity": {"state": "pending", "reason": None}})
        self.assertEqual(self.state(), "pending")
        self.assertEqual(self.state(self.ben), "none")
        # Replaced while nobody has verified it.
        self.give_identity(real_name="张无忌")
        identity = self.env["pinbu.identity"].search([])
        self.assertEqual(identity.partner_id, self.partner)
        self.assertEqual(identity.sudo()._open()["real_name"], "张无忌")

    def test_what_is_no_identity(self):
        for field, value in (
            ("id_number", "110101199003074611"),  # the check digit
            ("id_number", "110101199013074613"),  # the thirteenth month
            ("id_number", ID_NUMBER[:-1]),
            ("id_number", 110101199003074610),
            ("id_number", "１" + ID_NUMBER[1:]),
            ("real_name", "张"),
            ("real_name", "1234"),
            ("real_name", None),
        ):
            with self.subTest(value=value):
                answer = self.post("/me/identity", {**IDENTITY, field: value})
                self.assertEqual((answer.status, answer.code), (400, "invalid_request"))
                self.assertEqual(answer.details[0]["field"], field)
                self.assertNotIn(str(value or "张三丰"), answer.text)
        self.assertFalse(self.env["pinbu.identity"].search([]))
        nobody = self.call("POST", "/me/identity", IDENTITY)
        self.assertEqual((nobody.status, nobody.code), (401, "unauthenticated"))

    def test_without_a_key(self):
        self.use_keys()
        answer = self.post("/me/identity", IDENTITY)
        self.assertEqual((answer.status, answer.code), (409, "not_allowed_now"))
        self.assertFalse(self.env["pinbu.identity"].search([]))

    def test_a_copied_database_shows_no_name(self):
        """All that a copy holds, table by table, and what screens make of it without the key."""
        identity = self.give_identity()
        self.assertEqual(self.post("/me/export").status, 202)
        self.run_cron("pinbu.data.export", "_cron_make")
        self.assertTrue(self.env["pinbu.data.export"].search([]).filtered("sealed"))
        identity.with_user(self.clerk).action_read()
        identity.with_user(self.clerk).action_verify()
        self.env.flush_all()
        self.cr.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind IN ('r', 'm', 'p') AND relnamespace = 'public'::regnamespace"
        )
        tables = [table for (table,) in self.cr.fetchall()]
        self.assertGreater(len(tables), 200)
        secrets = [f"%{secret}%" for secret in IDENTITY.values()]
        secrets += [f"%{json.dumps(secret)[1:-1]}%" for secret in IDENTITY.values()]
        for table in tables:
            self.cr.execute(
                SQL("SELECT count(*) FROM %s t WHERE t::text LIKE ANY(%s)", SQL(table), secrets)
            )
            self.assertEqual(self.cr.fetchone()[0], 0, table)
        for keys in ((), (NEW_KEY,)):
            self.use_keys(*keys)
            identity.invalidate_recordset()
            self.assertEqual((identity.real_name, identity.id_number), ("**", "*" * 16))
            with self.assertRaises(UserError):
                identity.with_user(self.clerk).action_read()

    def test_the_verified_phone_is_sealed_with_it(self):
        first, second = "13800138123", "13900139321"
        self.call("PATCH", "/me", {"phone_code": f"demo:{first}"}, self.ann)
        identity = self.give_identity()
        self.assertEqual(identity.with_user(self.officer).phone, "138****8123")
        self.assertEqual(identity.sudo()._open()["phone"], first)
        self.call("PATCH", "/me", {"phone_code": f"demo:{second}"}, self.ann)
        identity.invalidate_recordset()
        notice = identity.with_user(self.clerk).action_read()["params"]
        self.assertEqual(notice["message"], f"{ID_NUMBER}, {second}")
        self.assertNotIn(second, str(identity.with_user(self.clerk).read()))
        # A number that nobody vouched for is no proof of anything.
        self.user_of("ben").partner_id.phone = first
        self.assertFalse(self.give_identity(self.ben).phone)

    def test_screens_show_it_masked(self):
        identity = self.give_identity().with_user(self.officer)
        self.assertEqual(identity.real_name, "张**")
        self.assertEqual(identity.id_number, f"1{'*' * 16}0")
        [row] = identity.read()
        self.assertFalse({"sealed", "number_mark"} & set(row))
        for secret in IDENTITY.values():
            self.assertNotIn(secret, str(row))

    def test_a_clerk_reads_it_and_that_is_logged(self):
        identity = self.give_identity()
        notice = identity.with_user(self.clerk).action_read()["params"]
        self.assertEqual((notice["title"], notice["message"]), tuple(IDENTITY.values()))
        log = self.env["pinbu.identity.log"].search([("identity_ref", "=", identity.id)])
        self.assertEqual(log.mapped("kind"), ["read", "given"])
        self.assertEqual(log[0].create_uid, self.clerk)
        self.assertEqual(log[0].partner_id, self.partner)
        for user in (self.officer, self.marketer, self.user_of("ann")):
            for act in ("action_read", "action_verify", "action_refuse", "action_reopen"):
                with self.assertRaises(AccessError):
                    getattr(identity.with_user(user), act)()
        self.assertEqual(identity.state, "pending")

    def test_who_reads_the_records(self):
        identity = self.give_identity()
        for model in ("pinbu.identity", "pinbu.identity.log"):
            for user in (self.marketer, self.user_of("ann")):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
            for user in (self.officer, self.clerk):
                self.assertTrue(self.env[model].with_user(user).search([]))
        with self.assertRaises(AccessError):
            identity.with_user(self.clerk).write({"state": "verified"})
        other = self.env["res.company"].create({"name": "Other"})
        foreign = new_test_user(
            self.env,
            "foreign",
            "pinbu_risk.group_identity",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["pinbu.identity"].with_user(foreign).search([]))
        with self.assertRaises(AccessError):
            identity.with_user(foreign).action_read()

    def test_verified_by_hand(self):
        self.give(self.partner, 5000)
        self.env.flush_all()
        refused = self.post("/me/withdrawals", {"amount": 1000})
        self.assertEqual(refused.code, "identity_required")
        identity = self.give_identity().with_user(self.clerk)
        refused = self.post("/me/withdrawals", {"amount": 1000})
        self.assertEqual(refused.details, {"identity": {"state": "pending"}})
        with self.assertRaises(UserError):
            identity.action_verify()  # unread
        identity.action_read()
        # What was read is not what stands there now.
        self.give_identity(real_name="李四")
        with self.assertRaises(UserError):
            identity.action_verify()
        identity.action_read()
        identity.action_verify()
        self.env.flush_all()
        self.assertEqual(self.state(), "verified")
        self.assertEqual(self.post("/me/withdrawals", {"amount": 1000}).status, 201)
        # The money goes to who was verified.
        answer = self.post("/me/identity", {**IDENTITY, "real_name": "王五"})
        self.assertEqual((answer.status, answer.code), (409, "not_allowed_now"))
        identity.action_reopen()
        self.env.flush_all()
        self.assertEqual(self.state(), "pending")

    def test_refused(self):
        identity = self.give_identity()
        identity.with_user(self.clerk).action_refuse()
        self.env.flush_all()
        self.assertEqual(self.state(), "none")
        self.assertEqual(self.post("/me/identity", IDENTITY).status, 200)
        self.assertEqual(self.state(), "pending")

    def test_an_accountant_vouches(self):
        identity = self.give_identity()
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        partner = self.partner.with_user(accountant)
        partner.action_pinbu_identity_checked()
        self.assertEqual(identity.state, "verified")
        partner.action_pinbu_identity_unchecked()
        self.assertEqual(identity.state, "pending")
        self.env.flush_all()
        self.assertEqual(self.state(), "pending")

    def test_other_data_is_verified_anew(self):
        self.trust(self.partner)
        self.env.flush_all()
        self.assertEqual(self.state(), "verified")
        self.give_identity()
        self.assertEqual(self.state(), "pending")

    def test_rotation(self):
        identity = self.give_identity()
        self.use_keys(NEW_KEY, OLD_KEY)
        self.assertEqual(identity.sudo()._reveal()["id_number"], ID_NUMBER)
        self.give_identity(self.ben)
        self.assertEqual(identity.same_number_count, 0)  # under another key
        self.env["pinbu.identity"]._gc_old_keys()
        self.assertEqual(identity.key_id, "new")
        self.use_keys(NEW_KEY)
        identity.invalidate_recordset()
        self.assertEqual(identity.sudo()._reveal()["id_number"], ID_NUMBER)
        self.assertEqual(identity.same_number_count, 1)

    def test_rotation_reaches_all(self):
        """In batches, and past those that no key opens any more."""
        lost, old = self.give_identity(), self.give_identity(self.ben)
        lost.sudo().key_id = "gone"
        self.use_keys(NEW_KEY, OLD_KEY)
        with patch("odoo.addons.pinbu_risk.models.pinbu_identity._RESEALED", 1):
            self.assertEqual(self.env["pinbu.identity"]._gc_old_keys(), (1, 1))
            self.assertEqual(self.env["pinbu.identity"]._gc_old_keys(), (0, 0))
        self.assertEqual((old.key_id, lost.key_id), ("new", "gone"))

    def test_a_row_is_tampered_with(self):
        ann = self.give_identity()
        ben = self.give_identity(self.ben, real_name="李四")
        ann.sudo().sealed, ben.sudo().sealed = ben.sudo().sealed, ann.sudo().sealed
        for identity in (ann, ben):
            with self.assertRaises(Unreadable):
                identity.with_user(self.clerk).action_read()

    @mute_logger("odoo.sql_db")
    def test_the_log_is_never_changed(self):
        self.give_identity()
        self.env.flush_all()
        for statement in (
            "UPDATE pinbu_identity_log SET kind = 'given'",
            "DELETE FROM pinbu_identity_log",
            "TRUNCATE pinbu_identity_log",
        ):
            with self.assertRaises(RaiseException), self.cr.savepoint():
                self.cr.execute(statement)
        with self.assertRaises(UserError):
            self.env["pinbu.identity.log"].search([]).unlink()

    def test_shoppers_with_an_identity_are_not_merged(self):
        self.give_identity()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        with self.assertRaises(UserError):
            wizard._merge((self.partner | self.user_of("ben").partner_id).ids)
