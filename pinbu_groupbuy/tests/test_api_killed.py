import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from unittest.mock import patch

from psycopg2 import OperationalError
from psycopg2.pool import PoolError
from werkzeug.test import Client

from odoo import http
from odoo.service import model as service_model
from odoo.tests import get_db_name, new_test_user, tagged
from odoo.tools import config, mute_logger

from odoo.addons.pinbu_groupbuy import transactions
from odoo.addons.pinbu_groupbuy.api import tokens

from .api_common import BASE
from .concurrent_common import ConcurrentCase

DISPATCHER = "odoo.addons.pinbu_groupbuy.api.dispatcher"


class RealRequestCase(ConcurrentCase):
    """Orders of real shoppers on real transactions."""

    def setUp(self):
        super().setUp()
        self.look_again()
        self.login = f"killed {uuid.uuid4().hex}"
        user = new_test_user(self.env, self.login, groups="base.group_portal")
        self.user_id = user.id
        self.token = tokens.issue(self.env, user)[0]
        self.open_cr.commit()
        self.addCleanup(self._clean_shopper)

    def _clean_shopper(self):
        self.look_again()
        self.clean_teams()
        self.open_cr.execute("DELETE FROM pinbu_api_idempotency WHERE user_id = %s", [self.user_id])
        user = self.env["res.users"].browse(self.user_id)
        partner = user.partner_id
        user.unlink()
        partner.unlink()
        self.open_cr.commit()

    def wish(self, key):
        """:return: the request of an order, for werkzeug's client"""
        return {
            "path": f"{BASE}/orders",
            "method": "POST",
            "json": {
                "activity_id": self.activity.id,
                "product_id": self.product.id,
                "quantity": 1,
            },
            "headers": {
                "Authorization": f"Bearer {self.token}",
                "Idempotency-Key": key,
                "Accept-Language": "en",
            },
        }

    def ask(self, key):
        request = self.wish(key)
        return Client(http.root).open(request.pop("path"), **request)

    def orders(self):
        self.look_again()
        partner = self.env["res.users"].browse(self.user_id).partner_id
        return self.env["sale.order"].search([("partner_id", "=", partner.id)])


@tagged("post_install", "-at_install")
class TestKilledRequest(RealRequestCase):
    """`kill -9` in the middle of an order: whoever repeats it gets one order."""

    def die(self, moment, key):
        command = [
            sys.executable,
            str(Path(__file__).with_name("killed_request.py")),
            f"--database={get_db_name()}",
            f"--db-filter=^{get_db_name()}$",
            f"--addons-path={','.join(config['addons_path'])}",
            "--log-level=critical",
            moment,
            json.dumps(self.wish(key)),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path[1:]))}
        done = subprocess.run(command, env=environment, timeout=300, check=False)
        self.assertEqual(done.returncode, -signal.SIGKILL, moment)

    def test_before_the_effect(self):
        for moment in ("key claimed", "place held"):
            key = uuid.uuid4().hex
            self.die(moment, key)
            self.assertFalse(self.orders(), moment)
            # For a minute it may still be at work.
            early = self.ask(key)
            self.assertEqual((early.status_code, early.json["error"]["code"]), (409, "in_progress"))
            self.assertEqual(early.headers["Retry-After"], "1")
            self.sql(
                "UPDATE pinbu_api_idempotency SET started_at = started_at - interval '61 seconds'"
                " WHERE user_id = %s",
                self.user_id,
            )
            answer = self.ask(key)
            self.assertEqual(answer.status_code, 201, answer.text)
            order = self.orders()
            self.assertEqual(order.ids, [answer.json["id"]])
            self.assertEqual(len(order.seat_ids), 1)
            self.assertEqual(self.ask(key).json["id"], order.id)
            self.check_invariants()
            self.clean_teams()

    def test_between_effect_and_answer(self):
        key = uuid.uuid4().hex
        self.die("effect committed", key)
        order = self.orders()
        self.assertEqual(len(order), 1)
        answer = self.ask(key)
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(answer.headers["Idempotent-Replayed"], "true")
        self.assertEqual(answer.json["id"], order.id)
        self.assertEqual(self.orders(), order)


@tagged("post_install", "-at_install")
class TestBusy(RealRequestCase):
    """When tries run out, and when nobody can be asked: 503, and the next try works."""

    def assertBusy(self, answer):
        self.assertEqual((answer.status_code, answer.json["error"]["code"]), (503, "busy"))
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")

    def test_a_rival_who_does_not_let_go(self):
        key = uuid.uuid4().hex
        with (
            self.registry.cursor() as rival,
            patch.object(service_model.time, "sleep"),
            mute_logger(DISPATCHER, "odoo.http", "odoo.sql_db"),
        ):
            for name in ("_BEGIN", "_BEGIN_LIGHTLY"):
                begin = getattr(transactions, name).replace("'2s'", "'50ms'")
                self.patch(transactions, name, begin)
            rival.execute(
                "SELECT 1 FROM pinbu_activity_line WHERE activity_id = %s FOR UPDATE",
                [self.activity.id],
            )
            self.assertBusy(self.ask(key))
        self.assertFalse(self.orders())
        answer = self.ask(key)
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertNotIn("Idempotent-Replayed", answer.headers)

    def test_no_connection_is_left(self):
        key = uuid.uuid4().hex
        for error in (PoolError("The Connection Pool Is Full"), OperationalError("too many")):
            with (
                patch.object(type(self.registry), "cursor", side_effect=error),
                mute_logger(DISPATCHER, "odoo.http", "odoo.sql_db"),
            ):
                self.assertBusy(self.ask(key))
        self.assertEqual(self.ask(key).status_code, 201)
