import contextlib
import ipaddress
import socket
import ssl
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy import webhooks
from odoo.addons.pinbu_groupbuy.models.pinbu_webhook_delivery import BACKOFF

from .common import GroupBuyCase
from .webhook_common import WebhookMixin

LOG = "odoo.addons.pinbu_groupbuy.models.pinbu_webhook_delivery"


def resolving_to(*addresses):
    """Names resolve to these, and nothing is connected to."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in addresses]
    return patch.object(socket, "getaddrinfo", return_value=found)


def tls_contexts(address):
    """:return: (a server's context for this address, that of a client who trusts it)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file.name)
    return server, ssl.create_default_context(cadata=pem.decode())


@tagged("post_install", "-at_install")
class TestSending(TransactionCase):
    def send(self, url, networks=()):
        message = webhooks.Message("msg_1", url, webhooks.new_secret(), "{}")
        return webhooks.send(message, [ipaddress.ip_network(network) for network in networks])

    def test_signature_is_the_standards(self):
        # The example of the specification.
        self.assertEqual(
            webhooks.sign(
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1614265330,
                '{"test": 2432232314}',
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        )

    def test_no_private_address(self):
        with patch.object(socket, "create_connection") as connecting:
            for address in (
                "127.0.0.1",
                "10.1.2.3",
                "192.168.0.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
                "224.0.0.1",
                "::1",
                "fe80::1%eth0",
                "fd00::1",
                "::ffff:127.0.0.1",
                "2002:7f00:1::",
                "64:ff9b::7f00:1",
            ):
                with self.subTest(address), resolving_to(address):
                    outcome = self.send("https://erp.example.com/hook")
                    self.assertEqual((outcome.status, outcome.is_done), (0, False))
                    self.assertIn("private", outcome.text)
            # One good address does not make up for a bad one.
            with resolving_to("8.8.8.8", "127.0.0.1"):
                self.assertIn("private", self.send("https://erp.example.com/").text)
            # The networks that are named, and no others; without TLS only there.
            with resolving_to("10.1.2.3"):
                self.assertIn("private", self.send("https://erp/", ["10.2.0.0/16"]).text)
            with resolving_to("8.8.8.8"):
                self.assertIn("https", self.send("http://erp.example.com/").text)
            self.assertFalse(connecting.called)

    def test_connects_to_the_address_that_was_looked_at(self):
        with (
            resolving_to("8.8.8.8") as resolving,
            patch.object(socket, "create_connection", side_effect=TimeoutError) as connecting,
        ):
            outcome = self.send("https://erp.example.com:8443/hook")
        self.assertEqual((outcome.status, outcome.text[:12]), (0, "TimeoutError"))
        self.assertEqual(connecting.call_args.args[0], ("8.8.8.8", 8443))
        self.assertEqual(resolving.call_count, 1)

    def test_addresses_that_are_none(self):
        for url in (
            "ftp://example.com/",
            "https://",
            "https://user:word@example.com/",
            "https://example.com:99999/",
            "https://exam ple.com/",
            "https://example.com/\r\nX-Header: 1",
            "javascript:alert(1)",
            "",
        ):
            with self.subTest(url), self.assertRaises(webhooks.Refused):
                webhooks.check_url(url)

    def test_networks_of_the_parameter(self):
        read = webhooks.read_networks("10.0.0.0/8, nonsense 127.0.0.1 fd00::/8,")
        self.assertEqual([str(n) for n in read], ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"])
        self.assertEqual(webhooks.read_networks(False), [])

    def test_a_server_that_never_ends(self):
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            patch.object(webhooks, "TOTAL_SECONDS", 0.3),
        ):
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            started = time.monotonic()
            outcome = self.send(url, ["127.0.0.1/32"])
        self.assertEqual(outcome.status, 0)
        self.assertLess(time.monotonic() - started, 5)

    def test_a_server_that_drips(self):
        """With TLS as well: each byte comes in time, the answer never does."""
        server, client = tls_contexts("127.0.0.1")

        def drip(listening):
            with contextlib.suppress(OSError):
                talk, _address = listening.accept()
                with server.wrap_socket(talk, server_side=True) as talk:
                    talk.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                    for _byte in range(40):
                        talk.sendall(b".")
                        time.sleep(0.1)

        with (
            socket.create_server(("127.0.0.1", 0)) as listening,
            patch.object(webhooks, "TOTAL_SECONDS", 0.5),
            patch.object(ssl, "create_default_context", return_value=client),
        ):
            dripping = threading.Thread(target=drip, args=[listening])
            dripping.start()
            url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
            started = time.monotonic()
            outcome = self.send(url, ["127.0.0.1/32"])
            took = time.monotonic() - started
            dripping.join()
        self.assertEqual(outcome.status, 0, outcome.text)
        self.assertLess(took, 2)

    def test_a_secret_that_is_none(self):
        """A manager can write one over RPC; deliveries beside it must not suffer from it."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            message = webhooks.Message("msg_1", url, "whsec_abc", "{}")
            outcome = webhooks.send(message, [ipaddress.ip_network("127.0.0.1/32")])
        self.assertEqual(outcome.status, 0)


@tagged("post_install", "-at_install")
class TestWebhooks(WebhookMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_receiver()
        cls.manager = new_test_user(
            cls.env, "webhook manager", groups="pinbu_groupbuy.group_manager"
        )

    def setUp(self):
        super().setUp()
        self.receiver.answers.clear()

    def lonely_team(self, name="Ann"):
        """:return: a failed team of one member"""
        team = self.join(self.shopper(name)).team_id
        self.pass_deadline(team)
        self.run_schedulers()
        return team

    def log(self, webhook):
        return self.env["pinbu.webhook.delivery"].search(
            [("webhook_id", "=", webhook.id)], order="id"
        )

    # === WHAT IS TOLD === #

    def test_a_formed_and_a_failed_team(self):
        webhook = self.make_webhook("team.formed", "team.failed")
        formed = self.form_team()
        failed = self.lonely_team()
        # Several are under way at once: the order in which they arrive says nothing.
        calls = sorted(self.deliver(), key=lambda call: call.event["type"], reverse=True)
        self.assertEqual([call.event["type"] for call in calls], ["team.formed", "team.failed"])
        for call, team in zip(calls, (formed, failed), strict=True):
            self.check_signature(call, webhook)
            data = call.event["data"]
            self.assertEqual(data["token"], team.token)
            self.assertEqual(sorted(data["order_ids"]), sorted(team.order_ids.ids))
            self.assertRegex(call.event["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(calls[0].event["data"]["state"], "formed")
        self.assertEqual(calls[1].event["data"]["failure"], "deadline")
        self.assertEqual(self.log(webhook).mapped("state"), ["done", "done"])
        # Nobody's name is in it.
        self.assertNotIn("Ann", calls[1].body)
        # Settlement looks at them again: nothing new.
        (formed | failed)._settle()
        self.assertEqual(self.deliver(), [])
        formed.sudo().finished_at -= timedelta(days=40)
        self.log(webhook).unlink()
        formed._settle()
        self.assertFalse(self.log(webhook))

    def test_a_shipped_order(self):
        webhook = self.make_webhook("order.shipped")
        team = self.form_team()
        pickings = team.picking_ids
        pickings[0].carrier_tracking_ref = "SF123"
        clerk = new_test_user(self.env, "webhook clerk", groups="stock.group_stock_user")
        pickings[0].with_user(clerk).button_validate()
        self.assertEqual(pickings[0].state, "done")
        [call] = self.deliver()
        self.check_signature(call, webhook)
        self.assertEqual(call.event["type"], "order.shipped")
        self.assertEqual(call.event["data"]["order_id"], pickings[0].sale_id.id)
        self.assertEqual(call.event["data"]["tracking"], "SF123")
        # A delivery of no team's is the merchant's own affair.
        order = self.env["sale.order"].create(
            {
                "partner_id": self.shopper("Eve").id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        order.action_confirm()
        order.picking_ids.button_validate()
        self.assertEqual(self.deliver(), [])

    def test_costs_nothing_where_nobody_listens(self):
        team = self.form_team()
        webhooks_ = self.env["pinbu.webhook"]
        webhooks_._emit("team.formed", team)
        with self.assertQueryCount(0):
            webhooks_._emit("team.formed", team)
        # Whoever begins to listen does so at once, and no longer than they want.
        webhook = self.make_webhook("team.formed")
        webhooks_._emit("team.formed", team)
        self.assertEqual(len(self.log(webhook)), 1)
        webhook.active = False
        with self.assertQueryCount(1):
            webhooks_._emit("team.formed", team)
        self.assertFalse(webhooks_._listens("team.formed"))

    def test_each_company_hears_its_own(self):
        other = self.env["res.company"].create({"name": "Another shop"})
        self.make_webhook("team.failed", company_id=other.id)
        self.lonely_team()
        self.assertEqual(self.deliver(), [])

    # === HOW IT IS TOLD === #

    def test_tried_again_under_the_same_id(self):
        webhook = self.make_webhook("team.failed")
        self.receiver.answers["/hook"] = 500
        team = self.lonely_team()
        [first] = self.deliver()
        log = self.log(webhook)
        self.assertEqual((log.state, log.attempts, log.status_code), ("pending", 1, 500))
        self.assertGreater(log.next_attempt_at, fields.Datetime.now())
        self.assertEqual(self.deliver(), [])  # not before its time
        self.make_due(log)
        # What is told is what was, not what has become of it.
        team.activity_id.name = "Renamed"
        self.receiver.answers["/hook"] = 200
        [second] = self.deliver()
        self.assertEqual(second.body, first.body)
        self.assertEqual(
            self.check_signature(second, webhook), self.check_signature(first, webhook)
        )
        self.assertEqual((log.state, log.attempts), ("done", 2))

    def test_given_up_and_sent_again_by_hand(self):
        webhook = self.make_webhook("team.failed")
        self.receiver.answers["/hook"] = 404
        self.lonely_team()
        log = self.log(webhook)
        for _attempt in range(len(BACKOFF) + 1):
            self.assertEqual(log.state, "pending")
            self.make_due(log)
            self.assertEqual(len(self.deliver()), 1)
        self.assertEqual((log.state, webhook.failed_count), ("failed", 1))
        self.make_due(log)
        self.assertEqual(self.deliver(), [])
        self.receiver.answers.clear()
        log.with_user(self.manager).action_resend()
        [call] = self.deliver()
        self.assertEqual(self.check_signature(call, webhook), log.uid)
        self.assertEqual((log.state, log.attempts), ("done", 1))

    def test_a_redirect_is_not_followed(self):
        webhook = self.make_webhook("team.failed")
        self.receiver.answers["/hook"] = 302
        self.lonely_team()
        [call] = self.deliver()
        self.assertEqual(call.path, "/hook")
        self.assertEqual(self.log(webhook).state, "pending")

    def test_one_that_does_not_answer_holds_up_nobody(self):
        dead = self.make_webhook("team.failed", path="/dead")
        dead.url = "http://127.0.0.1:9/dead"  # nobody is there
        good = self.make_webhook("team.failed", path="/good")
        for number in range(3):
            self.lonely_team(f"Ann {number}")
        calls = self.deliver()
        self.assertEqual([call.path for call in calls], ["/good"] * 3)
        self.assertEqual(set(self.log(good).mapped("state")), {"done"})
        self.assertEqual(set(self.log(dead).mapped("state")), {"pending"})
        self.assertIn("refused", self.log(dead)[0].answer.lower())

    def test_one_that_cannot_be_written(self):
        webhook = self.make_webhook("order.shipped", "team.failed")
        self.lonely_team()
        event = self.env.ref("pinbu_groupbuy.webhook_event_order_shipped")
        broken = self.env["pinbu.webhook.delivery"].create(
            {"webhook_id": webhook.id, "event_id": event.id, "res_id": 2**31 - 1}
        )
        with mute_logger(LOG):
            [call] = self.deliver()
        self.assertEqual(call.event["type"], "team.failed")
        self.assertEqual(broken.state, "failed")

    def test_a_process_that_dies_while_sending(self):
        webhook = self.make_webhook("team.failed")
        self.lonely_team()
        arrived = []

        def die(message, _networks):
            arrived.append(message)
            raise SystemExit

        with patch.object(webhooks, "send", die):
            self.deliver(dying=True)
        log = self.log(webhook)
        self.assertEqual(len(arrived), 1)
        self.assertEqual((log.state, log.attempts), ("pending", 1))
        self.make_due(log)
        [call] = self.deliver()
        self.assertEqual(self.check_signature(call, webhook), arrived[0].uid)
        self.assertEqual(call.body, arrived[0].body)

    def test_private_networks_need_the_parameter(self):
        webhook = self.make_webhook("team.failed")
        self.env["ir.config_parameter"].set_param("pinbu_groupbuy.webhook_networks", False)
        self.lonely_team()
        self.assertEqual(self.deliver(), [])
        self.assertIn("private", self.log(webhook).answer)

    # === WHO MAY === #

    def test_manager_makes_one_and_tests_it(self):
        webhook = self.make_webhook("team.formed").with_user(self.manager)
        action = webhook.action_send_test()
        self.assertEqual(action["res_model"], "pinbu.webhook.delivery")
        webhook.action_send_test()
        calls = self.deliver()
        self.assertEqual([call.event["type"] for call in calls], ["webhook.test"] * 2)
        self.assertNotEqual(*[self.check_signature(call, webhook) for call in calls])
        self.assertEqual(self.log(webhook).mapped("attempts"), [1, 1])
        soon = fields.Datetime.now() + timedelta(minutes=1)
        self.assertLess(max(self.log(webhook).mapped("next_attempt_at")), soon)
        old = webhook.secret
        webhook.action_renew_secret()
        self.assertNotEqual(webhook.secret, old)
        with self.assertRaises(ValidationError):
            webhook.url = "ftp://example.com"

    def test_others_may_not(self):
        webhook = self.make_webhook("team.failed")
        self.lonely_team()
        marketing = new_test_user(self.env, "webhook user", groups="pinbu_groupbuy.group_user")
        for user in (
            marketing,
            new_test_user(self.env, "webhook portal", groups="base.group_portal"),
        ):
            with self.assertRaises(AccessError):
                webhook.with_user(user).read(["url"])
            with self.assertRaises(AccessError):
                webhook.with_user(user).action_send_test()
            with self.assertRaises(AccessError):
                self.log(webhook).with_user(user).action_resend()
        # Nor a manager of another company.
        other = self.env["res.company"].create({"name": "Another shop"})
        stranger = new_test_user(
            self.env,
            "webhook stranger",
            groups="pinbu_groupbuy.group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            webhook.with_user(stranger).read(["secret"])
        with self.assertRaises(AccessError):
            self.log(webhook).with_user(stranger).action_resend()
        # The log is written by the scheduler only.
        with self.assertRaises(AccessError):
            self.log(webhook).with_user(self.manager).write({"state": "done"})

    def test_another_companys_events_are_not_to_be_had(self):
        other = self.env["res.company"].create({"name": "Another shop"})
        webhook = self.make_webhook("team.failed").with_user(self.manager)
        with self.assertRaises(AccessError):
            webhook.company_id = other.id
            webhook.flush_recordset()
        self.assertEqual(webhook.company_id, self.company)
        self.manager.company_ids = [Command.link(other.id)]
        webhook.with_context(allowed_company_ids=[self.company.id, other.id]).company_id = other.id

    def test_old_log_is_forgotten(self):
        webhook = self.make_webhook("team.failed")
        self.lonely_team()
        self.deliver()
        log = self.log(webhook)
        self.env["pinbu.retention"]._delete_some(log._name)
        self.assertTrue(log.exists())
        log.happened_at -= timedelta(days=31)
        self.env["pinbu.retention"]._delete_some(log._name)
        self.assertFalse(log.exists())
