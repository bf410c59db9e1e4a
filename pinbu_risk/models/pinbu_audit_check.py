"""Looks whether every row of the audit log is there, and as it was written."""

import json
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..audited import Words
from .pinbu_audit_log import SEALED, is_sealed

_logger = logging.getLogger(__name__)

BATCH = 2000
# So many findings are named.
NAMED = 50


class PinbuAuditCheck(models.Model):
    """One look at the whole log. What is found is a list of dicts with a ``code`` and numbers."""

    _name = "pinbu.audit.check"
    _description = "Check of the Audit Log"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "checked_at"

    checked_at = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", string="By", readonly=True, ondelete="set null", help="Empty: every night."
    )
    rows = fields.Integer(readonly=True, aggregator=None)
    last_ref = fields.Integer(string="Last Number", readonly=True, aggregator=None)
    last_seal = fields.Char(
        readonly=True,
        help="Whoever notes it elsewhere can tell that a whole database was put back.",
    )
    findings = fields.Json(readonly=True)
    is_sound = fields.Boolean(readonly=True)
    result = fields.Text(compute="_compute_result")

    # === COMPUTE METHODS === #

    @api.depends("findings", "rows")
    @api.depends_context("lang")
    def _compute_result(self):
        for check in self:
            texts = [check._finding_text(finding) for finding in check.findings or []]
            if check.is_sound:
                texts.insert(
                    0,
                    self.env._("All %s rows are there, and as they were written.", check.rows),
                )
            check.result = "\n".join(texts)

    def _finding_text(self, finding):
        first, last = finding.get("first"), finding.get("last")
        texts = {
            "missing": self.env._("Row %s is missing: it was removed.", first)
            if first == last
            else self.env._("Rows %(first)s to %(last)s are missing.", first=first, last=last),
            "changed": self.env._("Row %s was changed, or slipped in.", first),
            "no_key": self.env._("Row %s cannot be checked: its key is not configured.", first),
            "keyless": self.env._(
                "Row %s has no seal of the server's key, although rows before it have one.", first
            ),
            "words_changed": self.env._("%s texts about shoppers were changed.", first),
            "words_missing": self.env._(
                "%s texts about shoppers who are still here were removed.", first
            ),
            "head": self.env._("The note of how far the log has come was changed, or removed."),
            "more": self.env._("And %s more.", first),
            "open": self.env._(
                "%s rows were sealed while the server had no key of its own: whoever can write to "
                "the database could have put others in their place. See docs/audit.rst.",
                first,
            ),
        }
        return texts[finding["code"]]

    # === ACTION METHODS === #

    def action_check_now(self):
        """Look at the whole log now, and show what was found."""
        self.check_access("read")
        check = self.sudo()._check(self.env.user)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check of the Audit Log"),
            "res_model": self._name,
            "res_id": check.id,
            "views": [(False, "form")],
            "target": "current",
        }

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Checks are kept: they tell what was found when."))

    # === SCHEDULER === #

    @api.model
    def _cron_check(self):
        """Every night; auditors get a task for what was not found the last time."""
        self._check()

    # === BUSINESS METHODS === #

    @api.model
    def _check(self, user=None):
        """:param user: who asks; nobody in the scheduler
        :return: what was found
        :rtype: pinbu.audit.check
        """
        head = self.env["pinbu.audit.head"].sudo().search([], limit=1)
        found = _Findings()
        rows, last, seal = self._walk(found)
        if head and head._is_genuine() is False:
            found.add("head")
        elif head and head.last_ref > last:
            found.add("missing", last + 1, head.last_ref)
        elif head and self._seal_of(head.last_ref) not in (None, head.seal):
            found.add("changed", head.last_ref)
        elif not head and rows:
            found.add("head")
        texts = self.env["pinbu.audit.words"].sudo()
        if count := texts._find_changed():
            found.add("words_changed", count)
        if found.missing_words:
            found.add("words_missing", found.missing_words)
        previous = self.search([], limit=1)
        check = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True).create(
            {
                "checked_at": fields.Datetime.now(),
                "user_id": user.id if user else False,
                "rows": rows,
                "last_ref": last,
                "last_seal": seal,
                "is_sound": not found.codes,
                "findings": found.as_list(),
            }
        )
        # Outside of the database, too: the rows of tonight cannot be taken back unseen.
        _logger.log(
            logging.ERROR if found.codes else logging.INFO,
            "The audit log has %s rows up to number %s with seal %s; findings: %s",
            rows,
            last,
            seal,
            check.findings,
        )
        if check.is_sound:
            if rows:
                self.env["pinbu.audit.head"]._advance()
            self.search([("activity_ids", "!=", False)]).activity_feedback(
                ["mail.mail_activity_data_warning"]
            )
        elif found.codes[:NAMED] != self._faults(previous):
            check._alert()
        return check

    @api.model
    def _walk(self, found):
        """Look at all rows in the order of their numbers, in batches.

        :return: ``(how many, number of the last, its seal)``
        """
        texts = self.env["pinbu.audit.words"].sudo()
        forgotten = self._forgotten()
        count, last, seal, keyed = 0, 0, "", False
        while batch := self._batch(last):
            for row in batch:
                number = row["id"]
                if number != last + 1:
                    # What came before it is gone, so its own seal tells nothing any more.
                    found.add("missing", last + 1, number - 1)
                else:
                    sealed = is_sealed(seal, row)
                    if sealed is None:
                        found.add("no_key", number)
                    elif not sealed:
                        found.add("changed", number)
                    elif keyed and not row["key_id"]:
                        found.add("keyless", number)
                if row["key_id"]:
                    keyed = True
                else:
                    found.open += 1
                for text in (row["changes"], row["reason"]):
                    found.note_places(text)
                count, last, seal = count + 1, number, row["seal"]
            # Each stands in one row only.
            found.missing_words += texts._find_missing(found.places, forgotten)
            found.places.clear()
        return count, last, seal

    @api.model
    def _batch(self, after):
        names = (*SEALED, "key_id", "seal")
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM pinbu_audit_log WHERE id > %s ORDER BY id LIMIT %s",
                SQL(", ").join(map(SQL.identifier, names)),
                after,
                BATCH,
            )
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _forgotten(self):
        """:return: ids of shoppers, and marks of words about others, whose deletion the log holds;
        that somebody asked for it, or what another table says, proves nothing"""
        self.env.cr.execute(
            "SELECT res_id, changes FROM pinbu_audit_log"
            " WHERE model = 'res.partner' AND action = 'forgotten'"
        )
        found = set()
        for partner_id, changes in self.env.cr.fetchall():
            _old, marks = json.loads(changes or "{}").get("words", (None, None))
            found |= {partner_id, *(marks or "").split()}
        return found

    @api.model
    def _seal_of(self, number):
        self.env.cr.execute(SQL("SELECT seal FROM pinbu_audit_log WHERE id = %s", number))
        row = self.env.cr.fetchone()
        return row and row[0]

    @api.model
    def _faults(self, check):
        return [one for one in check.findings or [] if one["code"] not in ("more", "open")]

    def _alert(self):
        """Give each auditor the task to look into it."""
        auditors = self.env.ref("pinbu_risk.group_auditor").sudo().all_user_ids
        for user in auditors.filtered(lambda user: user.active and not user.share):
            check = self.with_context(lang=user.lang)
            check.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=check.env._("The audit log was tampered with"),
                note=check.result,
                user_id=user.id,
            )


class _Findings:
    """What a walk through the log found."""

    def __init__(self):
        self.codes = []
        self.open = 0
        self.places = set()  # of words: (shopper's id, mark), of the rows in hand
        self.missing_words = 0

    def add(self, code, first=None, last=None):
        self.codes.append({"code": code, "first": first, "last": first if last is None else last})

    def note_places(self, text):
        self.places.update((int(person), mark) for person, mark in Words.PLACE.findall(text or ""))

    def as_list(self):
        """:return: at most `NAMED` of them, and what else an auditor should know"""
        named = self.codes[:NAMED]
        if left := len(self.codes) - len(named):
            named.append({"code": "more", "first": left})
        if self.open:
            named.append({"code": "open", "first": self.open})
        return named
