from . import refund_by_hand, team_intervention
