import { registry } from "@web/core/registry";

/**
 * A clerk puts what is ready into a batch, prints its pick list, and ships it.
 * The test brings a formed team of the activity "Tour crisps".
 */
registry.category("web_tour.tours").add("pinbu_batch_and_ship", {
    url: "/odoo/action-pinbu_groupbuy.pinbu_batch_by_activity_action",
    steps: () => [
        {
            content: "The formed team's deliveries stand there",
            trigger: ".modal .o_data_row:contains('Tour crisps')",
        },
        {
            content: "Make the batches",
            trigger: ".modal button[name=action_batch]",
            run: "click",
        },
        {
            content: "It is under way, and knows its group-buy",
            trigger: ".o_form_view .o_field_widget[name=pinbu_activity_id]:contains('Tour crisps')",
        },
        {
            content: "It has work for the clerk",
            trigger: ".o_field_widget[name=move_ids] .o_data_row:contains('Tour crisps')",
        },
        {
            content: "Print the pick list",
            trigger: "button[name=action_print]",
            run: "click",
        },
        {
            content: "It says for which team to pack",
            trigger: ":iframe [name=pick_list_parcels]:contains('Tour crisps')",
        },
        {
            content: "Back to the batch",
            trigger: ".o_back_button a, .breadcrumb-item:last a",
            run: "click",
        },
        {
            content: "Ship it",
            trigger: "button[name=action_done].btn-primary",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o_statusbar_status button[data-value=done].o_arrow_button_current",
        },
    ],
});

/**
 * A clerk looks at a delivery whose team still forms: nothing there ships it, and it says why.
 * The test opens the list of deliveries.
 */
registry.category("web_tour.tours").add("pinbu_refused_to_ship", {
    url: "/odoo/deliveries",
    steps: () => [
        {
            content: "It is marked",
            trigger: ".o_data_row td[name=pinbu_mark]:contains('Team forming')",
            run: "click",
        },
        {
            content: "It says why it waits",
            trigger: ".o_form_view [name=pinbu_gate]:contains('1 of 3')",
        },
        {
            content: "There is no button that ships it",
            trigger: ".o_form_view:not(:has(button[name=button_validate]))",
        },
    ],
});
