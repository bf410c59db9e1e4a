from . import team_intervention
