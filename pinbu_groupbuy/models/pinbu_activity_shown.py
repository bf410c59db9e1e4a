"""An activity in plain sentences, and as a shopper sees it."""

from odoo import api, fields, models
from odoo.tools import format_datetime


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    rules_shown = fields.Html(
        string="In Plain Sentences", compute="_compute_rules_shown", sanitize=False
    )
    shopper_preview = fields.Html(compute="_compute_shopper_preview", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends(
        "size",
        "mode",
        "validity_hours",
        "limit_per_user",
        "max_quantity",
        "hold_minutes",
        "last_place_hold_minutes",
        "stock_policy",
        "is_presale",
        "completes_from",
        "allow_leaving",
        "allow_reroute",
        "preparation_days",
        "product_type",
    )
    @api.depends_context("lang")
    def _compute_rules_shown(self):
        for activity in self:
            activity.rules_shown = self.env["ir.qweb"]._render(
                "pinbu_groupbuy.activity_rules", {"sentences": activity._rule_sentences()}
            )

    @api.depends("rules_shown", "group_price", "list_price", "name", "starts_at", "ends_at")
    @api.depends_context("lang", "tz")
    def _compute_shopper_preview(self):
        for activity in self:
            activity.shopper_preview = self.env["ir.qweb"]._render(
                "pinbu_groupbuy.activity_preview", activity._prepare_preview()
            )

    # === ACTION METHODS === #

    def action_preview(self):
        """Show the activity's page, roughly as it looks in the mini-program."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What the shopper sees"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("pinbu_groupbuy.pinbu_activity_view_preview").id, "form")],
            "target": "new",
            "context": {"dialog_size": "medium"},
        }

    # === BUSINESS METHODS === #

    def _prepare_preview(self):
        self.ensure_one()
        money = self.currency_id.format
        return {
            "activity": self,
            "image": f"/web/image/pinbu.activity/{self._origin.id}/image_512",
            "group_price": money(self.group_price),
            "list_price": money(self.list_price) if self.list_price > self.group_price else "",
            "window": self.env._(
                "%(start)s to %(end)s",
                start=format_datetime(self.env, self.starts_at, dt_format="short"),
                end=format_datetime(self.env, self.ends_at, dt_format="short"),
            ),
            "subsidy": self.sudo()._subsidy_summary(),
            "sentences": self._rule_sentences(),
            "deliveries": self.delivery_method_ids.mapped("name"),
        }

    def _rule_sentences(self):
        """Hook: what holds for shoppers here, one sentence each.

        :rtype: list[str]
        """
        self.ensure_one()
        sentences = [
            self.env._("%s members who pay make a team.", self.size),
            self.env._(
                "The merchant leads the team. It must be full within %s hours.", self.validity_hours
            )
            if self.mode == "super"
            else self.env._("Whoever opens a team has %s hours to fill it.", self.validity_hours),
            self.env._(
                "A place is kept for %(minutes)s minutes until it is paid, the last one of a team "
                "for %(last)s.",
                minutes=self.hold_minutes,
                last=self.last_place_hold_minutes,
            ),
        ]
        if self.limit_per_user:
            sentences.append(
                self.env._("Each shopper can win at most %s times.", self.limit_per_user)
            )
        if self.max_quantity > 1:
            sentences.append(self.env._("An order has at most %s pieces.", self.max_quantity))
        if self.product_type != "service":
            sentences.append(self._stock_sentence())
        if self.preparation_days:
            sentences.append(
                self.env._("It ships %s days after the team is formed.", self.preparation_days)
            )
        if self.completes_from:
            sentences.append(
                self.env._(
                    "From %s paid members on, the merchant takes the missing places at the "
                    "deadline, and all members win.",
                    self.completes_from,
                )
            )
        if self.allow_leaving:
            sentences.append(
                self.env._("A member may leave while the team forms, and is refunded.")
            )
        if self.allow_reroute and self.mode != "super":
            sentences.append(
                self.env._(
                    "A payment that comes too late goes to another forming team, if the shopper "
                    "agrees at checkout."
                )
            )
        sentences.append(
            self.env._("If the team is not full in time, everyone is refunded in full.")
        )
        return sentences

    def _stock_sentence(self):
        if self.is_presale:
            return self.env._("Presale: it is procured once the team is formed.")
        return {
            "payment": self.env._("What a member paid for waits for them in the warehouse."),
            "open": self.env._("A team's pieces are kept from its opening on."),
            "success": self.env._(
                "Nothing is kept before the team is formed; if stock is short then, everyone is "
                "refunded."
            ),
        }[self.stock_policy]
