from datetime import timedelta
from types import SimpleNamespace

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL


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

    def standing(self, address=None, **facts):
        facts = {
            "moment": "join",
            "company_id": self.env.company.id,
            "partner_id": self.ben.id,
            "address": address and "a mark",
            "device": None,
            "phone": None,
            **facts,
        }
        self.env.flush_all()
        sql = self.env["pinbu.risk.block"]._sql_standing(SimpleNamespace(**facts), address)
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
        self.assertEqual(self.standing("203.0.113.77"), block.id)
        self.assertEqual(self.standing("::ffff:203.0.113.77"), block.id)
        for address in ("203.0.114.1", "2001:db8::1", "unknown", None):
            self.assertIsNone(self.standing(address))
        wide = self.block(subject="address", network="2001:db8::/48")
        self.assertEqual(self.standing("2001:db8::1"), wide.id)
        self.env["ir.config_parameter"].set_param("pinbu_risk.trusted_networks", "203.0.113.0/25")
        self.assertIsNone(self.standing("203.0.113.77"))
        self.assertEqual(self.standing("203.0.113.200"), block.id)
        for text in ("somewhere", "203.0.113", "0.0.0.0/0", "::/0", "203.0.113.0/33"):
            with self.assertRaises(ValidationError):
                self.block(subject="address", network=text)

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
