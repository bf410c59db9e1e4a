"""Which records the audit log watches, and how it writes down what is in them.

Every creation, change and deletion of these through the ORM leaves a row (`models/base.py`), whoever
does it and by which screen, import or call. What people do by buttons and wizards beyond that is in
the files ``models/*_audit.py``. A module above adds its own models to `WATCHED`.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from odoo.fields import NO_ACCESS
from odoo.orm.fields import Field
from odoo.orm.models import MAGIC_COLUMNS

ACTIONS = [
    ("created", "Created"),
    ("changed", "Changed"),
    ("deleted", "Deleted"),
    ("by_hand", "Done by hand"),
    ("retried", "Tried again by hand"),
    ("identity_read", "Identity read"),
    ("identity_verified", "Identity verified"),
    ("identity_refused", "Identity refused"),
    ("identity_reopened", "Verification taken back"),
    ("identity_exported", "Identity put into an export"),
    ("forgotten", "Data of a shopper deleted"),
]
MASK = "•••"
# So much of a long text is kept.
LONGEST = 4000
_SECRET = re.compile(r"secret|token|password|passwd|private|credential|sealed|_hash$|(^|_)key$")
# Whoever may see these fields is in no other group that a shop works with.
_SECRET_GROUPS = {NO_ACCESS, "base.group_system"}
_TEXTS = ("char", "text", "html")


class Words:
    """What is said of shoppers, their names included, apart from the rows that it belongs to.

    A row stays as it was written for good and is sealed, so it holds a mark in place of the words:
    a hash over them and a secret of their own. Both are deleted when the shopper leaves; then the
    mark tells nothing any more, and the chain of rows still holds.

    :param bool is_kept: whether the words are kept at all: not while a shopper is being forgotten
    """

    PLACE = re.compile(r"⟦(\d+):([0-9a-f]{64})⟧")

    def __init__(self, is_kept=True):
        self.is_kept = is_kept
        self.rows = []

    def put(self, person_id, text):
        """:param int person_id: whom the text is about; None for nobody
        :return: what a row holds in its place
        """
        if not text or not person_id:
            return no_places(text)
        salt = secrets.token_hex(16)
        mark = self.mark_of(salt, text)
        if self.is_kept:
            self.rows.append({"person_ref": person_id, "mark": mark, "salt": salt, "text": text})
        return self.place(person_id, mark)

    @staticmethod
    def place(person_id, mark):
        return f"⟦{person_id}:{mark}⟧"

    @staticmethod
    def mark_of(salt, text):
        return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def without_names(text, names):
    """:return: the text without these names of somebody who has left"""
    for name in names:
        text = text.replace(name, MASK)
    return text


def no_places(value):
    """:return: the value; what somebody typed is never taken for the place of `Words`"""
    return value.replace("⟦", "[").replace("⟧", "]") if isinstance(value, str) else value


@dataclass(frozen=True)
class Watch:
    """What of a model is written down.

    :param only: names of fields; None: all stored ones that are not lists of other records
    :param but: names of fields that say nothing
    :param prefix: with which a field's name begins
    :param is_whole: whether creation and deletion are written down, too
    :param is_personal: whether its records are named for shoppers: no name is kept then, and texts
        are kept as `Words`
    :param plain: names of fields that are no secrets, although administrators only see them
    :param concerns: ``records -> those of them that are watched``
    """

    only: frozenset | None = None
    but: frozenset = frozenset()
    prefix: str = ""
    is_whole: bool = True
    is_personal: bool = False
    plain: frozenset = frozenset()
    concerns: Callable = lambda records: records

    def names(self, records, names):
        """:return: those of these fields of `records` that are written down, in order"""
        return [name for name in names if self._is_watched(records._fields.get(name))]

    def _is_watched(self, field):
        if field is None or field.name in MAGIC_COLUMNS or field.name in self.but:
            return False
        if self.only is not None:
            return field.name in self.only
        return field.store and field.type != "one2many" and field.name.startswith(self.prefix)

    def of_new(self, records, names):
        """:return: the fields of new records that are written down: given, or defaults"""
        given = set(names)
        return self.names(
            records,
            [name for name, field in records._fields.items() if name in given or not field.compute],
        )

    def values_of(self, records, names):
        """:return: ``{id: {field: value}}`` of those records that are watched, with secrets"""
        watched = self.concerns(records.sudo())
        return {
            record.id: {name: _raw(record._fields[name], record[name]) for name in names}
            for record in watched
        }


def _staff(users):
    return users.filtered(lambda user: not user.share)


def _keys_of_staff(keys):
    return keys.filtered(lambda key: not key.user_id.share)


def _ours(parameters):
    return parameters.filtered(lambda parameter: (parameter.key or "").startswith("pinbu"))


WATCHED = {
    # What shoppers are offered.
    "pinbu.activity": Watch(),
    "pinbu.activity.line": Watch(but=frozenset(("quota_taken",))),
    "pinbu.activity.image": Watch(),
    "pinbu.activity.category": Watch(),
    "pinbu.banner": Watch(),
    "pinbu.licence": Watch(),
    "pinbu.team": Watch(only=frozenset(("deadline",)), is_whole=False),
    # What is given and refused.
    "pinbu.subsidy.rule": Watch(),
    "pinbu.subsidy": Watch(only=frozenset(("ground",)), is_whole=False, is_personal=True),
    "pinbu.invite.rule": Watch(),
    "pinbu.invite.task": Watch(),
    "pinbu.reward": Watch(),
    "pinbu.ranking.prize": Watch(),
    "pinbu.risk.rule": Watch(),
    "pinbu.risk.block": Watch(is_personal=True),
    "pinbu.risk.case": Watch(only=frozenset(("state",)), is_whole=False, is_personal=True),
    "pinbu.appeal": Watch(only=frozenset(("state", "answer")), is_whole=False, is_personal=True),
    "res.partner": Watch(
        only=frozenset(("pinbu_identity_checked_at",)), is_whole=False, is_personal=True
    ),
    # Settings and keys.
    "res.company": Watch(prefix="pinbu_", but=frozenset(("pinbu_payout_alerted",))),
    "ir.config_parameter": Watch(concerns=_ours),
    "payment.provider": Watch(but=frozenset(("image_128",))),
    "payment.method": Watch(only=frozenset(("active", "provider_ids")), is_whole=False),
    "pinbu.subscribe.template": Watch(),
    # What schedulers and buttons do.
    "ir.actions.server": Watch(
        only=frozenset(("name", "model_id", "state", "code", "group_ids")),
        plain=frozenset(("code",)),
    ),
    "ir.cron": Watch(only=frozenset(("active", "user_id", "interval_number", "interval_type"))),
    "pinbu.api.key": Watch(but=frozenset(("last_used_at",))),
    "pinbu.webhook": Watch(),
    # Who may do what.
    "res.users": Watch(
        only=frozenset(("login", "active", "password", "group_ids", "company_id", "company_ids")),
        concerns=_staff,
    ),
    "res.users.apikeys": Watch(
        only=frozenset(("name", "user_id", "scope", "expiration_date")), concerns=_keys_of_staff
    ),
    "res.groups": Watch(only=frozenset(("name", "user_ids", "implied_ids", "implied_by_ids"))),
    "ir.rule": Watch(),
    "ir.model.access": Watch(),
}


def changes_of(records, before, after, words):
    """What to write down of each record.

    :param dict before: what `Watch.values_of` gave; empty for what is new
    :param dict after: the same later; empty for what is deleted
    :param Words words: where what is said of shoppers goes
    :return: ``{id: {field: [old, new]}}`` of those that changed. Of a many2many field old is what
             was taken away, new is what was added. Secrets are masked.
    """
    found = {}
    for record in records:
        if record.id not in before and record.id not in after:
            continue
        old, new = before.get(record.id, {}), after.get(record.id, {})
        changed = {
            name: _shown(record, record._fields[name], old.get(name), new.get(name), words)
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name) or _is_written_only(record._fields[name])
        }
        if changed or record.id not in before or record.id not in after:
            found[record.id] = changed
    return found


def plain_changes(record, old, new, words):
    """As `changes_of`, of one record and of values that are at hand.

    :param dict old: by name of a field, or of what else is to be said; ids of other records
    :return: ``{name: [old, new]}``
    """

    def shown(name, value):
        field = record._fields.get(name)
        if field is not None and field.type == "many2one" and isinstance(value, int) and value:
            return _named(record, field, [value], words)
        return no_places(value)

    return {
        name: [shown(name, old.get(name)), shown(name, new.get(name))]
        for name in dict.fromkeys((*old, *new))
    }


def person_of(record):
    """:return: the id of the shopper whom a record is about, or None"""
    if record._name == "res.users":
        partner = record.partner_id if record.share else record.env["res.partner"]
    elif record._name == "res.partner":
        partner = record
    elif record._name == "res.company":
        return None
    else:
        # Of a team whoever leads it.
        name = "leader_id" if record._name == "pinbu.team" else "partner_id"
        field = record._fields.get(name)
        is_person = field is not None and field.comodel_name == "res.partner"
        partner = record[name] if is_person else record.env["res.partner"]
    # Addresses are contacts below that of the shopper, which may itself be below a company's.
    if partner.parent_id and not partner.with_context(active_test=False).user_ids:
        partner = partner.parent_id
    about = partner.id or record.env.context.get("pinbu_about_id")
    if not about and record._name == "pinbu.risk.block":
        about = record._whose().id
    return about or None


def _is_written_only(field):
    """:return: whether nobody reads what was written, such as a password"""
    return not field.store and bool(_SECRET.search(field.name))


def _raw(field: Field, value):
    """:return: what can be compared, and tells of no record that is gone by then"""
    if field.type == "many2one":
        return value.id or None
    if field.type == "many2many":
        return frozenset(value.ids)
    if field.type in ("boolean", "integer", "float", "monetary"):
        return value
    if field.type in ("date", "datetime"):
        return value.isoformat(sep=" ") if field.type == "datetime" and value else str(value or "")
    if field.type in ("binary", "image"):
        return hashlib.sha256(value).hexdigest()[:12] if value else None
    return str(value) if value else None


def _shown(record, field, old, new, words):
    """:return: ``[old, new]`` as the log keeps it"""
    if _is_secret(record, field):
        return [MASK if old else None, MASK]
    if field.type == "many2many":
        old, new = old or frozenset(), new or frozenset()
        return [_named(record, field, old - new, words), _named(record, field, new - old, words)]
    if field.type == "many2one":
        return [_named(record, field, [value] if value else [], words) for value in (old, new)]
    if WATCHED[record._name].is_personal and field.type in _TEXTS:
        person_id = person_of(record.sudo())
        return [words.put(person_id, _cut(value)) for value in (old, new)]
    return [_cut(value) for value in (old, new)]


def _is_secret(record, field):
    groups = set((field.groups or "").replace(" ", "").split(","))
    if field.name not in WATCHED[record._name].plain and (
        groups & _SECRET_GROUPS or _SECRET.search(field.name)
    ):
        return True
    return (
        record._name == "ir.config_parameter"
        and field.name == "value"
        and bool(_SECRET.search(record.sudo().key or ""))
    )


def _named(record, field, ids, words):
    """:return: ``[[id, name as of now], …]``"""
    others = record.sudo().env[field.comodel_name].with_context(active_test=False).browse(ids)
    there = others.exists()
    return [
        [other.id, _name_of(other, words) if other in there else None]
        for other in others.sorted("id")
    ]


def _name_of(record, words):
    if record._name == "pinbu.identity":
        return None
    if record._name == "res.users" and not record.share:
        return record.name
    return words.put(person_of(record), record.display_name)


def _cut(value):
    if isinstance(value, str) and len(value) > LONGEST:
        value = f"{value[:LONGEST]}… ({len(value)})"
    return no_places(value)
