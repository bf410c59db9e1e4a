from odoo import api, models

from ..audited import WATCHED


class Base(models.AbstractModel):
    """Writes down each creation, change and deletion of a record that the audit log watches.

    One place for all of them: a model that is forgotten is one line in `WATCHED`, and nothing above
    or beside can change a record through the ORM and pass by. All others pay for a look into a dict.
    """

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        watch = self._pinbu_watch()
        if watch and watch.is_whole:
            given = {name for vals in vals_list for name in vals}
            after = watch.values_of(records, watch.of_new(records, given))
            log = self.env["pinbu.audit.log"]
            log._append(log._prepare_changes("created", records, {}, after))
        return records

    def write(self, vals):
        watch = self._pinbu_watch()
        names = watch and watch.names(self, vals)
        if not names:
            return super().write(vals)
        before = watch.values_of(self, names)
        result = super().write(vals)
        log = self.env["pinbu.audit.log"]
        log._append(log._prepare_changes("changed", self, before, watch.values_of(self, names)))
        return result

    def unlink(self):
        watch = self._pinbu_watch()
        if not watch or not watch.is_whole:
            return super().unlink()
        log = self.env["pinbu.audit.log"]
        gone = []
        for records in self._pinbu_with_below():
            below = WATCHED[records._name]
            before = below.values_of(records, below.of_new(records, ()))
            gone += log._prepare_changes("deleted", records, before, {})
        result = super().unlink()
        log._append(gone)
        return result

    def _pinbu_with_below(self):
        """:return: yields these records, and the watched ones that the database deletes with them,
        of which the ORM would tell nothing"""
        yield self
        for field in self._fields.values():
            watch = WATCHED.get(field.comodel_name) if field.type == "one2many" else None
            if not watch or not watch.is_whole:
                continue
            parent = self.env[field.comodel_name]._fields.get(field.inverse_name)
            if parent is not None and parent.type == "many2one" and parent.ondelete == "cascade":
                children = self.sudo().with_context(active_test=False)[field.name]
                if children:
                    yield from children.with_env(self.env)._pinbu_with_below()

    @api.model
    def _pinbu_watch(self):
        """:return: what of this model is watched, or None; nothing while modules are loaded: what
        they bring along is nobody's doing"""
        return WATCHED.get(self._name) if self.pool.ready else None
