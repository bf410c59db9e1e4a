import json
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from .. import webhooks
from ..api import render
from ..transactions import SQL_NOW, renew_snapshot, short_transaction, wake
from .pinbu_webhook import CRON

_logger = logging.getLogger(__name__)

# Seconds from an attempt to the next: three days in all.
BACKOFF = (30, 300, 1800, 7200, 18000, 36000, 50400, 57600, 86400)
BATCH = 20
AT_ONCE = 8
NETWORKS = "pinbu_groupbuy.webhook_networks"


class PinbuWebhookDelivery(models.Model):
    """One event on its way to one webhook, and the log of how that went.

    That it is being tried is committed before it is sent: a process that is killed sends it again
    later, under the same event id. So it arrives at least once.
    """

    _name = "pinbu.webhook.delivery"
    _description = "Webhook Delivery"
    _order = "id desc"
    _log_access = False
    _rec_name = "uid"

    webhook_id = fields.Many2one("pinbu.webhook", required=True, readonly=True, ondelete="cascade")
    event_id = fields.Many2one(
        "pinbu.webhook.event", required=True, readonly=True, ondelete="cascade"
    )
    res_id = fields.Integer(string="Record", readonly=True, help="Empty for a test.")
    uid = fields.Char(
        string="Event ID",
        required=True,
        readonly=True,
        default=lambda self: f"msg_{secrets.token_hex(16)}",
        help="The same at each attempt: whoever has seen it need do nothing.",
    )
    payload = fields.Text(string="Message", readonly=True)
    state = fields.Selection(
        [("pending", "Waiting"), ("done", "Delivered"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="pending",
    )
    attempts = fields.Integer(readonly=True, default=0)
    happened_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    next_attempt_at = fields.Datetime(
        string="Next Attempt", readonly=True, default=fields.Datetime.now
    )
    delivered_at = fields.Datetime(readonly=True)
    status_code = fields.Integer(string="HTTP Status", readonly=True)
    answer = fields.Char(
        readonly=True, help="The first words of the receiving system, or why it was not reached."
    )

    _once = models.UniqueIndex("(webhook_id, event_id, res_id)")
    _waiting_idx = models.Index("(next_attempt_at, id) WHERE state = 'pending'")

    # === ACTION METHODS === #

    def action_resend(self):
        """Send it once more, under the same event id, also what has arrived before."""
        self.check_access("read")
        self.webhook_id.check_access("write")
        self.sudo().write(
            {"state": "pending", "attempts": 0, "next_attempt_at": fields.Datetime.now()}
        )
        wake(self.env, self.env.cr, CRON)

    # === SCHEDULER === #

    @api.model
    def _cron_deliver(self):
        """Send what is due, a batch at a time, until nothing is or the time is up."""
        while ids := self._claim():
            self.browse(ids).sudo()._deliver()
            if not self.env["ir.cron"]._commit_progress(len(ids)):
                self.env.ref(CRON)._trigger()
                break

    @api.model
    def _claim(self):
        """Count an attempt at the next deliveries, and commit that.

        Webhooks take turns, so that one that does not answer does not hold up the others.

        :return: their ids
        """
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    WITH due AS (
                        SELECT delivery.id, row_number() OVER (
                                   PARTITION BY webhook_id ORDER BY next_attempt_at, delivery.id
                               ) AS place
                          FROM pinbu_webhook_delivery delivery
                          JOIN pinbu_webhook webhook ON webhook.id = webhook_id AND webhook.active
                         WHERE state = 'pending' AND next_attempt_at <= %(now)s
                    ), mine AS (
                        SELECT id FROM pinbu_webhook_delivery
                         WHERE id IN (SELECT id FROM due ORDER BY place, id LIMIT %(batch)s)
                           AND state = 'pending' AND next_attempt_at <= %(now)s
                           FOR NO KEY UPDATE SKIP LOCKED
                    )
                    UPDATE pinbu_webhook_delivery delivery
                       SET attempts = attempts + 1, next_attempt_at = %(now)s
                           + (%(backoff)s::int[])[LEAST(attempts + 1, %(last)s)] * interval '1 second'
                      FROM mine WHERE mine.id = delivery.id
                 RETURNING delivery.id
                    """,
                    now=SQL_NOW,
                    batch=BATCH,
                    backoff=list(BACKOFF),
                    last=len(BACKOFF),
                )
            )
            return [row[0] for row in cr.fetchall()]

    def _deliver(self):
        """Send these, several at once; meanwhile no transaction is open."""
        # The claim was another transaction's.
        renew_snapshot(self.env)
        messages = {delivery.id: delivery._message() for delivery in self.exists()}
        messages = {id_: message for id_, message in messages.items() if message}
        networks = webhooks.read_networks(
            self.env["ir.config_parameter"].sudo().get_param(NETWORKS)
        )
        # What is sent is written first, and the same at each attempt.
        self.env.flush_all()
        renew_snapshot(self.env)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            outcomes = threads.map(
                lambda message: webhooks.send(message, networks), messages.values()
            )
            self._note(list(zip(messages, outcomes, strict=True)))

    def _message(self):
        """:return: the ``webhooks.Message``, or None when there is nothing to tell (any more)"""
        self.ensure_one()
        if not self.payload:
            try:
                with self.env.cr.savepoint():
                    self.payload = self._render()
            except OperationalError:
                raise
            except Exception as error:
                self.env.invalidate_all()
                _logger.warning("Webhook delivery %s cannot be written", self.id, exc_info=True)
                self.write({"state": "failed", "answer": str(error)[: webhooks.ANSWER_BYTES]})
                return None
        webhook = self.webhook_id
        return webhooks.Message(self.uid, webhook.url, webhook.secret, self.payload)

    def _render(self):
        record = self.env[self.event_id.model].browse(self.res_id or self.webhook_id.id)
        company = self.webhook_id.company_id
        event = {
            "type": self.event_id.code,
            "timestamp": render.to_iso(self.happened_at),
            "data": record.with_company(company)._to_webhook(),
        }
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"))

    @api.model
    def _note(self, outcomes):
        """Write down what came of it.

        :param outcomes: ``[(delivery id, webhooks.Outcome)]``
        """
        if not outcomes:
            return
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    UPDATE pinbu_webhook_delivery delivery
                       SET state = CASE WHEN told.is_done THEN 'done'
                                        WHEN delivery.attempts > %(last)s THEN 'failed'
                                        ELSE 'pending' END,
                           status_code = told.status, answer = told.answer,
                           delivered_at = CASE WHEN told.is_done THEN %(now)s END
                      FROM unnest(%(ids)s::int[], %(done)s::bool[], %(status)s::int[],
                                  %(answer)s::text[]) AS told (id, is_done, status, answer)
                     WHERE delivery.id = told.id AND delivery.state = 'pending'
                    """,
                    last=len(BACKOFF),
                    now=SQL_NOW,
                    ids=[id_ for id_, _outcome in outcomes],
                    done=[outcome.is_done for _id, outcome in outcomes],
                    status=[outcome.status for _id, outcome in outcomes],
                    answer=[outcome.text[: webhooks.ANSWER_BYTES] for _id, outcome in outcomes],
                )
            )
        # What comes next looks at the log as it is now.
        renew_snapshot(self.env)
