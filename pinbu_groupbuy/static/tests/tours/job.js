import { registry } from "@web/core/registry";

/**
 * Somebody watches a long job and stops it. The test brings one of five items, of which two more
 * are done whenever the browser looks again.
 */
registry.category("web_tour.tours").add("pinbu_job", {
    steps: () => [
        {
            content: "Some of it is done",
            trigger: ".o_form_view .o_pinbu_job_progress:contains('2 / 5') [aria-valuenow='2']",
        },
        {
            content: "The bar moves, without a reload of the page",
            trigger: ".o_form_view .o_pinbu_job_progress:contains('4 / 5') [aria-valuenow='4']",
            timeout: 30000,
        },
        {
            content: "Stop it",
            trigger: "button[name=action_cancel]",
            run: "click",
        },
        {
            content: "Be sure",
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It has stopped, and says by whom",
            trigger: "body:not(:has(.modal)) .alert-warning:contains('tour_marketing')",
        },
        {
            content: "There is nothing to stop any more",
            trigger: ".o_form_statusbar:not(:has(button[name=action_cancel]))",
        },
    ],
});
