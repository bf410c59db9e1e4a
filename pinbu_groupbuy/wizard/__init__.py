from . import (
    batch_by_activity,
    refund_by_hand,
    return_answer,
    stock_picking_to_batch,
    team_intervention,
)
