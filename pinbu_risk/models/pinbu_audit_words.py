from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from ..audited import Words, without_names


class PinbuAuditWords(models.Model):
    """What is said of shoppers in the audit log, until they leave: see `Words`."""

    _name = "pinbu.audit.words"
    _description = "Words of the Audit Log"
    _order = "id"
    _log_access = False
    _rec_name = "mark"

    person_ref = fields.Integer(
        string="Shopper's Number", required=True, readonly=True, index=True, aggregator=None
    )
    mark = fields.Char(required=True, readonly=True, help="What rows of the log hold instead.")
    salt = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    text = fields.Text(required=True, readonly=True)

    _mark_unique = models.UniqueIndex("(mark)", "These words are there already.")

    # === BUSINESS METHODS === #

    @api.model
    def _insert(self, cr, rows):
        """Keep what is said of shoppers who are still here.

        :param list[dict] rows: of `Words`
        """
        if rows:
            cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_audit_words (person_ref, mark, salt, text)
                    SELECT * FROM (VALUES %s) said (person_ref, mark, salt, text)
                     WHERE NOT EXISTS (
                           SELECT 1 FROM pinbu_account_deletion deletion
                            WHERE deletion.partner_id = said.person_ref
                              AND deletion.state = 'done')
                    """,
                    SQL(", ").join(
                        SQL("%s", (row["person_ref"], row["mark"], row["salt"], row["text"]))
                        for row in rows
                    ),
                )
            )

    @api.model
    def _read_places(self, texts):
        """:param texts: what rows of the log hold
        :return: ``{mark: words}`` of those in these texts that are still there
        """
        marks = {mark for text in texts for _person, mark in Words.PLACE.findall(text or "")}
        found = self.sudo().search([("mark", "in", list(marks))]) if marks else self.sudo()
        return {row.mark: row.text for row in found}

    @api.model
    def _forget(self, person_ids, names):
        """These contacts of a shopper leave: nothing tells any more what was said of them.

        :param list names: by which they may be called where the same was said of many at once
        :return: the marks of what was said of others in these same words, and is gone as well
        :rtype: list[str]
        """
        self.env.cr.execute(
            SQL(
                "DELETE FROM pinbu_audit_words WHERE person_ref = ANY(%s) RETURNING text",
                list(person_ids),
            )
        )
        naming = {text for (text,) in self.env.cr.fetchall() if without_names(text, names) != text}
        self.env.cr.execute(
            SQL("DELETE FROM pinbu_audit_words WHERE text = ANY(%s) RETURNING mark", list(naming))
        )
        self.invalidate_model(flush=False)
        return sorted(mark for (mark,) in self.env.cr.fetchall())

    @api.model
    def _forget_late(self):
        """What was said by somebody who did not see yet that its shopper has left."""
        self.env.cr.execute(
            "DELETE FROM pinbu_audit_words words USING pinbu_account_deletion deletion"
            " WHERE deletion.partner_id = words.person_ref AND deletion.state = 'done'"
        )

    @api.model
    def _merge(self, person_ids, person_id):
        """These contacts are one from now on: what was said of them leaves with that one."""
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_audit_words SET person_ref = %s WHERE person_ref = ANY(%s)",
                person_id,
                list(person_ids),
            )
        )

    # === BUSINESS METHODS: CHECKING === #

    @api.model
    def _find_changed(self):
        """:return: how many words are not those that the log was written with"""
        # As `Words.mark_of`. The secret is as long as it was: no letter of the words hides in it.
        self.env.cr.execute(
            "SELECT count(*) FROM pinbu_audit_words WHERE length(salt) != 32"
            " OR mark != encode(sha256(convert_to(salt || text, 'UTF8')), 'hex')"
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _find_missing(self, places, forgotten):
        """:param set[tuple] places: (shopper's id, mark) of each that the log holds
        :param set forgotten: ids of shoppers and marks of words that may be gone: the log says so
        :return: how many words are gone, although their shopper is still here
        """
        places = {place for place in places if forgotten.isdisjoint(place)}
        if not places:
            return 0
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*) FROM (VALUES %s) place (person, mark)
                  JOIN res_partner partner ON partner.id = place.person
                 WHERE NOT EXISTS (SELECT 1 FROM pinbu_audit_words words
                                    WHERE words.mark = place.mark)
                """,
                SQL(", ").join(SQL("%s", place) for place in sorted(places)),
            )
        )
        return self.env.cr.fetchone()[0]
