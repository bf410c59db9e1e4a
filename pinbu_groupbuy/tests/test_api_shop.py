"""The shop's own facts, its first page, and what shoppers show of themselves."""

import base64
import io

from PIL import Image

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..models.api_avatar import MAX_AVATAR
from .api_common import BASE, ApiCase


def picture(size=(60, 40), form="PNG", colour=(200, 30, 30), mode="RGB", **options):
    data = io.BytesIO()
    Image.new(mode, size, colour).save(data, form, **options)
    return data.getvalue()


@tagged("post_install", "-at_install")
class TestApiShop(ApiCase):
    def fetch(self, url):
        return self.url_open(url[url.index(BASE) :])

    # === CONFIG === #

    def test_the_merchant_sets_the_time_zone(self):
        manager = new_test_user(
            self.env, "shopkeeper", groups="pinbu_groupbuy.group_manager,base.group_system"
        )
        for zone in ("America/New_York", "Asia/Shanghai"):
            with Form(self.env["res.config.settings"].with_user(manager)) as settings:
                settings.pinbu_timezone = zone
            settings.record.execute()
            self.assertEqual(self.call("GET", "/config").data["timezone"], zone)

    def test_config_says_what_the_merchant_set(self):
        manager = new_test_user(
            self.env, "shopkeeper", groups="pinbu_groupbuy.group_manager,base.group_system"
        )
        settings = self.env["res.config.settings"].with_user(manager)
        settings.create(
            {
                "pinbu_service_phone": "400 123 4567",
                "pinbu_return_policy": "Seven days, no questions.",
                "pinbu_privacy_url": "https://shop.example/privacy",
                "pinbu_consent_version": "2025-06",
            }
        ).execute()
        image = base64.b64encode(picture())
        licences = self.env["pinbu.licence"].with_user(manager)
        licence = licences.create({"name": "Business licence", "image_1920": image})
        elsewhere = self.env["res.company"].create({"name": "Other shop"})
        foreign = self.env["pinbu.licence"].create(
            {"name": "Other", "image_1920": image, "company_id": elsewhere.id}
        )
        self.env["pinbu.subscribe.template"].with_user(manager).create(
            {"kind": "team_formed", "template": "tmpl-1"}
        )
        config = self.call("GET", "/config").data
        shop = config["shop"]
        self.assertEqual(shop["service_phone"], "400 123 4567")
        self.assertEqual(shop["return_policy"], "Seven days, no questions.")
        self.assertEqual(shop["privacy_url"], "https://shop.example/privacy")
        self.assertEqual(config["consent_version"], "2025-06")
        self.assertEqual(config["subscribe_templates"], {"team_formed": "tmpl-1"})
        (url,) = shop["licences"]
        served = self.fetch(url)
        self.assertEqual(served.status_code, 200)
        self.assertEqual(served.headers["Content-Type"], "image/png")
        hidden = url.replace(f"/{licence.id}?", f"/{foreign.id}?")
        self.assertEqual(self.fetch(hidden).status_code, 404)

    def test_marketing_does_not_change_the_shop(self):
        marketing = new_test_user(self.env, "marketing", groups="pinbu_groupbuy.group_user")
        for model, values in (
            ("pinbu.licence", {"name": "Mine", "image_1920": base64.b64encode(picture())}),
            ("pinbu.subscribe.template", {"kind": "team_failed", "template": "x"}),
        ):
            with self.assertRaises(AccessError):
                self.env[model].with_user(marketing).create(values)

    # === AVATARS === #

    def test_avatar(self):
        token = self.log_in("Ann")
        self.assertIsNone(self.call("GET", "/me", token=token).data["customer"]["avatar_url"])
        raw = picture((900, 600), "JPEG", exif=self.exif_with_a_place())
        answer = self.send(raw, "image/jpeg", token)
        self.assertEqual(answer.status, 200, answer.text)
        url = answer.data["customer"]["avatar_url"]
        self.assertRegex(url, r"/avatars/[\w-]{22}$")
        served = self.fetch(url)
        self.assertEqual(served.headers["Content-Type"], "image/jpeg")
        shown = Image.open(io.BytesIO(served.content))
        self.assertEqual(shown.size, (512, 512))
        self.assertFalse(shown.getexif(), "where a picture was taken is nobody's business")
        # Who joins, or is invited, sees it.
        order = self.buy(token)
        team = self.call("GET", f"/teams/{order['team']['token']}").data
        self.assertEqual(team["leader"]["avatar_url"], url)
        self.assertEqual(team["members"][0]["avatar_url"], url)
        mine = self.call("GET", f"/teams/{team['token']}", token=token).data
        scene = self.call("GET", f"/scenes/{mine['share']['scene']}").data
        self.assertEqual(scene["inviter"]["avatar_url"], url)
        # A new picture has a new address, and the old one ends.
        again = self.send(picture(colour=(0, 0, 0)), "image/png", token).data["customer"]
        self.assertNotEqual(again["avatar_url"], url)
        self.assertEqual(self.fetch(url).status_code, 404)

    def test_avatar_in_a_form(self):
        token = self.log_in("Ann")
        answer = self.url_open(
            f"{BASE}/me/avatar",
            files={"file": ("me.png", picture(), "image/png")},
            headers={"Authorization": f"Bearer {token}"},
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertTrue(answer.json()["customer"]["avatar_url"])

    def test_what_is_no_avatar(self):
        token = self.log_in("Ann")
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        large, huge = (picture((side, side), colour=0, mode="1") for side in (6_000, 20_000))
        self.assertLess(len(huge), MAX_AVATAR)
        for raw, mimetype, expected in (
            (svg, "image/svg+xml", "invalid_request"),
            (b"GIF89a", "image/gif", "invalid_request"),
            (picture()[:20], "image/png", "invalid_request"),
            (b"", "image/png", "invalid_request"),
            (large, "image/png", "invalid_request"),
            (huge, "image/png", "invalid_request"),
            (picture(), "application/json", "unsupported_media_type"),
            (b"x" * (MAX_AVATAR + 1), "image/png", "payload_too_large"),
            (b"x" * 2 * MAX_AVATAR, "image/png", "payload_too_large"),
        ):
            with self.subTest(mimetype=mimetype, size=len(raw)):
                answer = self.send(raw, mimetype, token)
                self.assertEqual(answer.code, expected, answer.text)
        self.assertFalse(self.user_of("Ann").partner_id.image_1920)
        self.assertEqual(self.send(picture(), "image/png", None).status, 401)

    def send(self, raw, mimetype, token):
        headers = {"Content-Type": mimetype}
        return self.call("POST", "/me/avatar", raw=raw, token=token, headers=headers)

    def exif_with_a_place(self):
        exif = Image.Exif()
        exif[0x8825] = {1: "N", 2: (31.0, 14.0, 0.0)}
        return exif

    # === CONSENT === #

    def test_a_version_is_named_before_it_is_demanded(self):
        with self.assertRaises(ValidationError):
            self.company.write({"pinbu_consent_version": False, "pinbu_consent_required": True})
