from odoo import api, models


class ResUsers(models.Model):
    """Where whoever works with group-buying and nothing else begins the day."""

    _inherit = "res.users"

    @api.model
    def _pinbu_homes(self):
        """Hook: the first screens, by group; of several groups that somebody has, the first counts.

        :return: ``{XML id of a group: XML id of an action}``
        :rtype: dict[str, str]
        """
        return {"pinbu_groupbuy.group_user": "pinbu_groupbuy.pinbu_dashboard_action"}

    def _pinbu_home_action(self):
        """:return: the id of the action with which this user begins, who works in no other app; None
        for everybody else
        """
        self.ensure_one()
        user = self.sudo()
        homes = {self.env.ref(group): action for group, action in self._pinbu_homes().items()}
        ours = self.env["res.groups"].union(*homes).privilege_id
        # What our groups imply is no other app: marketing reads quotations.
        others = user.group_ids.filtered(lambda group: group.privilege_id not in ours)
        if others.all_implied_ids.privilege_id - ours:
            return None
        own = (action for group, action in homes.items() if group in user.all_group_ids)
        action = next(own, None)
        return action and self.env["ir.model.data"]._xmlid_to_res_id(action)
