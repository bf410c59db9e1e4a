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
        before = watch.values_of(self, watch.of_new(self, ()))
        gone = log._prepare_changes("deleted", self, before, {})
        result = super().unlink()
        log._append(gone)
        return result

    @api.model
    def _pinbu_watch(self):
        """:return: what of this model is watched, or None; nothing while modules are loaded: what
        they bring along is nobody's doing"""
        return WATCHED.get(self._name) if self.pool.ready else None
