"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const FILM_S = 24; // how long a film takes at normal speed
  const LONGEST_S = 0.5; // what passes at once: a film stands still while nobody sees its tab
  const STEP_S = 1.2; // how long each change is shown where motion is not wanted
  const LEGIBLE = 0.65; // a map is made smaller by itself down to this share of its size
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  const last = data.moments.length - 1;
  const timeline = document.querySelector("#timeline svg");

  // The boxes of the map, as they were drawn, and the arrows along which failure spread; by the number of their part.
  const boxes = all("#map .box").map((box) => {
    const link = box.closest("a");
    return { box, link, part: box.dataset.part, drawn: box.getAttribute("class"), label: link.getAttribute("aria-label") };
  });
  const boxOf = new Map(boxes.map((each) => [each.part, each]));
  const spread = all("#map .arrow.spread[data-from]");
  const spreadOf = (part) => spread.filter((arrow) => arrow.dataset.from === part || arrow.dataset.to === part);

  const shown = new Map(); // the state in which each part is shown; those that are not in here work
  let film = data.films[0];
  let frame = 0;
  let isWhole = true; // whether the map shows the worst of each part, as it was drawn
  let clock = null; // the animation frame that is asked for while a film plays
  let chosen = null; // the part in the panel
  let opener = null; // what had the focus before

  // ---- The map: only what changes is touched

  function stateAt(part, at) {
    const changes = film?.changes[part] ?? [];
    let state = 0;
    for (let i = 0; i < changes.length && changes[i] <= at; i += 2) state = changes[i + 1];
    return state;
  }

  const isHit = (part) => [1, 2].includes(shown.get(part));

  function paint(part, state) {
    if ((shown.get(part) ?? 0) === state) return;
    shown.set(part, state);
    if (boxOf.has(part)) dress(boxOf.get(part), state);
    for (const arrow of spreadOf(part)) {
      arrow.classList.toggle("is-quiet", !isHit(arrow.dataset.from) || !isHit(arrow.dataset.to));
    }
  }

  function dress({ box, link, part, drawn }, state) {
    box.setAttribute("class", `${drawn.replace(/ is-(worst|works|hit|down|back)/g, "")} is-${data.states[state]}`);
    box.classList.toggle("is-chosen", part === chosen);
    link.setAttribute("aria-label", `${data.names[part]}: ${data.states[state]}`);
  }

  function leaveWhole() {
    isWhole = false;
    find("whole")?.setAttribute("aria-pressed", "false");
    shown.clear();
    for (const each of boxes) dress(each, 0);
    for (const arrow of spread) arrow.classList.add("is-quiet");
  }

  function restore() {
    for (const { box, link, drawn, label } of boxes) {
      box.setAttribute("class", drawn);
      link.setAttribute("aria-label", label);
    }
    for (const arrow of spread) arrow.classList.remove("is-quiet");
    markChosen();
  }

  const room = () => document.querySelector("#map .scroll").clientWidth / document.querySelector("#map svg").width.baseVal.value;

  const offerFit = () => (find("fitting").hidden = room() >= 1);

  function fit(isFit) {
    find("fit").setAttribute("aria-pressed", String(find("map").classList.toggle("is-fit", isFit)));
  }

  function beginFit() {
    offerFit();
    fit(room() > LEGIBLE);
    find("fit").addEventListener("click", () => fit());
    window.addEventListener("resize", offerFit);
  }

  // ---- Time

  function showFrame(at, { isTold = false } = {}) {
    if (isWhole) leaveWhole();
    frame = Math.min(Math.max(Math.round(at), 0), last);
    const counts = [0, 0, 0, 0];
    for (const part of Object.keys(film.changes)) {
      const state = stateAt(part, frame);
      counts[state] += 1;
      paint(part, state);
    }
    const said = counts.map((count, state) => (state && count ? `${count.toLocaleString("en")} ${data.states[state]}` : ""));
    const text = said.filter(Boolean).join(", ") || "everything works";
    tell(data.moments[frame], text, eventsAt(frame));
    if (isTold) write("told", `${data.moments[frame]}: ${text}`);
  }

  function eventsAt(at) {
    const past = film.events.filter(([then]) => then <= at);
    return past.filter(([then]) => then === past[past.length - 1][0]).map(([, text]) => text).join("; ");
  }

  function showWhole() {
    pause();
    isWhole = true;
    find("whole").setAttribute("aria-pressed", "true");
    restore();
    frame = 0;
    tell("Whole run", "the worst of each part", "");
  }

  function showFilm(number) {
    pause();
    for (const part of [...shown.keys()]) paint(part, 0);
    film = data.films[number];
    if (find("film")) find("film").value = number;
    for (const button of all(".show")) button.setAttribute("aria-pressed", String(Number(button.dataset.film) === number));
    showFrame(film.start, { isTold: true });
  }

  function tell(moment, text, event) {
    write("moment", moment);
    write("now", data.films.length > 1 ? `${film.label} fails: ${text}` : text);
    write("event", event);
    if (find("still")) write("still", `Shown: ${film.label} fails, ${moment}. `);
    find("slider").value = frame;
    find("slider").setAttribute("aria-valuetext", `${moment}: ${text}`);
    movePlayhead();
    tellPanel();
  }

  function write(id, text) {
    if (find(id).textContent !== text) find(id).textContent = text;
  }

  function play() {
    if (isWhole || frame >= last) showFrame(0);
    write("play", "Pause");
    let position = frame;
    let before = null;
    const tick = (now) => {
      const passed = before === null ? 0 : (now - before) / 1000;
      const speed = Number(find("speed").value);
      if (!isStill.matches) {
        position += (Math.min(passed, LONGEST_S) * speed * last) / FILM_S;
        before = now;
      } else if (before === null || passed * speed >= STEP_S) {
        position = nextChange(1);
        before = now;
      }
      if (Math.floor(position) !== frame) showFrame(Math.floor(position));
      if (frame >= last) return pause();
      clock = requestAnimationFrame(tick);
    };
    clock = requestAnimationFrame(tick);
  }

  function pause() {
    if (clock !== null) cancelAnimationFrame(clock);
    clock = null;
    write("play", "Play");
  }

  const toggle = () => (clock === null ? play() : stepTo(frame));

  function stepTo(at) {
    pause();
    showFrame(at, { isTold: true });
  }

  function nextChange(direction) {
    const changes = Object.values(film.changes).flatMap((listed) => listed.filter((_, i) => i % 2 === 0));
    const moments = [...changes, ...film.events.map(([at]) => at)].filter((at) => (at - frame) * direction > 0);
    if (!moments.length) return direction > 0 ? last : 0;
    return direction > 0 ? Math.min(...moments) : Math.max(...moments);
  }

  function onKey(event) {
    if (event.key === "Escape" && !find("panel").hidden) return closePanel();
    if (!film || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, select, textarea, button, summary, a, [tabindex='0']")) return;
    const wanted = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: last }[event.key];
    if (wanted === undefined && event.key !== " ") return;
    event.preventDefault();
    if (wanted === undefined) toggle();
    else stepTo(wanted);
  }

  // ---- The timeline

  const scale = Object.fromEntries(["x0", "x1", "t0", "t1"].map((name) => [name, Number(timeline?.dataset[name])]));

  function movePlayhead() {
    const line = timeline?.querySelector(".playhead");
    if (!line) return;
    const share = ((data.end_s * frame) / Math.max(last, 1) - scale.t0) / (scale.t1 - scale.t0 || 1);
    const x = scale.x0 + (scale.x1 - scale.x0) * Math.min(Math.max(share, 0), 1);
    for (const end of ["x1", "x2"]) line.setAttribute(end, x.toFixed(1));
    line.setAttribute("display", isWhole ? "none" : "inline");
  }

  function frameUnder(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(timeline.getScreenCTM().inverse());
    const share = (point.x - scale.x0) / (scale.x1 - scale.x0);
    return share < 0 || share > 1 ? null : ((scale.t0 + share * (scale.t1 - scale.t0)) / data.end_s) * last;
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
    find("panel-head").replaceChildren(head, kind, ...filmButton(part));
    find("panel-text").replaceChildren(...(told ? [told.querySelector(".part-text").cloneNode(true)] : []));
    find("panel").hidden = false;
    find("panel").scrollTop = 0;
    find("panel").focus({ preventScroll: true });
    markChosen();
    tellPanel();
  }

  function openAsked() {
    if (/^#part-\d+$/.test(location.hash)) openPanel(location.hash.slice("#part-".length), null);
  }

  function filmButton(part) {
    const number = data.films.findIndex((each) => each.label === data.names[part]);
    if (data.films.length < 2 || number < 0) return [];
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show what it takes down";
    button.addEventListener("click", () => showFilm(number));
    return [button];
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
    for (const each of all(`svg [data-part="${chosen}"]`)) each.classList.add("is-chosen");
    for (const each of all(`td a[href="#part-${chosen}"]`)) each.closest("tr").classList.add("is-chosen");
  }

  function tellPanel() {
    if (chosen === null) return;
    if (isWhole) return write("panel-now", film ? "Choose a moment to see what it waits for then." : "");
    const said = [`${data.moments[frame]}: ${data.states[stateAt(chosen, frame)]}`];
    const waits = (data.needs[chosen] ?? []).filter((callee) => [1, 2].includes(stateAt(callee, frame)));
    if (waits.length) said.push(`of what it needs, not well now: ${waits.map((each) => data.names[each]).join(", ")}`);
    const waiting = (film.waiting[chosen] ?? []).filter((_, i, listed) => i % 2 && listed[i - 1] <= frame).pop();
    if (waiting) said.push(`about ${waiting} waiting`);
    write("panel-now", `${said.join("; ")}.`);
  }

  function onClick(event) {
    const at = film && event.detail && timeline?.contains(event.target) ? frameUnder(event) : null;
    if (at !== null) stepTo(at);
    const link = event.target.closest('a[href^="#part-"]');
    if (!link) return;
    event.preventDefault();
    openPanel(link.getAttribute("href").slice("#part-".length), find("panel").contains(link) ? null : link);
  }

  // ---- Tables

  function makeSortable(table) {
    const heads = all("th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].map((row) => [row, valueOf(row.cells[column])]);
        rows.sort(([, one], [, other]) => (one === "") - (other === "") || direction * compared(one, other));
        table.tBodies[0].append(...rows.map(([row]) => row));
      });
    });
  }

  function valueOf({ dataset: { key }, textContent }) {
    const text = textContent.trim();
    if (key === undefined) return /^\d+$/.test(text) ? Number(text) : text;
    return key === "inf" ? Infinity : Number(key);
  }

  function compared(one, other) {
    if (typeof one !== "number" || typeof other !== "number") return String(one).localeCompare(other, "en", { numeric: true });
    return one === other ? 0 : one - other;
  }

  function makeSearchable(grid) {
    const rows = all("tbody tr", grid);
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const input = grid.querySelector("input");
    grid.querySelector(".find").hidden = rows.length < 6;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      rows.forEach((row, i) => (row.hidden = !texts[i].includes(wanted)));
      const found = rows.filter((row) => !row.hidden).length.toLocaleString("en");
      grid.querySelector(".count").textContent = wanted ? `${found} of ${rows.length.toLocaleString("en")} rows` : "";
    });
  }

  // ---- Paper: everything open, and the map as it was drawn

  let closed = [];

  function beforePrint() {
    closed = all("details:not([open])");
    for (const each of closed) each.open = true;
    if (find("whole")) restore();
  }

  function afterPrint() {
    for (const each of closed) each.open = false;
    if (isWhole || !film) return;
    leaveWhole();
    showFrame(frame);
  }

  // ---- Begin

  all("table.sortable").forEach(makeSortable);
  all(".grid").forEach(makeSearchable);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  find("close").addEventListener("click", closePanel);
  if (find("map")) beginFit();
  if (film) {
    for (const each of [find("player"), ...all(".live, .show")]) each.hidden = false;
    find("play").addEventListener("click", toggle);
    find("back").addEventListener("click", () => stepTo(nextChange(-1)));
    find("next").addEventListener("click", () => stepTo(nextChange(1)));
    find("whole")?.addEventListener("click", showWhole);
    find("film")?.addEventListener("change", (event) => showFilm(Number(event.target.value)));
    find("slider").addEventListener("input", (event) => {
      pause();
      showFrame(event.target.valueAsNumber);
    });
    for (const button of all(".show")) {
      button.addEventListener("click", () => {
        showFilm(Number(button.dataset.film));
        find("over-time").scrollIntoView();
      });
    }
    if (find("whole")) showWhole();
    else showFilm(0);
  }
  window.addEventListener("hashchange", openAsked);
  openAsked();
})();
