from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW


class PinbuInvite(models.Model):
    """Who brought a newcomer, once and for all: one row per shopper and company.

    `joined -> held -> earned`, or `void` from any of them. A friend who joined counts from their
    first paid team on: once that team is final, it is judged what the friend is worth and whether
    the inviter's caps leave room for it (held); it is owed when nothing can come back any more
    (earned). What comes back all the same takes the reward with it (void).
    """

    _name = "pinbu.invite"
    _description = "Invite"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Newcomer", required=True, readonly=True, ondelete="restrict"
    )
    inviter_id = fields.Many2one(
        "res.partner", readonly=True, ondelete="restrict", help="Empty: a channel brought them."
    )
    scene_id = fields.Many2one(
        "pinbu.scene",
        string="Channel",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    joined_at = fields.Datetime(required=True, readonly=True)
    seat_id = fields.Many2one(
        "pinbu.seat",
        string="First Paid Seat",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Set once its team is final.",
    )
    outcome = fields.Selection(
        [("won", "Won"), ("lost", "Lost")],
        string="First Team",
        readonly=True,
        help="How the newcomer's first paid team ended.",
    )
    decided_at = fields.Datetime(
        string="First Team Final on", readonly=True, help="The day that the daily cap counts."
    )
    state = fields.Selection(
        [("joined", "Joined"), ("held", "Held"), ("earned", "Earned"), ("void", "Void")],
        default="joined",
        required=True,
        readonly=True,
    )
    void_reason = fields.Selection(
        [
            ("ring", "Same payer, phone, address, or inviting each other"),
            ("cap_day", "Cap per day"),
            ("cap_life", "Cap for life"),
            ("returned", "Returned or refunded"),
        ],
        readonly=True,
    )
    rule_id = fields.Many2one("pinbu.invite.rule", readonly=True, ondelete="set null")
    reward = fields.Json(
        string="Promised Reward",
        readonly=True,
        help="Technical: what the rule said when the first team was final.",
    )
    delivered_seat_id = fields.Many2one(
        "pinbu.seat",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the newcomer was delivered when the reward became due.",
    )
    look_at = fields.Datetime(
        readonly=True, help="Technical: when the scheduler looks at it next; empty: when told to."
    )
    subsidy_id = fields.Many2one(
        "pinbu.subsidy", string="Reward", readonly=True, ondelete="restrict"
    )
    reward_state = fields.Selection(related="subsidy_id.state", string="Reward State")

    _once = models.Constraint(
        "UNIQUE(partner_id, company_id)", "A shopper is brought by somebody once."
    )
    _not_self = models.Constraint("CHECK(inviter_id != partner_id)", "Nobody invites themselves.")
    _somebody_invites = models.Constraint(
        "CHECK((inviter_id IS NULL) != (scene_id IS NULL))", "A shopper or a channel invites."
    )
    _inviter_idx = models.Index("(inviter_id, company_id, id) WHERE inviter_id IS NOT NULL")
    _joined_brin = models.Index("USING brin (joined_at)")
    _look_idx = models.Index("(look_at) WHERE look_at IS NOT NULL")

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Invites are kept: they tell who was rewarded for whom."))

    # === BUSINESS METHODS: BINDING === #

    @api.model
    def _bind(self, partner, scene):
        """Note who brought this shopper, if they are a newcomer and nobody did before.

        :param str scene: the share parameter that they came by
        """
        channel = self.env["pinbu.scene"]._find(scene)
        inviter = self.env["res.partner"].browse()
        if not channel:
            inviter = self.env["res.partner"]._api_sharer(scene) or inviter
        if not (channel or inviter) or inviter == partner:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_invite
                       (partner_id, inviter_id, scene_id, company_id, state, joined_at,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(partner)s, %(inviter)s, %(scene)s, %(company)s, 'joined', %(now)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                 WHERE NOT EXISTS (
                       SELECT 1 FROM pinbu_seat
                        WHERE partner_id = %(partner)s AND company_id = %(company)s
                          AND state IN ('paid', 'won', 'lost'))
                    ON CONFLICT (partner_id, company_id) DO NOTHING
                """,
                partner=partner.id,
                inviter=inviter.id or None,
                scene=channel.id or None,
                company=self.env.company.id,
                now=SQL_NOW,
                uid=self.env.uid,
            )
        )

    @api.model
    def _note_first_seats(self, partners):
        """Have those of these shoppers judged whose first paid team is final by now.

        A seat that was given up or paid back in time was no first team. Called by settlement, and
        again for the same shoppers.
        """
        if not partners:
            return
        self.env["pinbu.seat"].flush_model(["state", "partner_id", "company_id", "paid_at"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_invite SET seat_id = first.id, look_at = %s
                  FROM (SELECT DISTINCT ON (partner_id, company_id)
                               id, partner_id, company_id, state
                          FROM pinbu_seat
                         WHERE partner_id = ANY(%s) AND state IN ('paid', 'won', 'lost')
                      ORDER BY partner_id, company_id, paid_at, id) first
                 WHERE pinbu_invite.partner_id = first.partner_id
                   AND pinbu_invite.company_id = first.company_id
                   AND pinbu_invite.state = 'joined' AND pinbu_invite.inviter_id IS NOT NULL
                   AND first.state != 'paid'
                   AND pinbu_invite.seat_id IS DISTINCT FROM first.id
                """,
                SQL_NOW,
                partners.ids,
            )
        )
        self.invalidate_model(["seat_id", "look_at"], flush=False)

    @api.model
    def _look_soon(self, cr, newcomers, companies):
        """Something was delivered to these shoppers, or came back from them: look again at what
        they are worth to those who brought them.

        :param cr: the cursor of whoever noticed
        """
        if not newcomers:
            return
        cr.execute(
            SQL(
                """
                UPDATE pinbu_invite SET look_at = %s
                 WHERE partner_id = ANY(%s) AND company_id = ANY(%s)
                   AND inviter_id IS NOT NULL AND state IN ('held', 'earned')
                """,
                SQL_NOW,
                newcomers.ids,
                companies.ids,
            )
        )
        self.invalidate_model(["look_at"], flush=False)

    def _outcome_changed(self, cr):
        """Hook: this friend counts for the inviter now, or does not any more.

        :param cr: the cursor that changed it
        """

    # === BUSINESS METHODS: SHOWING === #

    def _outcomes(self):
        """How far each newcomer has come: ``joined``, ``forming``, ``won`` or ``lost``.

        :return: ``{invite id: outcome}``
        :rtype: dict
        """
        waiting = self.filtered(lambda invite: not invite.seat_id)
        seats = self.env["pinbu.seat"].sudo()
        forming = seats.search(
            [
                ("partner_id", "in", waiting.partner_id.ids),
                ("company_id", "in", waiting.company_id.ids),
                ("state", "=", "paid"),
            ]
        )
        paid = {(seat.partner_id.id, seat.company_id.id) for seat in forming}
        return {
            invite.id: invite.seat_id.state
            or ("forming" if (invite.partner_id.id, invite.company_id.id) in paid else "joined")
            for invite in self
        }
