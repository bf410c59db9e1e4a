"""What the shop learns from its visitors: consents, answers, views and taps, phones, regions."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestApiVisitors(ApiCase):
    # === CONSENT === #

    def session(self, name, **values):
        return self.call("POST", "/session", {"code": f"demo:{name}", **values})

    def consents(self, name):
        partner = self.user_of(name).partner_id
        return self.env["pinbu.consent"].search([("partner_id", "=", partner.id)])

    def test_consent_is_recorded(self):
        self.company.pinbu_consent_version = "1"
        self.session("Ann")
        self.assertFalse(self.consents("Ann"))
        self.session("Ann", consent_version="0")
        self.assertFalse(self.consents("Ann"), "an older version is not what the shop asks for")
        for _time in range(2):
            self.assertEqual(self.session("Ann", consent_version="1").status, 200)
        self.assertEqual(self.consents("Ann").mapped("version"), ["1"])
        self.assertTrue(self.consents("Ann").given_at)

    def test_consent_can_be_demanded(self):
        self.company.write({"pinbu_consent_version": "2", "pinbu_consent_required": True})
        for version in (None, "1", ""):
            refused = self.session("Bob", consent_version=version)
            self.assertEqual((refused.status, refused.code), (403, "consent_required"))
            self.assertEqual(refused.details, {"consent_version": "2"})
        self.assertFalse(self.user_of("Bob"), "nothing is kept of who did not agree")
        token = self.session("Bob", consent_version="2").data["token"]
        self.assertEqual(self.session("Bob").status, 200, "once is enough")
        self.assertEqual(self.call("POST", "/session/renew", {}, token).status, 200)
        self.company.pinbu_consent_version = "3"
        self.assertEqual(self.session("Bob").code, "consent_required")
        renewed = self.call("POST", "/session/renew", {}, token)
        self.assertEqual(renewed.code, "consent_required")
        self.assertEqual(self.session("Bob", consent_version="3").status, 200)

    # === SUBSCRIPTIONS === #

    def test_subscriptions(self):
        template = self.env["pinbu.subscribe.template"].create(
            {"kind": "team_formed", "template": "tmpl-1"}
        )
        token = self.log_in("Ann")
        for name, answer in (
            ("tmpl-1", "accept"),
            ("team_formed", "acceptWithAudio"),
            ("tmpl-1", "reject"),
            ("unknown", "accept"),
        ):
            body = {"template": name, "result": answer}
            self.assertEqual(self.call("POST", "/me/subscriptions", body, token).status, 204)
        kept = self.env["pinbu.subscription"].search(
            [("partner_id", "=", self.user_of("Ann").partner_id.id)]
        )
        self.assertEqual(kept.template_id, template)
        self.assertEqual((kept.granted, kept.answer), (2, "reject"))
        self.assertEqual(self.call("POST", "/me/subscriptions", body).status, 401)

    # === EVENTS === #

    def events(self):
        return self.env["pinbu.event"].search([])

    def at(self, **ago):
        return (fields.Datetime.now() - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_events(self):
        self.company.pinbu_event_percent = 100
        hidden = self.make_activity(publish=False)
        items = [
            {"name": "view", "activity_id": self.activity.id, "at": self.at(minutes=1)},
            {"name": "tap", "element": "share", "at": self.at(minutes=-30)},
            {"name": "view", "activity_id": hidden.id, "at": "2099-01-01T00:00:00+08:00"},
            {"name": "view", "activity_id": 2**70, "at": self.at(hours=1)},
            {"name": "old", "at": self.at(days=2)},
        ]
        answer = self.call("POST", "/events", {"items": items})
        self.assertEqual((answer.status, answer.data), (202, {"taken": 5}))
        events = self.events()
        self.assertEqual(sorted(events.mapped("name")), ["tap", "view", "view", "view"])
        self.assertEqual(events.activity_id, self.activity)
        self.assertLessEqual(max(events.mapped("at")), fields.Datetime.now())
        self.assertEqual(len(set(events.mapped("visitor"))), 1)
        token = self.log_in("Ann")
        self.call("POST", "/events", {"items": items[:1]}, token)
        visitors = set(self.events().mapped("visitor"))
        self.assertEqual(len(visitors), 2)

    def test_events_are_a_sample(self):
        self.company.pinbu_event_percent = 0
        body = {"items": [{"name": "view", "at": self.at(minutes=1)}]}
        self.assertEqual(self.call("POST", "/events", body).status, 202)
        self.assertFalse(self.events())
        self.company.pinbu_event_percent = 40
        Event = self.env["pinbu.event"]
        item = type("Item", (), {"name": "v", "element": None, "activity_id": None})
        item.at = fields.Datetime.now()
        for number in range(100):
            Event._api_keep([item], f"visitor {number}")
        self.assertTrue(15 < len(self.events()) < 70, len(self.events()))

    def test_a_visitors_day_is_the_shops(self):
        """Before and after midnight in Greenwich, it is one visitor of one day in Shanghai."""
        self.company.pinbu_event_percent = 100
        self.company.partner_id.tz = "Asia/Shanghai"
        Event = self.env["pinbu.event"]
        item = type("Item", (), {"name": "v", "element": None, "activity_id": None})
        moments = ("2026-03-02 15:59", "2026-03-02 16:01", "2026-03-03 00:01", "2026-03-03 15:59")
        for moment in map(datetime.fromisoformat, moments):
            item.at = moment
            with patch.object(type(self.env.cr), "now", lambda _cr, now=moment: now):
                Event._api_keep([item], "somebody")
        yesterday, *today = self.events().sorted("at").mapped("visitor")
        self.assertEqual(len(set(today)), 1)
        self.assertNotIn(yesterday, today)

    def test_old_events_are_deleted(self):
        self.company.write({"pinbu_event_percent": 100, "pinbu_event_days": 30})
        body = {"items": [{"name": name, "at": self.at(minutes=1)} for name in ("new", "old")]}
        self.call("POST", "/events", body)
        self.env.cr.execute(
            "UPDATE pinbu_event SET at = at - interval '31 days' WHERE name = 'old'"
        )
        self.env.invalidate_all()
        self.env["pinbu.retention"]._delete_some("pinbu.event")
        self.assertEqual(self.events().mapped("name"), ["new"])

    def test_what_is_no_event(self):
        for item in (
            {"name": "view"},
            {"name": "", "at": self.at()},
            {"name": "view", "at": "yesterday"},
            {"name": "view", "at": "0001-01-01T00:00:00+14:00"},
            {"name": "x" * 65, "at": self.at()},
        ):
            answer = self.call("POST", "/events", {"items": [item]})
            self.assertEqual((answer.status, answer.code), (400, "invalid_request"), item)
        many = [{"name": "view", "at": self.at()}] * 51
        self.assertEqual(self.call("POST", "/events", {"items": many}).status, 400)

    # === THE SHOPPER === #

    def test_phone_is_verified_by_the_platform_only(self):
        token = self.log_in("Ann")
        body = {"phone_code": "demo:13812345678", "name": "安妮"}
        customer = self.call("PATCH", "/me", body, token).data["customer"]
        self.assertEqual(customer["name"], "安妮")
        self.assertEqual(customer["phone_masked"], "138****5678")
        self.assertTrue(customer["phone_verified"])
        # What staff type in is nobody's proof.
        self.user_of("Ann").partner_id.phone = "13900000000"
        customer = self.call("GET", "/me", token=token).data["customer"]
        self.assertFalse(customer["phone_verified"])
        for code in ("demo:x", "13812345678", "demo:"):
            answer = self.call("PATCH", "/me", {"phone_code": code}, token)
            self.assertEqual(answer.code, "not_allowed_now", code)

    def test_region_code(self):
        token = self.log_in("Ann")
        address = {
            "name": "张小明",
            "phone": "13812345678",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "street": "文三路 1 号",
        }
        for picked, province, code in (
            (None, "浙江省", "330000"),
            ("330106", "浙江", "330106"),
            ("110101", "浙江省", "330000"),
            (None, "Nowhere", None),
            ("330106", "Nowhere", "330106"),
        ):
            body = {**address, "province": province, "region_code": picked}
            answer = self.call("POST", "/me/addresses", body, token)
            self.assertEqual(answer.data["region_code"], code, (picked, province))
        body = {**address, "region_code": "x"}
        self.assertEqual(self.call("POST", "/me/addresses", body, token).status, 400)
