"use strict";
// Sorts tables by a click on a heading, and shows the rows of the service and region that are chosen.
(() => {
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  const value = (cell) => (cell.dataset.v === undefined ? null : Number(cell.dataset.v));

  function sort(heading) {
    const row = heading.parentNode, at = [...row.children].indexOf(heading);
    const body = row.closest("table").tBodies[0], number = heading.classList.contains("n");
    const first = number ? "descending" : "ascending", other = number ? "ascending" : "descending";
    const direction = heading.getAttribute("aria-sort") === first ? other : first;
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((one) => [one.cells[at], one]);
    rows.sort(([a], [b]) => {
      if (!number) return sign * compare(a.textContent, b.textContent);
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null); // unknown comes last either way
      return sign * (x - y);
    });
    body.append(...rows.map((one) => one[1]));
    for (const cell of row.children) cell.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
  }
  for (const button of document.querySelectorAll("table.sortable th button")) {
    button.addEventListener("click", () => sort(button.parentNode));
  }

  const service = document.getElementById("service"), region = document.getElementById("region");
  function filter() {
    for (const table of document.querySelectorAll("table.sortable")) {
      for (const row of table.tBodies[0].rows) {
        const { service: s, region: r } = row.dataset;
        row.classList.toggle("other", (s !== undefined && s !== service.value)
          || (r !== undefined && Number(region.value) >= 0 && r !== region.value));
      }
    }
  }
  if (service && region) {
    service.addEventListener("change", filter);
    region.addEventListener("change", filter);
    filter();
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
})();
