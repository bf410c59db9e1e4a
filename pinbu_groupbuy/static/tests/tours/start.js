import { registry } from "@web/core/registry";

/** In a new shop, a merchandiser is led from the first screen to a first activity. */
registry.category("web_tour.tours").add("pinbu_start", {
    url: "/odoo/group-buying-dashboard",
    steps: () => [
        {
            content: "Nothing is done yet",
            trigger: ".o_pinbu_start [data-step=goods] .fa-circle-o",
        },
        {
            content: "What others have to do has no button",
            trigger: ".o_pinbu_start [data-step=payment]:not(:has(button))",
        },
        {
            content: "Make a first activity",
            trigger: ".o_pinbu_start [data-step=activity] button",
            run: "click",
        },
        {
            content: "It begins with a product",
            trigger: ".modal .o_field_widget[name=product_tmpl_id] input",
        },
    ],
});
