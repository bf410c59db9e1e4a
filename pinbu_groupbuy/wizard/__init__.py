from . import refund_by_hand, return_answer, team_intervention
