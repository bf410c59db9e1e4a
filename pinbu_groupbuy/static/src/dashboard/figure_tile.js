import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

import { changeOf, formatFigure } from "./format";

/** One figure: its value, how it changed, what it counts, and the way to its records. */
export class FigureTile extends Component {
    static template = "pinbu_groupbuy.FigureTile";
    static props = { figure: Object, currencyId: Number, open: Function };

    get value() {
        return formatFigure(this.props.figure.value, this.props.figure.unit, this.props.currencyId);
    }

    get change() {
        const change = changeOf(this.props.figure);
        if (!change) {
            return null;
        }
        const { good } = this.props.figure;
        const isGood = (change.direction > 0) === (good === "up");
        return {
            text: change.text,
            icon: change.direction > 0 ? "fa-caret-up" : "fa-caret-down",
            className: !good ? "text-muted" : isGood ? "text-success" : "text-danger",
        };
    }

    get before() {
        const { figure, currencyId } = this.props;
        // Nothing to compare with is told by the tile's silence.
        if (figure.previous === null || figure.previous === undefined) {
            return "";
        }
        return _t("%s before", formatFigure(figure.previous, figure.unit, currencyId));
    }
}
