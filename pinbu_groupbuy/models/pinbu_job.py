"""Work that takes longer than somebody waits for, its progress, and what came of it.

Whoever adds a sort of work tells so in `_kinds`, and starts it by `_start`. It is done by the
scheduler, with the rights of who started it, some items at a time.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS, Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..transactions import short_transaction

_logger = logging.getLogger(__name__)

CRON = "pinbu_groupbuy.ir_cron_jobs"
# Up to so many records are done at once, while the browser waits.
AT_ONCE = 100
# Reasons that are kept of one job; more failures are only counted.
MOST_FAILURES = 100
# So often the same items are begun by processes that are killed.
MOST_ATTEMPTS = 5
# What loses against others is tried again after so long, then so long, …; two hours in all.
BACKOFF_SECONDS = (0, 0, 5, 15, 60, 300)
MOST_LOSSES = 30
REASON_LENGTH = 500
OPEN = ("waiting", "running")
TYPE = "pinbu.job"


class Kind(NamedTuple):
    """A sort of work.

    :param label: what a person calls it
    :param groups: XML ids of groups, with commas between: who is in one of them may do it
    :param work: ``work(items)`` does them, as the user who started it. What it raises for an item
                 alone is the reason why that one failed, and undoes what was done for it. Whatever
                 it does outside of the transaction it leaves alone when it was done already
    :param describe: ``describe(item)``: values of the ``pinbu.job.failure`` that name an item
    :param size: so many items are done between two commits
    :param finish: ``finish()``, as the user, once all items are done
    :param show: ``show()``: the action that shows what came of it
    """

    label: str
    groups: str
    work: Callable
    describe: Callable
    size: int = 20
    finish: Callable = lambda: None
    show: Callable | None = None


class PinbuJob(models.Model):
    """Work on many records in the background, for one user and with no more than their rights.

    Each batch is committed together with the progress, so that a process which is killed leaves
    nothing to be done twice; another one goes on where it stopped.
    """

    _name = "pinbu.job"
    _description = "Long Job"
    _order = "id desc"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Started By",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
    )
    kind = fields.Selection(
        selection="_selection_kind", string="Type", required=True, readonly=True
    )
    name = fields.Char(string="Job", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Done, with failures"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    total = fields.Integer(readonly=True, help="How much there is to do.")
    done = fields.Integer(
        string="Progress", readonly=True, help="How much was tried, what failed included."
    )
    failed_count = fields.Integer(string="Failures", readonly=True)
    failure_ids = fields.One2many("pinbu.job.failure", "job_id", readonly=True)
    reason = fields.Char(string="Why It Stopped", readonly=True)
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    attachment_id = fields.Many2one(
        "ir.attachment", string="File", readonly=True, ondelete="set null"
    )
    is_mine = fields.Boolean(compute="_compute_is_mine")
    has_result = fields.Boolean(compute="_compute_has_result")

    worked_at = fields.Datetime(groups=NO_ACCESS, help="Technical: jobs take turns.")
    attempts = fields.Integer(groups=NO_ACCESS, help="Technical: at the next items.")
    losses = fields.Integer(groups=NO_ACCESS, help="Technical: to others, at the next items.")
    retry_at = fields.Datetime(groups=NO_ACCESS, help="Technical: not before, after a loss.")
    key = fields.Char(groups=NO_ACCESS, help="Technical: the same work is not started twice.")
    items = fields.Json(groups=NO_ACCESS, prefetch=False, help="Technical: what to do.")
    params = fields.Json(groups=NO_ACCESS, prefetch=False, help="Technical: how to do it.")
    made = fields.Json(groups=NO_ACCESS, help="Technical: ids of what it has made.")
    allowed_companies = fields.Json(
        groups=NO_ACCESS, help="Technical: the companies that its user worked in."
    )

    _open_once = models.UniqueIndex(
        "(company_id, user_id, kind, key) WHERE state IN ('waiting', 'running')",
        "You have started this already: see Long Jobs.",
    )
    _open_idx = models.Index("(worked_at, id) WHERE state IN ('waiting', 'running')")
    _over_idx = models.Index("(finished_at) WHERE finished_at IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.model
    def _selection_kind(self):
        return [(code, kind.label) for code, kind in self._kinds().items()]

    @api.depends_context("uid")
    def _compute_is_mine(self):
        for job in self:
            job.is_mine = job.user_id == self.env.user

    @api.depends("state")
    def _compute_has_result(self):
        for job in self:
            job.has_result = bool(job.sudo().made)

    # === ACTION METHODS === #

    def action_cancel(self):
        """What is done stays done; what is in hand at this moment is undone."""
        self.check_access("read")
        mine = self.filtered("is_mine")
        if mine != self and not self.env.user.has_group("pinbu_groupbuy.group_manager"):
            raise AccessError(self.env._("This job is somebody else's."))
        for job in self.sudo().filtered(lambda job: job.state in OPEN):
            job._end("cancelled", self.env._("Stopped by %s.", self.env.user.name))
            job._tell()

    def action_download(self):
        """The file that it has made, for who started it."""
        self.ensure_one()
        self.check_access("read")
        if not self.is_mine:
            raise AccessError(self.env._("This job is somebody else's."))
        if not self.attachment_id:
            raise UserError(self.env._("There is no file."))
        return {"type": "ir.actions.act_url", "url": self._file_url(), "target": "download"}

    def action_show_result(self):
        """The records that it has made."""
        self.ensure_one()
        self.check_access("read")
        if not self.has_result:
            raise UserError(self.env._("There is nothing to show."))
        return self._kinds()[self.kind].show()

    # === BUSINESS METHODS === #

    @api.model
    def _kinds(self):
        """Hook: the work that can be done in the background.

        :return: ``{code: Kind}``
        :rtype: dict
        """
        return {}

    @api.model
    def _start(self, kind, name, key, items, **params):
        """Have items done in the background, as this user and in their companies.

        :param str kind: one of `_kinds`
        :param str name: what a person reads of it
        :param key: what was asked for, as JSON takes it: as long as such a job of this user goes
                    on, no other one is started
        :param list items: what `work` of the kind is given, as JSON takes it
        :param params: what `work` finds in `params`
        :return: the job, a running one if there is one
        :raise AccessError: for who may not do such work
        """
        if refusal := self._refusal(kind, self.env.user, self.env.company):
            raise AccessError(refusal)
        values = {
            "company_id": self.env.company.id,
            "user_id": self.env.uid,
            "kind": kind,
            "key": hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest(),
        }
        jobs_sudo = self.sudo()
        domain = [(field, "=", value) for field, value in values.items()]
        job_sudo = jobs_sudo.search([*domain, ("state", "in", OPEN)])
        if not job_sudo:
            job_sudo = jobs_sudo.create(
                {
                    **values,
                    "name": name,
                    "items": items,
                    "params": params,
                    "total": len(items),
                    "allowed_companies": self.env.companies.ids,
                }
            )
            self.env.ref(CRON).sudo()._trigger()
        return job_sudo.sudo(False)

    def _open_progress(self):
        """:return: the action that shows how far it is"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("pinbu_groupbuy.pinbu_job_view_form_progress").id, "form")],
            "target": "new",
        }

    def _do_now(self):
        """Do all of it at once, in the request.

        :return: the action that shows what came of it
        """
        job_sudo = self.sudo()
        while job_sudo.state in OPEN:
            job_sudo._advance()
        if self.failed_count:
            return self._open_progress()
        if self.attachment_id:
            return self.action_download()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Done: all %s.", self.total),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _refusal(self, kind, user, company):
        """:return: why this user may not do this (any more) in this company; False if they may"""
        user_sudo = user.sudo()
        if not user_sudo.active or company not in user_sudo.company_ids:
            return self.env._("%s does not work here any more.", user.name)
        if kind not in self._kinds():
            # Its add-on was uninstalled.
            return self.env._("This cannot be done here any more.")
        groups = self._kinds()[kind].groups.split(",")
        if not any(user.has_group(group) for group in groups):
            return self.env._("%s has no right to do this (any more).", user.name)
        return False

    def _as_starter(self):
        """:return: the job with the rights, the companies and the language of its user"""
        user = self.user_id
        others = [
            id_
            for id_ in self.allowed_companies
            if id_ in user.company_ids.ids and id_ != self.company_id.id
        ]
        return self.with_user(user).with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=[self.company_id.id, *others]
        )

    def _advance(self):
        """Do the next items, or what is to be done at the end.

        :return: how many items were tried
        """
        job = self._as_starter()
        kind = job._kinds()[self.kind]
        items = self.items[self.done : self.done + kind.size]
        if not items:
            kind.finish()
            self._end("failed" if self.failed_count else "done")
            return 0
        failures = self._try(kind, items)
        room = MOST_FAILURES - self.failed_count
        self.env["pinbu.job.failure"].create(
            [
                {**kind.describe(item), "job_id": self.id, "reason": reason[:REASON_LENGTH]}
                for item, reason in failures[: max(0, room)]
            ]
        )
        self.write(
            {
                "done": self.done + len(items),
                "failed_count": self.failed_count + len(failures),
                "attempts": 0,
                "losses": 0,
                "retry_at": False,
            }
        )
        return len(items)

    def _try(self, kind, items):
        """Do the items together, or one by one where that fails.

        :return: ``[(item, why it failed)]``
        """
        try:
            with self.env.cr.savepoint():
                kind.work(items)
        except OperationalError:
            raise
        except Exception as error:
            if len(items) > 1:
                return [failure for item in items for failure in self._try(kind, [item])]
            if isinstance(error, UserError):
                return [(items[0], str(error))]
            _logger.exception("An item of job %s failed", self.id)
            env = self._as_starter().env
            return [(items[0], env._("Something went wrong; the server's log says what."))]
        return []

    def _end(self, state, reason=False):
        """What was to be done is not kept."""
        self.write(
            {
                "state": state,
                "reason": reason,
                "finished_at": fields.Datetime.now(),
                "items": False,
                "params": False,
                "key": False,
            }
        )

    def _file_url(self):
        return f"/web/content/{self.attachment_id.id}?download=true"

    # === SCHEDULER === #

    @api.model
    def _cron_work(self):
        """Go on with all jobs in turn, some items of each at a time."""
        while job := self._next_job():
            count, done, attempts = 0, job.done, job.attempts
            try:
                count = job._go_on()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Cancelled meanwhile, or its records are at work elsewhere.
                self.env.cr.rollback()
                job._try_later(done, attempts)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Job %s failed", job.id)
            if not self.env["ir.cron"]._commit_progress(count):
                self.env.ref(CRON)._trigger()
                return
        if waiting := self.sudo().search([("state", "in", OPEN)], order="retry_at", limit=1):
            self.env.ref(CRON)._trigger(waiting.retry_at)

    @api.model
    def _next_job(self):
        """:return: the one that has waited longest, of those that may go on now"""
        is_ready = Domain("retry_at", "=", False) | Domain("retry_at", "<=", fields.Datetime.now())
        order = "worked_at NULLS FIRST, id"
        return self.sudo().search(Domain("state", "in", OPEN) & is_ready, order=order, limit=1)

    def _try_later(self, done, attempts):
        """Count a loss against others instead of an attempt, and wait longer each time.

        :param int done: its progress, and
        :param int attempts: its attempts before
        """
        with short_transaction(self.env) as cr:
            # Not if it was cancelled, or another process has gone on with it.
            cr.execute(
                SQL(
                    """
                    UPDATE pinbu_job
                       SET attempts = %(attempts)s, losses = COALESCE(losses, 0) + 1,
                           retry_at = %(now)s + interval '1 second'
                           * (%(backoff)s::int[])[LEAST(COALESCE(losses, 0) + 1, %(last)s)]
                     WHERE id = %(job)s AND state IN %(open)s AND done = %(done)s
                    """,
                    attempts=attempts,
                    now=fields.Datetime.now(),
                    backoff=list(BACKOFF_SECONDS),
                    last=len(BACKOFF_SECONDS),
                    job=self.id,
                    open=OPEN,
                    done=done,
                )
            )

    def _go_on(self):
        """Do the next items and tell how far it is; the caller commits.

        :return: how many items were tried
        """
        job = self.with_context(lang=self.user_id.lang)
        reason = job._refusal(self.kind, self.user_id, self.company_id)
        if not reason and self.attempts >= MOST_ATTEMPTS:
            reason = job.env._("The same items were tried %s times.", MOST_ATTEMPTS)
        if not reason and self.losses >= MOST_LOSSES:
            reason = job.env._("Others were at work on the same records %s times.", MOST_LOSSES)
        if reason:
            self._end("cancelled", reason)
            self._tell()
            return 0
        now = fields.Datetime.now()
        self.write(
            {
                "state": "running",
                "started_at": self.started_at or now,
                "worked_at": now,
                "attempts": self.attempts + 1,
            }
        )
        # What kills a process does not do so for ever.
        self.env["ir.cron"]._commit_progress()
        self.invalidate_recordset()
        if self.state not in OPEN:
            return 0
        count = self._advance()
        self._tell()
        # Whoever was faster is noticed here, where it can be taken back.
        self.env.flush_all()
        return count

    def _tell(self):
        """Tell the screens of who started it how far it is, once this is committed."""
        env = self.with_context(lang=self.user_id.lang).env
        match self.state:
            case "done":
                message = env._("Done: all %s.", self.total)
            case "failed":
                message = env._(
                    "%(failed)s of %(total)s failed.", failed=self.failed_count, total=self.total
                )
            case _:
                message = self.reason
        self.user_id._bus_send(
            TYPE,
            {
                "id": self.id,
                "state": self.state,
                "done": self.done,
                "total": self.total,
                "title": self.name,
                "message": message,
                "url": self._file_url() if self.attachment_id else False,
            },
        )
