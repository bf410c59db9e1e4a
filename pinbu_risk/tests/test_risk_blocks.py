from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import SQL, config, mute_logger

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from ..facts import Facts, facts_of, mark
from ..keyring import Keyring
from .rights_common import NEW_KEY, OLD_KEY


@tagged("post_install", "-at_install")
class TestStanding(TransactionCase):
    """Which of what somebody does meets a block."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = new_test_user(cls.env, "officer", "pinbu_risk.group_officer")
        cls.blocks = cls.env["pinbu.risk.block"].with_user(cls.officer)
        cls.ann, cls.ben = cls.env["res.partner"].create([{"name": "Ann"}, {"name": "Ben"}])

    def block(self, **values):
        return self.blocks.create({"reason": "A farm", **values})

    def standing(self, moment="join", client=None, **facts):
        facts = {"partner_id": self.ben.id, "company_id": self.env.company.id, **facts}
        self.env.flush_all()
        sql = self.env["pinbu.risk.block"]._sql_standing(Facts(moment=moment, **facts), client)
        self.cr.execute(SQL("SELECT %s", sql))
        return self.cr.fetchone()[0]

    def test_a_shopper(self):
        block = self.block(partner_id=self.ann.id)
        for moment in ("registration", "open", "join", "subsidy", "invite_reward", "withdrawal"):
            self.assertEqual(self.standing(moment=moment, partner_id=self.ann.id), block.id)
        for moment in ("login", "unpaid"):
            self.assertIsNone(self.standing(moment=moment, partner_id=self.ann.id))
        self.assertIsNone(self.standing())
        other = self.env["res.company"].create({"name": "Other"})
        self.assertIsNone(self.standing(partner_id=self.ann.id, company_id=other.id))

    def test_addresses(self):
        block = self.block(subject="address", network=" 203.0.113.9/24 ")
        self.assertEqual(block.network, "203.0.113.0/24")
        self.assertEqual(self.standing(client="203.0.113.77"), block.id)
        self.assertEqual(self.standing(client="::ffff:203.0.113.77"), block.id)
        for address in ("203.0.114.1", "2001:db8::1", "unknown", None):
            self.assertIsNone(self.standing(client=address))
        wide = self.block(subject="address", network="2001:db8::/48")
        self.assertEqual(self.standing(client="2001:db8::1"), wide.id)
        mapped = self.block(subject="address", network="::ffff:198.51.100.0/120")
        self.assertEqual(mapped.network, "198.51.100.0/24")
        self.assertEqual(self.standing(client="198.51.100.7"), mapped.id)
        wrong = ("somewhere", "203.0.113", "0.0.0.0/0", "::/0", "::ffff:0:0/96", "203.0.113.0/33")
        for text in wrong:
            with self.assertRaises(ValidationError):
                self.block(subject="address", network=text)

    def test_a_phone_or_a_device(self):
        for subject, typed, known in (
            ("phone", "+86 138-0013-8000", "13800138000"),
            ("device", " abc-1 ", "abc-1"),
        ):
            block = self.block(subject=subject, value=typed, network="203.0.113.0/24")
            self.assertFalse(block.network)
            self.assertNotIn(known, str(block.sudo().read()[0].values()))
            own = {subject: mark(self.env, subject, known)}
            self.assertEqual(self.standing(**own), block.id)
            self.assertIsNone(self.standing(**{subject: mark(self.env, subject, "other")}))
            # One's phone is not another one's device.
            other = {"phone": "device", "device": "phone"}[subject]
            self.assertIsNone(self.standing(**{other: own[subject]}))
        self.assertEqual(self.blocks.search([("subject", "=", "phone")]).what, "138****8000")
        # The mark is not the staff's to give.
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.block(subject="device", mark="0" * 32)

    def use(self, *keys):
        ring = Keyring(dict(keys)) if keys else None
        patcher = patch("odoo.addons.pinbu_risk.facts.configured", lambda: ring)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_the_first_key_lifts_no_block(self):
        self.use()
        phone = self.block(subject="phone", value="13800138000")
        device = self.block(subject="device", value="abc-1")
        user = new_test_user(self.env, "ben", "base.group_portal", partner_id=self.ben.id)
        cid = new_test_user(self.env, "cid", "base.group_portal")
        for one in (user, cid):
            one.with_context(pinbu_device="abc-1")._check_may_log_in()
        self.use(NEW_KEY)
        # Ben logs in again; Cid has not done so since.
        self.assertEqual(self.met(user), device.id)
        user.with_context(pinbu_device="abc-1")._check_may_log_in()
        self.env.invalidate_all()
        for one in (user, cid):
            self.assertEqual(self.met(one), device.id)
        case = self.env["pinbu.risk.case"].create(
            {
                "partner_id": cid.partner_id.id,
                "company_id": self.env.company.id,
                "opened_at": self.env.cr.now(),
                "last_at": self.env.cr.now(),
            }
        )
        self.assertEqual(case.block_ids, device)
        # A new account on the device, and with the phone.
        new = new_test_user(self.env, "new", "base.group_portal")
        self.assertIsNone(self.met(new))
        self.assertEqual(self.met(new.with_context(pinbu_device="abc-1")), device.id)
        new.partner_id.phone = "+86 138-0013-8000"
        self.assertEqual(self.met(new), phone.id)
        self.assertIsNone(self.met(new.with_context(pinbu_device="abc-2"), phone=None))

    def met(self, user, **values):
        """:return: the id of the block that this user meets who opens a team"""
        self.env.flush_all()
        facts = replace(facts_of(user.env, "open", self.env.company, user.partner_id), **values)
        if "phone" in values:
            facts = replace(facts, former_phone=None)
        return self.env["pinbu.risk.rule"]._judge(self.cr, facts).block_id

    def test_a_new_key_lifts_no_block(self):
        use = self.use
        use(OLD_KEY)
        blocks = {
            subject: self.block(subject=subject, value="13800138000")
            for subject in ("phone", "device")
        }
        use(NEW_KEY, OLD_KEY)
        for subject, block in blocks.items():
            own = {subject: mark(self.env, subject, "13800138000")}
            self.assertEqual(self.standing(**own), block.id)

    def test_it_ends(self):
        block = self.block(partner_id=self.ann.id)
        block.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertIsNone(self.standing(partner_id=self.ann.id))
        block.expires_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertEqual(self.standing(partner_id=self.ann.id), block.id)
        block.active = False
        self.assertIsNone(self.standing(partner_id=self.ann.id))

    def test_who_may(self):
        block = self.block(partner_id=self.ann.id)
        with self.assertRaises(AccessError):
            block.partner_id = self.ben
        with self.assertRaises(AccessError):
            block.unlink()
        marketer = new_test_user(self.env, "marketer", "pinbu_groupbuy.group_user")
        with self.assertRaises(AccessError):
            block.with_user(marketer).read(["reason"])
        with self.assertRaises(AccessError):
            self.env["pinbu.risk.block"].with_user(marketer).create(
                {"partner_id": self.ann.id, "reason": "Envy"}
            )


@tagged("post_install", "-at_install")
class TestBlockedShopper(ApiMixin, HttpCase):
    """What somebody who is blocked meets, over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.activity.limit_per_user = 0
        # Only blocks are looked at here.
        cls.env["pinbu.risk.rule"].search([]).active = False
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(config.options, {"proxy_mode": True}))

    def block(self, **values):
        self.env["pinbu.risk.block"].create({"reason": "A farm behind Gate 7", **values})
        self.env.flush_all()

    def enter(self, name, address="198.51.100.7", device=None):
        return self.call(
            "POST",
            "/session",
            {"code": f"demo:{name}", "device_id": device},
            headers={"X-Forwarded-For": address, "X-Forwarded-Host": "localhost"},
        )

    def assertRefused(self, answer):
        self.assertEqual((answer.status, answer.code), (403, "risk_blocked"), answer.text)
        # Politely, and without a hint how to get round it.
        self.assertFalse(answer.details)
        for hint in ("block", "farm", "address", "device", "phone", "until"):
            self.assertNotIn(hint, answer.data["error"]["message"].lower())

    def test_a_blocked_shopper_can_still_see_and_appeal(self):
        ann, ben = self.log_in("ann"), self.log_in("ben")
        order, team = self.buy(ann), self.buy(ben)["team"]
        self.block(partner_id=self.user_of("ann").partner_id.id)
        self.assertRefused(self.order(ann))
        self.assertRefused(self.order(ann, team))
        # They know their order, and get in.
        answer = self.enter("ann")
        self.assertEqual(answer.status, 200, answer.text)
        ann = answer.data["token"]
        for path in (f"/orders/{order['id']}", "/orders", "/me/wallet", "/me/subsidies"):
            self.assertEqual(self.call("GET", path, token=ann).status, 200)
        appeal = self.call("POST", "/me/appeals", {"text": "It was not me"}, ann, "appeal")
        self.assertEqual(appeal.status, 201, appeal.text)
        case = self.env["pinbu.appeal"].browse(appeal.data["id"]).case_id
        self.assertEqual(len(case.block_ids), 1)
        self.assertEqual(self.order(self.log_in("cid"), team).status, 201)

    def test_nobody_registers_where_it_is_blocked(self):
        ann = self.enter("ann", device="phone 1")
        self.assertEqual(ann.status, 200, ann.text)
        self.block(subject="address", network="198.51.100.0/24")
        self.block(subject="device", value="phone 1")
        self.assertRefused(self.enter("new one"))
        self.assertRefused(self.enter("new one", "203.0.113.5", "phone 1"))
        self.assertFalse(self.user_of("new one"))
        self.assertEqual(self.enter("new one", "203.0.113.5", "phone 2").status, 200)
        # Whoever was known before gets in, and cannot take part with that device.
        known = self.enter("ann", "203.0.113.5", "phone 1")
        self.assertEqual(known.status, 200, known.text)
        self.assertRefused(self.order(known.data["token"]))
