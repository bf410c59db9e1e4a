"""A system of the merchant's that receives webhooks, played on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from odoo import SUPERUSER_ID, Command, api

from odoo.addons.pinbu_groupbuy import webhooks
from odoo.addons.pinbu_groupbuy.models.pinbu_webhook_delivery import NETWORKS


class Call(NamedTuple):
    path: str
    headers: dict
    body: str

    @property
    def event(self):
        return json.loads(self.body)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length).decode()
        self.server.calls.append(Call(self.path, dict(self.headers), body))
        status = self.server.answers.get(self.path, 204)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format, *args):
        """Tests print nothing."""


class WebhookMixin:
    """Mix it into a test case of a shop, and call `set_up_receiver()`."""

    @classmethod
    def set_up_receiver(cls):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        server.calls, server.answers = [], {}
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        cls.addClassCleanup(thread.join, 5)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.receiver = server
        cls.env["ir.config_parameter"].set_param(NETWORKS, "127.0.0.1/32")

    def make_webhook(self, *codes, path="/hook", **values):
        events = self.env["pinbu.webhook.event"].search([("code", "in", codes)])
        self.assertEqual(len(events), len(codes))
        return self.env["pinbu.webhook"].create(
            {
                "name": f"Test {path}",
                "url": f"http://127.0.0.1:{self.receiver.server_port}{path}",
                "event_ids": [Command.set(events.ids)],
                **values,
            }
        )

    def deliver(self, dying=False):
        """Let the scheduler send what is due.

        :param bool dying: whether it ends in the middle; what it has committed stays
        :return: what has arrived by it
        """
        before = len(self.receiver.calls)
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            try:
                api.Environment(cr, SUPERUSER_ID, {})["pinbu.webhook.delivery"]._cron_deliver()
            except SystemExit:
                self.assertTrue(dying)
        self.env.invalidate_all()
        return self.receiver.calls[before:]

    def make_due(self, deliveries):
        self.env.flush_all()
        deliveries.sudo().write({"next_attempt_at": "2020-01-01"})

    def check_signature(self, call, webhook):
        headers = {name.lower(): value for name, value in call.headers.items()}
        signature = webhooks.sign(
            webhook.secret, headers["webhook-id"], int(headers["webhook-timestamp"]), call.body
        )
        self.assertEqual(headers["webhook-signature"], signature)
        self.assertEqual(headers["content-type"], "application/json")
        return headers["webhook-id"]
