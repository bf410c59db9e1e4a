/* Finding on the page; it can be read without. */

const entries = [...document.querySelectorAll(".entry")];

function show() {
    const wanted = document.getElementById("filter").value.trim().toLowerCase();
    for (const entry of entries) {
        const head = entry.querySelector("summary").textContent.toLowerCase();
        entry.hidden = !head.includes(wanted);
    }
    for (const section of document.querySelectorAll("section")) {
        section.hidden = !section.querySelector(".entry:not([hidden])");
    }
}

/* A link to a route or an object opens it. */
function open() {
    const entry = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (entry instanceof HTMLDetailsElement) {
        entry.open = true;
        entry.scrollIntoView();
    }
}

document.getElementById("filter").addEventListener("input", show);
window.addEventListener("hashchange", open);
open();
