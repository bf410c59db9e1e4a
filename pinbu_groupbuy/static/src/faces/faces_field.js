import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { imageUrl } from "@web/core/utils/urls";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// Circles on a card, at most.
const PLACES = 8;

/**
 * A team's places: who has paid, who is at checkout, the merchant's own, and the empty ones. Needs
 * `size`, `seats_paid`, `merchant_places` and `state` of the record beside the faces.
 */
export class FacesField extends Component {
    static template = "pinbu_groupbuy.FacesField";
    static props = { ...standardFieldProps };

    get places() {
        const { size, seats_paid: paid, merchant_places: merchant, state } = this.props.record.data;
        const faces = this.props.record.data[this.props.name] || [];
        if (size > PLACES) {
            const shown = faces.slice(0, PLACES - 2);
            const others = paid - shown.filter((face) => face.state === "paid").length;
            const more = others > 0 ? [{ key: "more", kind: "more", text: `+${others}` }] : [];
            return [...shown.map((face) => this.place(face)), ...more];
        }
        const places = faces.slice(0, size).map((face) => this.place(face));
        for (let number = 0; number < merchant && places.length < size; number++) {
            places.push({ key: `own${number}`, kind: "merchant", title: _t("Taken by the merchant") });
        }
        while (state === "forming" && places.length < size) {
            places.push({ key: `empty${places.length}`, kind: "empty", title: _t("Empty place") });
        }
        return places;
    }

    place(face) {
        let title = face.name;
        if (face.state === "held") {
            title = _t("%s, at checkout", face.name);
        } else if (face.is_leader) {
            title = _t("%s, leader", face.name);
        }
        const src = imageUrl("res.partner", face.id, "avatar_128", { unique: face.version });
        return { key: `${face.state}${face.id}`, kind: face.state, title, src, leads: face.is_leader };
    }
}

registry.category("fields").add("pinbu_faces", {
    component: FacesField,
    displayName: _t("Members"),
    supportedTypes: ["json"],
});
