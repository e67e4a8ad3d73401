"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const FILM_S = 24; // how long a film takes at normal speed
  const STEP_S = 1.2; // how long each change is shown where motion is not wanted
  const LEGIBLE = 0.5; // a map is made smaller by itself down to this share of its size
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  const last = data.moments.length - 1;
  const timeline = document.querySelector("#timeline svg");

  // Boxes of the map, by the number of their part. Only those whose state changes are ever touched.
  const boxes = new Map();
  for (const box of all("#map .box[data-part]")) {
    boxes.set(box.dataset.part, [...(boxes.get(box.dataset.part) ?? []), box]);
  }
  const drawn = new Map(all("#map .box").map((box) => [box, box.getAttribute("class")]));
  const labels = new Map(all("#map a").map((link) => [link, link.getAttribute("aria-label")]));
  const shown = new Map(); // part: the state that it shows
  const spread = new Map(); // part: the arrows to and from it along which failure came back
  for (const arrow of all("#map .arrow.spread[data-from]")) {
    for (const end of [arrow.dataset.from, arrow.dataset.to]) spread.set(end, [...(spread.get(end) ?? []), arrow]);
  }

  let film = data.films[0];
  let frame = 0;
  let isWhole = false;
  let clock = null; // the animation frame that is asked for while it plays
  let chosen = null;
  let opener = null;

  // ---- States over time

  function stateAt(part, at) {
    const listed = film?.changes[part];
    let state = 0;
    for (let i = 0; listed && i < listed.length && listed[i] <= at; i += 2) state = listed[i + 1];
    return state;
  }

  function paint(part, state) {
    if ((shown.get(part) ?? 0) === state) return;
    shown.set(part, state);
    for (const box of boxes.get(part) ?? []) {
      box.classList.remove(...data.states.map((word) => `is-${word}`));
      box.classList.add(`is-${data.states[state]}`);
      box.closest("a")?.setAttribute("aria-label", `${data.names[part]}: ${data.states[state]}`);
    }
    for (const arrow of spread.get(part) ?? []) {
      arrow.classList.toggle("is-quiet", !isHit(arrow.dataset.from) || !isHit(arrow.dataset.to));
    }
  }

  function isHit(part) {
    return [1, 2].includes(shown.get(part));
  }

  function showFrame(at, { isTold = false } = {}) {
    if (isWhole) leaveWhole();
    frame = Math.min(Math.max(Math.round(at), 0), last);
    const counts = [0, 0, 0, 0];
    for (const part of Object.keys(film?.changes ?? {})) {
      const state = stateAt(part, frame);
      counts[state] += 1;
      paint(part, state);
    }
    const said = counts.flatMap((count, state) => (state && count ? [`${count.toLocaleString("en")} ${data.states[state]}`] : []));
    const text = said.length ? said.join(", ") : "everything works";
    find("moment").textContent = data.moments[frame];
    find("slider").value = frame;
    find("slider").setAttribute("aria-valuetext", `${data.moments[frame]}: ${text}`);
    find("now").textContent = film && data.films.length > 1 ? `${film.label} fails: ${text}` : text;
    const event = film?.events.filter(([then]) => then <= frame).pop();
    write("event", event ? event[1] : "");
    if (isTold) write("told", `${data.moments[frame]}: ${text}`);
    movePlayhead();
    tellNow();
  }

  function write(id, text) {
    if (find(id).textContent !== text) find(id).textContent = text;
  }

  function leaveWhole() {
    isWhole = false;
    find("whole")?.setAttribute("aria-pressed", "false");
    for (const [box, drawnClass] of drawn) {
      box.setAttribute("class", drawnClass.replace(/is-(worst|works|hit|down|back)/g, ""));
      box.classList.add("is-works");
      box.closest("a")?.setAttribute("aria-label", `${data.names[box.dataset.part]}: works`);
    }
    for (const arrow of [...spread.values()].flat()) arrow.classList.add("is-quiet");
    shown.clear();
    markChosen();
  }

  // The worst that happened to each part, as it was drawn: what a page without script, and paper, shows.
  function showWhole() {
    pause();
    isWhole = true;
    find("whole").setAttribute("aria-pressed", "true");
    restore();
    frame = 0;
    find("slider").value = 0;
    find("moment").textContent = "Whole run";
    find("slider").setAttribute("aria-valuetext", "Whole run: the worst of each part");
    find("now").textContent = "the worst of each part";
    write("event", "");
    movePlayhead();
    tellNow();
  }

  function restore() {
    for (const [box, drawnClass] of drawn) box.setAttribute("class", drawnClass);
    for (const [link, label] of labels) link.setAttribute("aria-label", label);
    for (const arrow of [...spread.values()].flat()) arrow.classList.remove("is-quiet");
    shown.clear();
    markChosen();
  }

  function showFilm(number) {
    pause();
    film = data.films[number];
    for (const part of [...shown.keys()]) paint(part, 0);
    for (const button of all(".show")) button.setAttribute("aria-pressed", String(button.dataset.film === String(number)));
    if (find("film")) find("film").value = number;
    showFrame(film.start, { isTold: true });
  }

  // ---- Play, step, slide

  function play() {
    if (frame >= last) frame = 0;
    if (isWhole) showFrame(0);
    find("play").textContent = "Pause";
    let position = frame;
    let before = null;
    const tick = (now) => {
      const passed = before === null ? 0 : (now - before) / 1000;
      const speed = Number(find("speed").value);
      if (isStill.matches) {
        if (before === null || passed * speed >= STEP_S) {
          position = nextChange(1);
          before = now;
        }
      } else {
        position += (passed * speed * last) / FILM_S;
        before = now;
      }
      if (Math.floor(position) !== frame) showFrame(Math.floor(position));
      if (frame >= last) pause();
      else clock = requestAnimationFrame(tick);
    };
    clock = requestAnimationFrame(tick);
  }

  function pause() {
    if (clock !== null) cancelAnimationFrame(clock);
    clock = null;
    find("play").textContent = "Play";
  }

  function toggle() {
    if (clock === null) return play();
    pause();
    showFrame(frame, { isTold: true });
  }

  function stepTo(at) {
    pause();
    showFrame(at, { isTold: true });
  }

  function nextChange(direction) {
    const moments = [...Object.values(film?.changes ?? {}).flatMap((listed) => listed.filter((_, i) => i % 2 === 0)),
      ...(film?.events ?? []).map(([at]) => at)];
    const ahead = moments.filter((at) => (direction > 0 ? at > frame : at < frame));
    if (!ahead.length) return direction > 0 ? last : 0;
    return direction > 0 ? Math.min(...ahead) : Math.max(...ahead);
  }

  function onKey(event) {
    if (event.key === "Escape" && !find("panel").hidden) return closePanel();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, select, textarea, button, summary, a, [tabindex='0']")) return;
    const keys = {
      " ": toggle, ArrowLeft: () => stepTo(frame - 1), ArrowRight: () => stepTo(frame + 1),
      Home: () => stepTo(0), End: () => stepTo(last),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  // ---- Timeline

  function movePlayhead() {
    const line = timeline?.querySelector(".playhead");
    if (!line) return;
    const { x0, x1, t0, t1 } = numbersOf(timeline);
    const x = x0 + ((x1 - x0) * ((data.end_s * frame) / Math.max(last, 1) - t0)) / (t1 - t0 || 1);
    line.setAttribute("display", isWhole ? "none" : "inline");
    for (const end of ["x1", "x2"]) line.setAttribute(end, Math.min(Math.max(x, x0), x1).toFixed(1));
  }

  function numbersOf(svg) {
    return Object.fromEntries(["x0", "x1", "t0", "t1"].map((name) => [name, Number(svg.dataset[name])]));
  }

  function frameUnder(event) {
    const { x0, x1, t0, t1 } = numbersOf(timeline);
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(timeline.getScreenCTM().inverse());
    if (point.x < x0 || point.x > x1) return null;
    return ((t0 + ((point.x - x0) / (x1 - x0)) * (t1 - t0)) / data.end_s) * last;
  }

  // ---- The panel of one part

  function openPanel(part, from) {
    chosen = part;
    opener = from ?? opener;
    const told = find(`part-${part}`);
    const head = document.createElement("h3");
    head.textContent = data.names[part] ?? told?.querySelector("h3").textContent ?? "";
    const kind = document.createElement("p");
    kind.className = "faint";
    kind.textContent = told?.querySelector("summary .faint").textContent ?? "";
    find("panel-head").replaceChildren(head, kind);
    find("panel-text").replaceChildren(...(told ? [told.querySelector(".part-text").cloneNode(true)] : []));
    const number = data.films.findIndex((each) => each.label === data.names[part]);
    if (data.films.length > 1 && number >= 0) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Show what it takes down";
      button.addEventListener("click", () => showFilm(number));
      find("panel-head").append(button);
    }
    find("panel").hidden = false;
    find("panel").scrollTop = 0;
    find("panel").focus({ preventScroll: true });
    markChosen();
    tellNow();
  }

  function closePanel() {
    find("panel").hidden = true;
    chosen = null;
    markChosen();
    opener?.focus({ preventScroll: true });
    opener = null;
  }

  function markChosen() {
    for (const each of all(".is-chosen")) each.classList.remove("is-chosen");
    if (chosen === null) return;
    for (const each of all(`svg [data-part="${chosen}"]`)) each.classList.add("is-chosen");
    for (const each of all(`td a[href="#part-${chosen}"]`)) each.closest("tr").classList.add("is-chosen");
  }

  function tellNow() {
    if (chosen === null) return;
    if (isWhole || !film) return write("panel-now", "Choose a moment to see what it waits for then.");
    const state = stateAt(chosen, frame);
    const waits = (data.needs[chosen] ?? []).filter((callee) => [1, 2].includes(stateAt(String(callee), frame)));
    const listed = film.waiting[chosen] ?? [];
    let waiting = "";
    for (let i = 0; i < listed.length && listed[i] <= frame; i += 2) waiting = listed[i + 1];
    const said = [`${data.moments[frame]}: ${data.states[state]}`];
    if (waits.length) said.push(`of what it needs, not well now: ${waits.map((each) => data.names[each]).join(", ")}`);
    if (waiting) said.push(`${waiting} waiting`);
    write("panel-now", `${said.join("; ")}.`);
  }

  function onClick(event) {
    const link = event.target.closest('a[href^="#part-"]');
    const inTimeline = timeline?.contains(event.target);
    if (inTimeline && event.detail) {
      const at = frameUnder(event);
      if (at !== null) stepTo(at);
    }
    const part = link?.getAttribute("href").slice("#part-".length) ?? event.target.closest("svg [data-part]")?.dataset.part;
    if (part === undefined) return;
    event.preventDefault();
    openPanel(part, find("panel").contains(event.target) ? null : link ?? event.target.closest("[tabindex]"));
  }

  // ---- The size of the map

  function fit(isFit) {
    find("map").classList.toggle("is-fit", isFit);
    find("fit").setAttribute("aria-pressed", String(isFit));
  }

  function beginFit() {
    const room = document.querySelector("#map .scroll").clientWidth;
    const share = room / document.querySelector("#map svg").width.baseVal.value;
    find("fit").hidden = share >= 1;
    find("fit").addEventListener("click", () => fit(!find("map").classList.contains("is-fit")));
    fit(share < 1 && share > LEGIBLE);
  }

  // ---- Tables

  function makeSortable(table) {
    const body = table.tBodies[0];
    all("th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of all("th", table)) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [row, valueOf(row.cells[column])]);
        rows.sort(([, one], [, other]) => direction * compared(one, other));
        body.append(...rows.map(([row]) => row));
      });
    });
  }

  function valueOf(cell) {
    if (cell.dataset.key === undefined) return cell.textContent.trim();
    return cell.dataset.key === "inf" ? Infinity : Number(cell.dataset.key);
  }

  function compared(one, other) {
    if (typeof one === "number" && typeof other === "number") return one === other ? 0 : one < other ? -1 : 1;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function makeSearchable(grid) {
    const rows = all("tbody tr", grid);
    if (rows.length < 6) return;
    const input = grid.querySelector("input");
    const texts = rows.map((row) => row.textContent.toLowerCase());
    grid.querySelector(".find").hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      const hits = rows.filter((row, i) => (row.hidden = !texts[i].includes(wanted)) === false);
      grid.querySelector(".count").textContent = wanted ? `${hits.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows` : "";
    });
  }

  // ---- Paper

  const closed = [];
  function beforePrint() {
    closed.push(...all("details:not([open])"));
    for (const each of closed) each.open = true;
    if (find("whole")) restore();
  }

  function afterPrint() {
    for (const each of closed.splice(0)) each.open = false;
    if (!isWhole && find("whole")) {
      isWhole = true;
      showFrame(frame);
    }
  }

  // ---- Begin

  all("table.sortable").forEach(makeSortable);
  all(".grid").forEach(makeSearchable);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  find("close").addEventListener("click", closePanel);
  if (film) {
    for (const each of [find("player"), ...all(".live")]) each.hidden = false;
    find("play").addEventListener("click", toggle);
    find("back").addEventListener("click", () => stepTo(nextChange(-1)));
    find("next").addEventListener("click", () => stepTo(nextChange(1)));
    find("whole")?.addEventListener("click", showWhole);
    find("slider").addEventListener("input", (event) => {
      pause();
      showFrame(event.target.valueAsNumber);
    });
    for (const button of all(".show")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        showFilm(Number(button.dataset.film));
        find("over-time").scrollIntoView();
      });
    }
    find("film")?.addEventListener("change", (event) => showFilm(Number(event.target.value)));
    isWhole = true; // as it is drawn
    if (find("whole")) showWhole();
    else showFilm(0);
  }
  if (find("map")) beginFit();
  if (/^#part-\d+$/.test(location.hash)) openPanel(location.hash.slice("#part-".length), null);
})();
