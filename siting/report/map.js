"use strict";
// Draws the map from the columns packed in the page, and answers its controls.
(() => {
  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const data = read("data"), words = data.words;
  const ARRAYS = { f: Float32Array, I: Int32Array, H: Uint16Array, B: Uint8Array };
  const SHAPES = ["square", "triangle", "diamond", "hex", "inverted_triangle", "star",
    "square_dot", "triangle_dot", "diamond_dot", "hex_dot"];
  const ICONS = {
    square: "M-5-5H5V5H-5Z", triangle: "M0-6L6 5H-6Z", diamond: "M0-7L5 0L0 7L-5 0Z",
    hex: "M-6 0L-3-5.2H3L6 0L3 5.2H-3Z", inverted_triangle: "M0 6L6-5H-6Z",
    star: "M0-7L1.7-2.2H6.7L2.6.8L4.1 5.6L0 2.7L-4.1 5.6L-2.6.8L-6.7-2.2H-1.7Z",
    circle: "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0Z", x: "M-5-5L5 5M-5 5L5-5", cross: "M-6 0H6M0-6V6",
    square_x: "M-5-5H5V5H-5ZM-5-5L5 5M-5 5L5-5",
  };
  const NEW = 1, CLOSED = 2, KEPT = 3, DROPPED = 4, ADDED = 5;
  const SPOKEN = ["existing", "new", "closed", "kept", "dropped", "added"];
  const LINES = ["#1a1a1a", "#ffffff", "#7a1010", "#1a1a1a", "#5c2900", "#ffffff"];
  // What becomes of facilities and places is told by their shape too.
  const OUTCOME = { [CLOSED]: "square_x", [KEPT]: "square", [DROPPED]: "inverted_triangle", [ADDED]: "triangle" };
  const CHANGES = ["same", "gains", "loses", "sooner", "later", "new", "gone"];
  const MARKS = ["circle", "triangle", "x", "circle", "circle", "diamond", "cross"];
  const SEEN = { before: [0, CLOSED, KEPT, DROPPED], after: [0, CLOSED, NEW, KEPT, ADDED],
    change: [CLOSED, KEPT, DROPPED, ADDED] };

  function unpack([kind, text]) {
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return new ARRAYS[kind](bytes.buffer);
  }
  function unpacked(group) {
    for (const [key, value] of Object.entries(group)) {
      if (Array.isArray(value) && value.length === 2 && value[0] in ARRAYS && typeof value[1] === "string") {
        group[key] = unpack(value);
      }
    }
    return group;
  }
  const places = data.places, facilities = data.facilities;
  for (const key of ["x", "y", "people", "region"]) places[key] = unpack(places[key]);
  for (const key of ["x", "y", "type", "state"]) facilities[key] = unpack(facilities[key]);
  data.roads.forEach(unpacked);
  for (const service of data.services) {
    Object.values(service.answered).forEach(unpacked);
    unpacked(service); // of a comparison: what changes, and what becomes of facilities
  }

  const whole = new Intl.NumberFormat(words.code), N = places.x.length;
  const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (all, key) => (key in fields ? fields[key] : all));
  const minutes = (tenths) => (tenths / 10).toFixed(1).replace(".", words.point);
  const plain = (value) => String(value).replace(".", words.point);
  const large = Array.from({ length: N }, (_, i) => i).sort((a, b) => places.people[b] - places.people[a]);
  const mostPeople = Math.max(1, N ? places.people[large[0]] : 1);
  const used = [...new Set(facilities.type)].sort((a, b) => a - b);
  const shape = new Map(used.map((type, at) => [type, SHAPES[at % SHAPES.length]]));

  const controls = {
    service: () => Number($("service").value),
    when: () => document.querySelector('input[name="when"]:checked').value,
    lines: () => $("lines") !== null && $("lines").checked,
    region: () => Number($("region").value),
    facilities: () => $("facilities-shown").checked,
  };
  let plot, sources = {}, drawn = [], shown = [];

  function answerText(service, when, i) {
    const now = service.answered[when], tenths = now.tenths[i];
    if (tenths === data.excluded) return words["legend.excluded"];
    if (tenths === data.nobody) return words["hover.nobody"];
    const by = now.by[i] < 0 ? "" : facilities.name[now.by[i]];
    const said = fill(words[by ? "hover.served" : "hover.minutes"], { minutes: minutes(tenths), facility: by });
    return now.within[i] ? said : `${said} (${words["hover.beyond"]})`;
  }
  const named = (i) => (places.other[i] ? `${places.name[i]} (${places.other[i]})` : places.name[i]);
  const states = (service) => service.states || facilities.state;
  const regionName = (r) => (r < 0 ? "" : data.regions[r]);

  function bin(service, tenths) {
    const at = service.ends.findIndex((end) => tenths <= Math.round(end * 10));
    return at < 0 ? service.ends.length : at;
  }

  // Excluded places first, then those within the standard, then the others; the large ones below.
  function draw() {
    const service = data.services[controls.service()], when = controls.when(), region = controls.region();
    if (when === "change") { drawChange(service, region); return; }
    const now = service.answered[when], layers = [[], [], [], []];
    for (const i of large) {
      if (!Number.isFinite(places.x[i]) || (region >= 0 && places.region[i] !== region)) continue;
      const tenths = now.tenths[i];
      layers[tenths === data.excluded ? 0 : tenths === data.nobody ? 3 : now.within[i] ? 1 : 2].push(i);
    }
    drawn = [].concat(...layers);
    const ends = [];
    layers.reduce((sum, layer) => (ends.push(sum + layer.length), sum + layer.length), 0);
    const columns = blank();
    drawn.forEach((i, at) => {
      const layer = ends.findIndex((end) => at < end);
      const colour = [data.colours.excluded, service.colours[bin(service, now.tenths[i])],
        service.colours[bin(service, now.tenths[i])], data.colours.nobody][layer];
      columns.marker[at] = ["circle", "circle", "x", "cross"][layer];
      columns.fill_color[at] = colour;
      columns.line_color[at] = layer === 1 ? "#4a4a4a" : colour;
    });
    finish(columns, service, when, now);
  }

  function blank() {
    const count = drawn.length;
    return {
      x: Float64Array.from(drawn, (i) => places.x[i]), y: Float64Array.from(drawn, (i) => places.y[i]),
      size: new Float32Array(count), marker: new Array(count), fill_color: new Array(count),
      line_color: new Array(count), line_width: new Float32Array(count),
    };
  }

  function finish(columns, service, when, now) {
    Object.assign(columns, texts(service));
    sources.places.data = columns;
    drawLines(now);
    drawFacilities(service, when);
    resize();
    legend(service, when);
  }

  // Places where nothing changes below, those that gain or lose people on top.
  const ABOVE = [0, 3, 4, 5, 6, 2, 1];
  function drawChange(service, region) {
    drawn = large.filter((i) => Number.isFinite(places.x[i]) && (region < 0 || places.region[i] === region));
    const above = (i) => ABOVE.indexOf(service.change[i]);
    drawn.sort((a, b) => above(a) - above(b) || places.people[b] - places.people[a]);
    const columns = blank();
    drawn.forEach((i, at) => {
      const change = service.change[i];
      columns.marker[at] = MARKS[change];
      columns.fill_color[at] = data.colours.changes[change];
      columns.line_color[at] = change === 0 ? "#b5b5b0" : data.colours.changes[change];
    });
    finish(columns, service, "change", service.answered.after);
  }

  function texts(service) {
    return {
      name: drawn.map(named),
      region: drawn.map((i) => regionName(places.region[i])),
      people: drawn.map((i) => whole.format(places.people[i])),
      before: drawn.map((i) => answerText(service, "before", i)),
      after: drawn.map((i) => answerText(service, "after", i)),
    };
  }

  function drawLines(now) {
    const ends = { x0: [], y0: [], x1: [], y1: [] };
    if (controls.lines()) {
      for (const i of drawn) {
        const by = now.by[i];
        if (by < 0 || !Number.isFinite(facilities.x[by])) continue;
        ends.x0.push(places.x[i]); ends.y0.push(places.y[i]);
        ends.x1.push(facilities.x[by]); ends.y1.push(facilities.y[by]);
      }
    }
    sources.lines.data = ends;
  }

  function drawFacilities(service, when) {
    shown = [];
    if (controls.facilities()) {
      const provides = new Set(service.types);
      for (const state of SEEN[when]) {
        states(service).forEach((one, f) => {
          if (one === state && provides.has(facilities.type[f]) && Number.isFinite(facilities.x[f])) shown.push(f);
        });
      }
    }
    const is = states(service);
    const state = (f) => (when === "before" && is[f] === CLOSED && !service.states ? 0 : is[f]);
    const title = (f) => `${data.types[facilities.type[f]]}: ${words[`state.${SPOKEN[is[f]]}`]}`;
    sources.facilities.data = {
      x: shown.map((f) => facilities.x[f]), y: shown.map((f) => facilities.y[f]),
      size: new Float32Array(shown.length),
      marker: shown.map((f) => OUTCOME[state(f)] || shape.get(facilities.type[f])),
      fill_color: shown.map((f) => data.colours.states[state(f)]),
      line_color: shown.map((f) => LINES[state(f)]),
      line_width: new Float32Array(shown.length),
      name: shown.map((f) => facilities.name[f]), region: shown.map(title),
      people: shown.map(() => "–"), before: shown.map(() => "–"), after: shown.map(() => "–"),
    };
  }

  // Points are as large as there is room for in what is seen now.
  function resize() {
    const inside = (xs, ys) => {
      let count = 0;
      for (let at = 0; at < xs.length; at++) {
        if (xs[at] >= plot.x_range.start && xs[at] <= plot.x_range.end
          && ys[at] >= plot.y_range.start && ys[at] <= plot.y_range.end) count++;
      }
      return Math.max(count, 1);
    };
    const room = plot.inner_width * plot.inner_height, dots = sources.places.data, marks = sources.facilities.data;
    const clamp = (low, value, high) => Math.min(high, Math.max(low, value));
    const dot = clamp(1.8, 0.55 * Math.sqrt(room / inside(dots.x, dots.y)), 11);
    const mark = clamp(2.2, 0.3 * Math.sqrt(room / inside(marks.x, marks.y)), 15);
    const weight = (i) => 0.8 + 1.6 * Math.pow(places.people[i] / mostPeople, 0.4);
    const dotSize = Float32Array.from(drawn, (i) => dot * weight(i));
    const now = states(data.services[controls.service()]);
    const markSize = Float32Array.from(shown, (f) => ([0, CLOSED].includes(now[f]) ? 1 : 1.35) * mark);
    // Where all is small, outlines would be all there is to see.
    const outline = Float32Array.from(dots.marker, (one) => (one === "circle" ? (dot > 4.5 ? 0.4 : 0) : clamp(1, dot / 4, 2.2)));
    const border = new Float32Array(shown.length).fill(clamp(0.5, mark / 9, 1.3));
    sources.places.data = { ...dots, size: dotSize, line_width: outline };
    sources.facilities.data = { ...marks, size: markSize, line_width: border };
    roads();
  }

  let minor = null;
  function roads() {
    if (!data.roads.length) return;
    const wide = plot.x_range.end - plot.x_range.start, all = home.width || wide;
    const near = data.roads[0].x0.length < 15000 || wide < 0.45 * all;
    if (near === minor) return;
    minor = near;
    sources.roads_minor.data = near ? data.roads[0] : { x0: [], y0: [], x1: [], y1: [] };
  }

  const svg = (icon, fillColour, line, width) => {
    const base = icon.replace("_dot", ""), dot = icon.endsWith("_dot") ? '<circle r="1.6" class="dot"/>' : "";
    return `<svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true"><path d="${ICONS[base]}" ` +
      `fill="${fillColour}" stroke="${line}" stroke-width="${width}"/>${dot}</svg>`;
  };

  function legend(service, when) {
    const box = $("legend");
    box.replaceChildren();
    const add = (icon, text) => {
      const item = document.createElement("li");
      item.innerHTML = icon; // made above, of constants and colours
      item.append(` ${text}`);
      box.append(item);
    };
    const is = states(service);
    if (when === "change") legendOfChange(add, service, is);
    else legendOfMinutes(add, service, when, is);
    $("standard").textContent = service.standard;
  }

  function legendOfChange(add, service, is) {
    for (const change of [1, 2, 3, 4, 5, 6, 0]) {
      const colour = data.colours.changes[change], line = change === 0 ? "#b5b5b0" : colour;
      if (service.change.includes(change)) add(svg(MARKS[change], colour, line, ["x", "cross"].includes(MARKS[change]) ? 2.4 : 0.8), words[`change.${CHANGES[change]}`]);
    }
    outcomes(add, is, [ADDED, DROPPED, KEPT, CLOSED]);
  }
  function outcomes(add, is, wanted) {
    for (const state of wanted) {
      if (!shown.some((f) => is[f] === state)) continue;
      add(svg(OUTCOME[state], data.colours.states[state], LINES[state], 1.1), `${words["state.facility"]}: ${words[`state.${SPOKEN[state]}`]}`);
    }
  }

  function legendOfMinutes(add, service, when, is) {
    service.colours.forEach((colour, at) => {
      const low = plain(service.ends[at - 1]), high = plain(service.ends[at]);
      const key = at === 0 ? "legend.below" : at === service.ends.length ? "legend.above" : "legend.between";
      add(svg("circle", colour, "#4a4a4a", 0.6), fill(words[key], { low, high }));
    });
    add(svg("circle", "#ffffff", "#4a4a4a", 1.2), words["legend.within"]);
    add(svg("x", "none", "#31125a", 2.4), words["legend.beyond"]);
    const tenths = service.answered[when].tenths;
    if (tenths.includes(data.nobody)) add(svg("cross", "none", data.colours.nobody, 2.4), words["legend.nobody"]);
    if (tenths.includes(data.excluded)) add(svg("circle", data.colours.excluded, "none", 0), words["legend.excluded"]);
    const there = new Set(shown.map((f) => `${is[f]} ${facilities.type[f]}`));
    for (const type of used) {
      const title = data.types[type];
      if (there.has(`1 ${type}`)) add(svg(shape.get(type), data.colours.states[NEW], "#ffffff", 0.8), fill(words["legend.new"], { title }));
      if (there.has(`0 ${type}`)) add(svg(shape.get(type), "#ffffff", "#1a1a1a", 1.4), fill(words["legend.existing"], { title }));
    }
    if (service.states) outcomes(add, is, [ADDED, DROPPED, KEPT]);
    if (shown.some((f) => is[f] === CLOSED)) add(svg("square_x", "#d0d0d0", "#7a1010", 1.2), words["legend.closed"]);
  }

  // A kilometre is as long across as up, whatever the shape of the window.
  const home = {};
  function show(x, y, width, height) {
    if (!(plot.inner_width > 0 && plot.inner_height > 0) || ![x, y, width, height].every(Number.isFinite)) return;
    const scale = Math.max(width / plot.inner_width, height / plot.inner_height);
    const half = [scale * plot.inner_width / 2, scale * plot.inner_height / 2];
    plot.x_range.setv({ start: x - half[0], end: x + half[0] });
    plot.y_range.setv({ start: y - half[1], end: y + half[1] });
  }
  function box(indices, xs, ys) {
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const i of indices) {
      if (!Number.isFinite(xs[i])) continue;
      west = Math.min(west, xs[i]); east = Math.max(east, xs[i]);
      south = Math.min(south, ys[i]); north = Math.max(north, ys[i]);
    }
    if (west > east) return null;
    const wide = Math.max(east - west, 2), tall = Math.max(north - south, 2);
    return { x: (west + east) / 2, y: (south + north) / 2, width: wide * 1.12, height: tall * 1.12 };
  }
  function goHome() {
    const region = controls.region();
    const found = box(region < 0 ? large : large.filter((i) => places.region[i] === region), places.x, places.y);
    if (found) show(found.x, found.y, found.width, found.height);
  }
  function zoom(factor) {
    const { x_range: x, y_range: y } = plot;
    show((x.start + x.end) / 2, (y.start + y.end) / 2, (x.end - x.start) * factor, (y.end - y.start) * factor);
  }

  const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f\u02bc'’`]/g, "").toLowerCase();
  let index = null;
  function search(text) {
    index ||= places.name.map((name, i) => [folded(name), folded(places.other[i])]);
    const wanted = folded(text.trim());
    if (!wanted) return [];
    const region = controls.region(), found = [];
    for (const i of large) {
      if (!Number.isFinite(places.x[i]) || (region >= 0 && places.region[i] !== region)) continue;
      const ranks = index[i].map((name) => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(wanted) ? 2 : 9));
      const rank = Math.min(...ranks);
      if (rank < 9) found.push([rank, i]);
    }
    return found.sort((a, b) => a[0] - b[0]).map((one) => one[1]);
  }
  function suggest() {
    const found = search($("search").value), list = $("matches");
    list.replaceChildren();
    for (const i of found.slice(0, 8)) {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = [named(i), regionName(places.region[i])].filter(Boolean).join(", ");
      button.addEventListener("click", () => visit(i));
      item.append(button);
      list.append(item);
    }
    const wanted = $("search").value.trim();
    const said = found.length ? fill(words["search.found"], { count: whole.format(found.length) }) : words["search.none"];
    $("said").textContent = wanted ? said : "";
    return found;
  }
  function visit(i) {
    const service = data.services[controls.service()], span = Math.min(40, (home.width || 40) / 4);
    show(places.x[i], places.y[i], span, span);
    sources.found.data = { x: [places.x[i]], y: [places.y[i]] };
    $("matches").replaceChildren();
    const label = (when) => document.querySelector(`input[name="when"][value="${when}"]`).parentNode.textContent.trim();
    $("said").textContent = [
      named(i), regionName(places.region[i]), whole.format(places.people[i]),
      ...["before", "after"].map((when) => `${label(when)}: ${answerText(service, when, i)}`),
    ].filter(Boolean).join(" · ");
  }

  function listen() {
    for (const id of ["service", "lines", "facilities-shown"]) {
      if ($(id)) $(id).addEventListener("change", draw);
    }
    document.querySelectorAll('input[name="when"]').forEach((one) => one.addEventListener("change", draw));
    $("region").addEventListener("change", () => { draw(); goHome(); });
    $("search").addEventListener("input", suggest);
    $("search").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const found = suggest();
      if (found.length) visit(found[0]);
    });
    $("zoom-in").addEventListener("click", () => zoom(0.5));
    $("zoom-out").addEventListener("click", () => zoom(2));
    $("zoom-all").addEventListener("click", goHome);
    let waiting = 0;
    const later = () => { clearTimeout(waiting); waiting = setTimeout(resize, 150); };
    for (const range of [plot.x_range, plot.y_range]) range.change.connect(later);
    const layout = () => {
      const { x_range: x, y_range: y } = plot;
      show((x.start + x.end) / 2, (y.start + y.end) / 2, x.end - x.start, y.end - y.start);
    };
    for (const side of ["inner_width", "inner_height"]) plot.properties[side].change.connect(layout);
  }

  function start() {
    const model = Bokeh.documents[0];
    plot = model.get_model_by_name("map");
    if (!plot.inner_width) { requestAnimationFrame(start); return; } // a large page is laid out later
    for (const name of ["roads_minor", "roads_major", "lines", "places", "facilities", "found"]) {
      sources[name] = model.get_model_by_name(name);
    }
    if (data.roads.length) sources.roads_major.data = data.roads[1];
    Object.assign(home, box(large, places.x, places.y));
    if ($("lines")) $("lines").checked = data.lines;
    goHome();
    draw();
    listen();
    $("plot").dataset.ready = "yes";
  }
  Bokeh.set_log_level("warn");
  Bokeh.embed.embed_item(read("document")).then(() => requestAnimationFrame(start));
})();
