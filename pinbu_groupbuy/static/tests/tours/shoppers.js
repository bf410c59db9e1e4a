import { registry } from "@web/core/registry";

/** Before the first night the list is empty; its button fills it. */
registry.category("web_tour.tours").add("pinbu_shoppers", {
    steps: () => [
        {
            content: "Nobody has been counted yet",
            trigger: ".o_list_view .o_view_nocontent_smiling_face",
        },
        {
            content: "Count them now",
            trigger: ".o_control_panel button[name=action_compute]",
            run: "click",
        },
        {
            content: "They are there, and nothing hides them",
            trigger: ".o_list_view:not(:has(.o_view_nocontent)) .o_data_row:contains(Tour shopper)",
        },
    ],
});
