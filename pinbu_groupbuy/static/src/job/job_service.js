import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

// What the bus tells whoever has started a long job.
export const TYPE = "pinbu.job";
export const OPEN = ["waiting", "running"];
const COLOURS = { done: "success", failed: "warning", cancelled: "warning" };

/** Says that a long job is over, wherever its user is by then, and offers what came of it. */
export const jobService = {
    dependencies: ["action", "bus_service", "notification"],
    start(env, { action, bus_service, notification }) {
        const open = (job) => ({
            name: _t("Open"),
            onClick: () =>
                action.doAction({
                    type: "ir.actions.act_window",
                    res_model: "pinbu.job",
                    res_id: job.id,
                    views: [[false, "form"]],
                }),
        });
        const download = (job) => ({
            name: _t("Download"),
            icon: "fa-download",
            primary: true,
            onClick: () =>
                action.doAction({ type: "ir.actions.act_url", url: job.url, target: "download" }),
        });
        bus_service.subscribe(TYPE, (job) => {
            if (!OPEN.includes(job.state)) {
                notification.add(job.message, {
                    title: job.title,
                    type: COLOURS[job.state],
                    sticky: true,
                    buttons: job.url ? [download(job), open(job)] : [open(job)],
                });
            }
        });
        bus_service.start();
    },
};

registry.category("services").add("pinbu_job", jobService);
