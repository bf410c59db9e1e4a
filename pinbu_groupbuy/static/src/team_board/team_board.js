import { onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";

const CHANNEL = "pinbu_team_board";
const CHANGED = "pinbu.team.board";
// Payments may come many times a second: the board looks again once in this time.
const PAUSE = 1000;
// What is not told (deliveries done, refunds settled, holds lapsed) shows by then.
const REFRESH = 60000;

/** Teams as they move: looks again, without a reload of the page, when the bus says so. */
export class TeamBoardController extends KanbanController {
    setup() {
        super.setup();
        const bus = useService("bus_service");
        const look = () => this.lookAgainSoon();
        bus.addChannel(CHANNEL);
        bus.subscribe(CHANGED, look);
        document.addEventListener("visibilitychange", look);
        const refresh = setInterval(look, REFRESH);
        onWillUnmount(() => {
            clearInterval(refresh);
            clearTimeout(this.pause);
            document.removeEventListener("visibilitychange", look);
            bus.unsubscribe(CHANGED, look);
            bus.deleteChannel(CHANNEL);
        });
    }

    lookAgainSoon() {
        if (!this.pause) {
            this.pause = setTimeout(() => {
                this.pause = null;
                // A tab that nobody sees looks once it is seen; a selection is not taken away.
                if (!document.hidden && !this.hasSelectedRecords) {
                    this.model.load();
                }
            }, PAUSE);
        }
    }
}

registry.category("views").add("pinbu_team_board", {
    ...kanbanView,
    Controller: TeamBoardController,
});
