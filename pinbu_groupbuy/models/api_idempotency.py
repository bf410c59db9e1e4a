import json
import uuid
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, short_transaction

KEPT_FOR = SQL("INTERVAL '24 hours'")
# A process that took longer than this is dead, or lost its work to a repetition of the request.
GIVEN_UP_AFTER = SQL("INTERVAL '60 seconds'")


@dataclass
class Claim:
    """A request's right to do the work of its key, or the answer that was kept for the key."""

    id: int
    owner: str
    status: int | None = None
    answer: str | None = None

    def keep(self, cr, status, answer):
        """Store the answer in the transaction `cr` of the effect.

        :raise PinbuError: ``in_progress`` when a repetition of the request took the key over
        """
        cr.execute(self._update(status, answer))
        if not cr.rowcount:
            raise PinbuError("in_progress", "Another process took this request over.")

    def keep_refusal(self, env, status, answer):
        """Store the refusal, after the transaction of the effect was rolled back."""
        with short_transaction(env) as cr:
            cr.execute(self._update(status, answer))

    def release(self, env):
        """Let the next request with this key try again, whatever its body."""
        with short_transaction(env) as cr:
            cr.execute(
                SQL(
                    "UPDATE pinbu_api_idempotency SET body_hash = '', started_at = started_at"
                    " - INTERVAL '61 seconds'"
                    " WHERE id = %s AND owner = %s AND status IS NULL",
                    self.id,
                    self.owner,
                )
            )

    def _update(self, status, answer):
        return SQL(
            "UPDATE pinbu_api_idempotency SET status = %s, answer = %s"
            " WHERE id = %s AND owner = %s AND status IS NULL",
            status,
            answer,
            self.id,
            self.owner,
        )


class PinbuApiIdempotency(models.Model):
    """The first answer to each request that carried an Idempotency-Key, for 24 hours.

    The body is kept as a keyed hash only. Answers hold no token: routes that give one take no key.
    """

    _name = "pinbu.api.idempotency"
    _description = "API Idempotency Key"
    _log_access = False

    # A plain number: merging contacts must not rewrite what was answered.
    user_id = fields.Integer(required=True)
    route = fields.Char(required=True)
    key = fields.Char(required=True)
    body_hash = fields.Char(required=True)
    owner = fields.Char(required=True, help="The request that does the work.")
    started_at = fields.Datetime(required=True, index=True)
    status = fields.Integer(help="Of the answer; empty while the request is in progress.")
    answer = fields.Text()

    _scope_unique = models.Constraint(
        "UNIQUE(user_id, route, key)", "A key can be used once for each shopper and route."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _claim(self, user_id, route, key, body):
        """Take a key, or find what it led to. Commits in a transaction of its own.

        :param int user_id: the shopper
        :param str route: method, path and the path's arguments
        :param dict body: what was sent
        :return: a Claim; with a ``status`` it is the answer to give again
        :raise PinbuError: ``idempotency_mismatch``, ``in_progress``
        """
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        body_hash = hmac(self.env(su=True), "pinbu.api.idempotency", text)
        scope = SQL("user_id = %s AND route = %s AND key = %s", user_id, route, key)
        owner = uuid.uuid4().hex
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    "DELETE FROM pinbu_api_idempotency WHERE %s AND started_at < %s - %s",
                    scope,
                    SQL_NOW,
                    KEPT_FOR,
                )
            )
            cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_api_idempotency
                           (user_id, route, key, body_hash, owner, started_at)
                    VALUES (%s, %s, %s, %s, %s, %s)
                        ON CONFLICT (user_id, route, key) DO NOTHING
                    """,
                    user_id,
                    route,
                    key,
                    body_hash,
                    owner,
                    SQL_NOW,
                )
            )
            if not cr.rowcount:
                # Only one repetition takes over: the others wait here and then find it recent.
                cr.execute(
                    SQL(
                        """
                        UPDATE pinbu_api_idempotency
                           SET owner = %s, body_hash = %s, started_at = %s
                         WHERE %s AND status IS NULL AND started_at < %s - %s
                           AND body_hash IN (%s, '')
                        """,
                        owner,
                        body_hash,
                        SQL_NOW,
                        scope,
                        SQL_NOW,
                        GIVEN_UP_AFTER,
                        body_hash,
                    )
                )
            cr.execute(
                SQL(
                    "SELECT id, owner, body_hash, status, answer FROM pinbu_api_idempotency"
                    " WHERE %s",
                    scope,
                )
            )
            row_id, found_owner, found_hash, status, answer = cr.fetchone()
        if found_hash != body_hash:
            raise PinbuError(
                "idempotency_mismatch",
                self.env._("This request key was used for something else before."),
            )
        if not status and found_owner != owner:
            raise PinbuError(
                "in_progress", self.env._("The same request is still being worked on.")
            )
        return Claim(row_id, found_owner, status, answer)

    @api.autovacuum
    def _gc_old_keys(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM pinbu_api_idempotency WHERE started_at < %s - %s",
                SQL_NOW,
                KEPT_FOR,
            )
        )
