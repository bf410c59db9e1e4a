from odoo import models


class PinbuCompanyGuard(models.AbstractModel):
    """What belongs to one company, and moves to another only by who may write in both."""

    _name = "pinbu.company.guard"
    _description = "Record of One Company"

    def write(self, vals):
        res = super().write(vals)
        # Record rules looked at the company that it had before.
        self.check_access("write")
        return res
