import { registry } from "@web/core/registry";

/**
 * A merchandiser looks at the live board, and lets a team fail, with a reason. The test brings a
 * team of "Tour activity" that has one member.
 */
registry.category("web_tour.tours").add("pinbu_intervene", {
    url: "/odoo/group-buying-teams",
    steps: () => [
        {
            content: "The team is among those that form: one member, two empty places",
            trigger:
                ".o_kanban_group[data-id]:first .o_kanban_record:contains('Tour activity')" +
                ":has(.o_pinbu_face_paid):has(.o_pinbu_face_empty + .o_pinbu_face_empty)" +
                " .o_pinbu_countdown",
        },
        {
            content: "Open the card's menu",
            trigger: ".o_kanban_record:contains('Tour activity')",
            run: "hover && click .o_kanban_record:contains('Tour activity') .o_dropdown_kanban button",
        },
        {
            content: "Intervene",
            trigger: ".o-dropdown--menu .dropdown-item:contains('Intervene')",
            run: "click",
        },
        {
            content: "Let it fail",
            trigger: ".modal .o_field_widget[name=action] input[data-value=fail]",
            run: "click",
        },
        {
            content: "What this does is said",
            trigger: ".modal .alert-warning:contains('refunded in full')",
        },
        {
            content: "Say why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit The supplier is late",
        },
        {
            content: "Do it",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "The card says that it has failed, without a reload of the page",
            trigger: "body:not(:has(.modal)) .o_kanban_record:contains('Tour activity'):contains('Stopped by the merchant')",
        },
    ],
});
