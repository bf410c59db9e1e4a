import hashlib
import json

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL, format_datetime

from odoo.addons.pinbu_groupbuy.api.limits import network_of
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW, after_commit, in_test_transaction

from .. import keyring
from ..audited import ACTIONS, WATCHED, Words, changes_of, person_of, plain_changes
from ..facts import mark, prefix_of

# The class of the advisory lock of the chain: a constant that nothing else uses.
CHAIN_LOCK = 19_0004
PATIENCE = "10s"
SEAL = "audit"
# So many fields are shown in the list.
SHORT = 3
# What a seal covers, in this order, after the seal of the row before.
SEALED = (
    "id",
    "create_date",
    "user_ref",
    "user_name",
    "address_mark",
    "address_prefix",
    "company_ref",
    "action",
    "model",
    "res_id",
    "record_name",
    "changes",
    "reason",
)


class PinbuAuditLog(models.Model):
    """Who did what, when, from where, with old and new values and the reason. Append-only.

    Each row's seal is a keyed hash (of the server's keys, see `keyring.py`; without any a plain one)
    over the row and the seal before it, and the numbers have no gaps: a row that is changed, removed
    or slipped in by SQL shows in `pinbu.audit.check`. ``pinbu.audit.head`` keeps the last seal, so
    that the removal of the newest rows shows as well.

    Rows are gathered during a transaction and appended right before it commits, under an advisory
    lock that lasts until the commit. Odoo's transactions read the snapshot of their first statement
    and would continue from an old row, so the end of the chain is read on a connection of its own:
    nobody has to be repeated because somebody else wrote to the log.

    Rows refer by plain integers, and what they say of shoppers stands in ``pinbu.audit.words``: they
    outlive what they tell of, and a merge or a deletion of contacts never has to change one. They
    are kept for good.

    OCA's ``auditlog`` is not used: its rows may be changed and deleted (it brings a job that does
    so) and are not chained, it stores secrets and personal data in clear, knows no reasons and no
    interventions, and its AGPL licence would bind this add-on.
    """

    _name = "pinbu.audit.log"
    _description = "Audit Log"
    _order = "id desc"
    _log_access = False
    _rec_name = "record_name"

    action = fields.Selection(ACTIONS, required=True, readonly=True)
    # Plain integers everywhere: a foreign key would be rewritten by a merge, or stop a deletion.
    user_ref = fields.Integer(string="User's Number", readonly=True, aggregator=None)
    user_name = fields.Char(
        string="By", readonly=True, help="Empty: a shopper, who is known by the number only."
    )
    address_mark = fields.Char(
        string="Address (keyed hash)",
        readonly=True,
        help="The same for the same client address, which it does not give away.",
    )
    address_prefix = fields.Char(
        string="From", readonly=True, help="How the client's address begins."
    )
    company_ref = fields.Integer(readonly=True, aggregator=None, help="0: of all companies.")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", search="_search_company_id"
    )
    model = fields.Char(string="Technical Model", required=True, readonly=True)
    model_id = fields.Many2one(
        "ir.model", string="What", compute="_compute_model_id", search="_search_model_id"
    )
    res_id = fields.Integer(string="Record's Number", readonly=True, aggregator=None)
    record_name = fields.Char(
        string="Record", readonly=True, help="As it was called then. Empty where it named a person."
    )
    changes = fields.Text(readonly=True, help="Technical: old and new value of each field.")
    changes_html = fields.Html(string="Values", compute="_compute_changes_html", sanitize=False)
    changes_short = fields.Char(
        string="Changed", compute="_compute_changes_html", search="_search_changes"
    )
    reason = fields.Char(
        string="Reason as Sealed", readonly=True, help="A mark, where it is said of a shopper."
    )
    why = fields.Char(
        string="Reason",
        compute="_compute_changes_html",
        search="_search_why",
        help="In the words of who did it. Of a shopper who left, they are gone.",
    )
    create_date = fields.Datetime(string="At", required=True, readonly=True)
    key_id = fields.Char(
        readonly=True, help="Which of the server's keys seals the row. Empty: none was configured."
    )
    seal = fields.Char(required=True, readonly=True)

    _record_idx = models.Index("(model, res_id)")
    _date_idx = models.Index("(create_date)")
    _user_idx = models.Index("(user_ref)")

    def init(self):
        self.env.cr.execute("""
            DROP TRIGGER IF EXISTS pinbu_audit_log_append_only ON pinbu_audit_log;
            CREATE TRIGGER pinbu_audit_log_append_only
                BEFORE UPDATE OR DELETE OR TRUNCATE ON pinbu_audit_log
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
        """)

    # === COMPUTE METHODS === #

    @api.depends("record_name", "model")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            # What is about a person has no name of its own.
            row.display_name = (
                row.record_name or f"{row.model_id.sudo().name or row.model} #{row.res_id}"
            )

    @api.depends("company_ref")
    def _compute_company_id(self):
        companies = self.env["res.company"].sudo().browse(set(self.mapped("company_ref")) - {0})
        there = set(companies.exists().ids)
        for row in self:
            row.company_id = row.company_ref if row.company_ref in there else False

    def _search_company_id(self, operator, value):
        return [("company_ref", "in", self.env["res.company"]._search([("id", operator, value)]))]

    @api.depends("model")
    def _compute_model_id(self):
        for row in self:
            row.model_id = self.env["ir.model"].sudo()._get(row.model)

    def _search_model_id(self, operator, value):
        name = "id" if operator in ("in", "not in") else "name"
        found = self.env["ir.model"].sudo().search([(name, operator, value)])
        return [("model", "in", found.mapped("model"))]

    def _search_why(self, operator, value):
        if operator not in ("=", "ilike", "like", "in"):
            return NotImplemented
        said = self.env["pinbu.audit.words"].sudo().search([("text", operator, value)])
        places = [Words.place(words.person_ref, words.mark) for words in said]
        return ["|", ("reason", operator, value), ("reason", "in", places)]

    def _search_changes(self, operator, value):
        """In all values, those included that are said of shoppers: their names, say."""
        if operator not in ("=", "ilike", "like", "in"):
            return NotImplemented
        said = self.env["pinbu.audit.words"].sudo()._search([("text", operator, value)])
        holding = SQL(
            """(
                SELECT log.id
                  FROM pinbu_audit_log log, regexp_matches(log.changes, %s, 'g') place
                 WHERE log.changes LIKE %s AND place[2] IN %s
            )""",
            Words.PLACE.pattern,
            f"%{Words.PLACE.pattern[0]}%",
            said.subselect("mark"),
        )
        return ["|", ("changes", operator, value), ("id", "in", holding)]

    @api.depends("changes", "model", "reason")
    @api.depends_context("lang", "tz")
    def _compute_changes_html(self):
        words = self.env["pinbu.audit.words"]._read_places(
            text for row in self for text in (row.changes, row.reason)
        )
        for row in self:
            row.why = row._with_words(row.reason, words) if row.reason else False
            lines = row._lines(words)
            row.changes_short = "; ".join(
                f"{label}: {old} → {new or '–'}" if old else f"{label}: {new}"
                for label, old, new in lines[:SHORT]
            )
            row.changes_html = lines and Markup(
                '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th><th>%s</th></tr>'
                "</thead><tbody>%s</tbody></table>"
            ) % (
                self.env._("Field"),
                self.env._("Before"),
                self.env._("After"),
                Markup().join(
                    Markup(
                        '<tr><th class="fw-normal text-muted">%s</th><td>%s</td><td>%s</td></tr>'
                    )
                    % line
                    for line in lines
                ),
            )

    def _with_words(self, text, words):
        """:param dict words: of `_read_places`
        :return: the text, with what it holds marks of
        """

        def said(place):
            return words.get(place[2]) or self.env._("(gone with the shopper's account)")

        return Words.PLACE.sub(said, text)

    def _lines(self, words):
        """:return: ``[(field's label, old, new), …]`` in the reader's words"""
        self.ensure_one()
        changes = json.loads(self.changes or "{}")
        if self.model not in self.env:
            return [(name, str(old or ""), str(new or "")) for name, (old, new) in changes.items()]
        records = self.env[self.model].sudo()
        labels = records.fields_get(changes, ["string", "selection", "type"])
        return [
            (
                labels.get(name, {}).get("string", name),
                *(
                    self._with_words(self._in_words(value, labels.get(name, {})), words)
                    for value in values
                ),
            )
            for name, values in changes.items()
        ]

    def _in_words(self, value, field):
        if isinstance(value, list):
            return ", ".join(name or f"#{record_id}" for record_id, name in value)
        if value in (None, ""):
            return ""
        kind = field.get("type")
        if kind == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if kind == "selection":
            return dict(field["selection"]).get(value, value)
        if kind == "many2one":
            return f"#{value}"
        if kind == "datetime":
            # What the server reckoned with before it was stored has fractions of a second.
            return format_datetime(self.env, fields.Datetime.to_datetime(value.partition(".")[0]))
        return str(value)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The audit log is never deleted."))

    # === ACTION METHODS === #

    def action_check_now(self):
        """Look whether the whole log is there, and as it was written."""
        return self.env["pinbu.audit.check"].action_check_now()

    def action_open_record(self):
        """What it is about, for whoever may see it."""
        self.ensure_one()
        record = self.env[self.model].browse(self.res_id) if self.model in self.env else None
        if record is None or not record.exists():
            raise UserError(self.env._("It does not exist any more."))
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS: WRITING === #

    @api.model
    def _write(self, action, records, *, old=None, new=None, reason=None, cr=None):
        """Write down that the current user did something to each of `records`.

        :param str action: one of the field's
        :param dict old: plain values by field name, the same of each record; never a secret
        :param dict new: the same, afterwards
        :param str reason: why, in words
        :param cr: the cursor of the transaction that does it, if not the environment's own
        """
        words = self._new_words()
        changes = {
            record.id: plain_changes(record, old or {}, new or {}, words)
            for record in records.sudo()
        }
        self._append(self._prepare(action, records, changes, words, reason), cr)

    @api.model
    def _write_by_hand(self, action, records, **kwargs):
        """The same, if a person of the shop does it: neither a scheduler nor a shopper."""
        if self._is_by_hand():
            self._write(action, records, **kwargs)

    @api.model
    def _states_by_hand(self, records):
        """:return: ``{id: state}`` before somebody changes them by hand; else nothing"""
        if not self._is_by_hand():
            return {}
        return {record.id: record.state for record in records.sudo()}

    @api.model
    def _write_moves(self, before, moved, target, reason):
        """Write down that somebody has taken `moved` from their states in `before` to `target`."""
        if before:
            for state, records in moved.grouped(lambda record: before[record.id]).items():
                self._write(
                    "by_hand", records, old={"state": state}, new={"state": target}, reason=reason
                )

    @api.model
    def _is_by_hand(self):
        return self.env.uid != SUPERUSER_ID and self.env.user._is_internal()

    @api.model
    def _prepare_changes(self, action, records, before, after):
        """:param dict before: what `Watch.values_of` gave, and `after` likewise
        :return: rows for `_append`"""
        words = self._new_words()
        changes = changes_of(records, before, after, words)
        return self._prepare(action, records, changes, words)

    @api.model
    def _new_words(self):
        """:return: where what is said of shoppers goes; nowhere while one is being forgotten"""
        return Words(is_kept=not self.env.context.get("pinbu_forgets"))

    @api.model
    def _prepare(self, action, records, changes, words, reason=None):
        """:param dict changes: ``{id: {field: [old, new]}}``
        :param Words words: that the changes hold marks of
        :return: rows for `_append`, of those records that are in `changes`
        """
        if not changes:
            return []
        if action not in dict(ACTIONS):
            raise ValueError(f"{action} is no action of the audit log")
        user = self.env.user
        mark, prefix = self._caller_address()
        watch = WATCHED.get(records._name)
        is_personal = watch.is_personal if watch else records._name in _NAMED_FOR_PEOPLE
        reason = reason or self.env.context.get("pinbu_note") or None
        rows = [
            {
                "user_ref": self.env.uid,
                "user_name": None if user.share else user.name,
                "address_mark": mark,
                "address_prefix": prefix,
                "company_ref": self._company_of(record).id or 0,
                "action": action,
                "model": record._name,
                "res_id": record.id,
                "record_name": None if is_personal else record.display_name,
                "changes": json.dumps(changes[record.id], ensure_ascii=False) or None,
                "reason": words.put(person_of(record), reason),
            }
            for record in records.sudo()
            if record.id in changes
        ]
        if rows:
            rows[0]["words"] = words.rows
        return rows

    @api.model
    def _company_of(self, record):
        if record._name == "res.company":
            return record
        field = record._fields.get("company_id")
        is_one = field and field.comodel_name == "res.company" and record._name != "res.users"
        return record.company_id if is_one else self.env["res.company"]

    @api.model
    def _caller_address(self):
        """:return: ``(keyed hash, prefix)`` of the client's address; Nones where there is none"""
        address = request.httprequest.remote_addr if request else None
        if not address:
            return None, None
        return mark(self.env, "address", network_of(address)), prefix_of(address)

    # === BUSINESS METHODS: THE CHAIN === #

    @api.model
    def _append(self, rows, cr=None):
        """Have these rows committed together with what the transaction does, or not at all.

        :param list[dict] rows: of `_prepare`
        :param cr: the transaction's cursor, if not the environment's own
        """
        cr = cr or self.env.cr
        if not rows:
            return
        if in_test_transaction(cr):
            self._seal(cr, rows)
            return
        gathered = cr.precommit.data.setdefault(self._name, [])
        if not gathered:
            cr.precommit.add(lambda: self._seal(cr, cr.precommit.data.pop(self._name, [])))
        gathered.extend(rows)

    def _seal(self, cr, rows):
        if not rows:
            return
        for row in rows:
            self.env["pinbu.audit.words"]._insert(cr, row.pop("words", ()))
        isolation = self._lock_chain(cr)
        now, last, seal = self._end(cr)
        if isolation != "read committed" and not in_test_transaction(cr):
            with self.env.registry.cursor() as fresh:
                # Should somebody alter the table, who waits for us, we do not wait for them.
                fresh.execute("SET LOCAL lock_timeout = '2s'")
                now, fresh_last, fresh_seal = self._end(fresh)
            # What this transaction has appended already, nobody else sees.
            last, seal = max((last, seal), (fresh_last, fresh_seal))
        values = []
        for number, row in enumerate(rows, last + 1):
            row = {"id": number, "create_date": now, **row}
            key_id, seal = make_seal(seal, row)
            values.append({**row, "key_id": key_id, "seal": seal})
        cr.execute(
            SQL(
                "INSERT INTO pinbu_audit_log (%s) VALUES %s",
                SQL(", ").join(map(SQL.identifier, values[0])),
                SQL(", ").join(SQL("%s", tuple(row.values())) for row in values),
            )
        )
        head = self.env["pinbu.audit.head"]
        after_commit(self.env(cr=cr), head._advance)

    def _lock_chain(self, cr):
        """Wait for whoever appends at this moment to commit.

        :return: the isolation level of the transaction
        :raise LockNotAvailable: after a while, which Odoo repeats
        """
        cr.execute(
            "SELECT current_setting('lock_timeout'), current_setting('transaction_isolation')"
        )
        patience, isolation = cr.fetchone()
        cr.execute(SQL("SET LOCAL lock_timeout = %s", PATIENCE))
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, 0)", CHAIN_LOCK))
        cr.execute(SQL("SET LOCAL lock_timeout = %s", patience))
        return isolation

    def _end(self, cr):
        """:return: ``(now, number of the last row, its seal)``; of a row that is gone, too"""
        cr.execute(
            SQL(
                """
                SELECT date_trunc('second', %s), ending.id, ending.seal
                  FROM (SELECT 1) one
             LEFT JOIN LATERAL (
                       (SELECT id, seal FROM pinbu_audit_log ORDER BY id DESC LIMIT 1)
                        UNION ALL SELECT last_ref, seal FROM pinbu_audit_head
                       ORDER BY id DESC LIMIT 1) ending ON TRUE
                """,
                SQL_NOW,
            )
        )
        now, last, seal = cr.fetchone()
        return now, last or 0, seal or ""


# Named for their shopper, and written down by `_write` only.
_NAMED_FOR_PEOPLE = {
    "pinbu.identity",
    "pinbu.account.deletion",
    "pinbu.data.export",
    "res.partner",
}


def make_seal(previous, row):
    """:param str previous: the seal of the row before
    :param dict row: at least the columns in `SEALED`
    :return: ``(key id or None, seal)``
    """
    text = sealed_text(previous, row)
    ring = keyring.configured()
    return ring.mark(SEAL, text) if ring else (None, hashlib.sha256(text.encode()).hexdigest())


def is_sealed(previous, row):
    """:return: whether the row is as it was written; None when its key is not configured here"""
    text = sealed_text(previous, row)
    if not row["key_id"]:
        return hashlib.sha256(text.encode()).hexdigest() == row["seal"]
    ring = keyring.configured()
    return ring.is_mark(row["key_id"], SEAL, text, row["seal"]) if ring else None


def sealed_text(previous, row):
    values = [row[name] for name in SEALED]
    return json.dumps([previous, *values], ensure_ascii=False, default=str)
