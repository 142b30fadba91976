// The page: reads the API once, then follows the live events. Every text of a stranger goes
// through `textContent`; nothing here ever makes markup from a string.
"use strict";

const MOST_ALERTS = 150, MOST_ROWS = 120, MOST_FEEDS = 200, MOST_KEYS = 5000, DRAW_MS = 250;
const SVG = "http://www.w3.org/2000/svg";
const SEVERITIES = ["low", "medium", "high", "critical"];
const byId = (id) => document.getElementById(id);

const model = {
  alerts: new Map(), rows: new Map(), feeds: [], names: {}, map: null, state: null,
  label: "", place: "", words: "", sort: "24h", up: false, paused: false, missed: 0, fresh: new Set(),
};

// --- small makers -----------------------------------------------------------------------------

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function link(address, text) {
  let url = null;
  try { url = new URL(address); } catch { /* no address: the text alone is shown */ }
  if (!url || !/^https?:$/.test(url.protocol)) return make("span", "", text);
  const node = make("a", "", text);
  node.href = url.href;
  node.rel = "noopener noreferrer nofollow";
  node.target = "_blank";
  return node;
}

function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.floor(seconds)} s`;
}

function clock(time, className) {
  const node = make("time", className, time ? ago(time) : "");
  if (time) { node.dateTime = time; node.title = new Date(time).toLocaleString(); }
  return node;
}

const named = (code) => model.names[code] || code;
const list = (codes) => codes.map(named).join(", ") || "?";
const direction = (alert) => `${list(alert.actors)} → ${list(alert.places)}`;
const kind = (alert) => [alert.status, alert.label].filter(Boolean).join(" ").replaceAll("_", " ");
const sentence = (alert) => alert.evidence[0]?.sentence || alert.headline;

// --- what is shown ----------------------------------------------------------------------------

function wantsAlert(alert) {
  if (model.label && alert.label !== model.label) return false;
  if (model.place && !(alert.places.length ? alert.places : ["ZZ"]).includes(model.place)) return false;
  if (!model.words) return true;
  alert.searched ??= [alert.headline, direction(alert), ...alert.actors, ...alert.places, alert.label,
    alert.status, alert.severity, ...alert.speakers, ...alert.watches,
    ...alert.evidence.flatMap((e) => [e.sentence, e.outlet])].join(" ").toLowerCase();
  return model.words.split(/\s+/).every((word) => alert.searched.includes(word));
}

function wantsRow(row) {
  if (model.label && row.label !== model.label) return false;
  if (model.place && row.place !== model.place) return false;
  const text = `${row.label} ${row.place} ${row.name}`.toLowerCase();
  return model.words.split(/\s+/).every((word) => text.includes(word));
}

function value(row) {
  if (model.sort === "name") return row.name;
  if (model.sort === "seen") return Date.parse(row.seen);
  if (model.sort === "outlets") return row.windows["7d"].outlets;
  if (model.sort === "change") return row.change ?? -1;
  return row.windows[model.sort].mentions;
}

function compare(a, b) {
  const [x, y] = [value(a), value(b)];
  const order = typeof x === "string" ? x.localeCompare(y) : x - y;
  return (model.up ? order : -order) || b.windows["24h"].mentions - a.windows["24h"].mentions
    || (a.key < b.key ? -1 : 1);
}

// --- drawing ----------------------------------------------------------------------------------

let due = 0;
function draw() {
  if (!due) due = setTimeout(() => { due = 0; if (!model.paused) drawAll(); }, DRAW_MS);
}

function drawAll() {
  drawAlerts(); drawCounts(); drawMap(); drawFeeds(); drawFlow();
}

// Makes `parent` hold a node per thing, in order. A node stays while its thing is the same object:
// so focus and scrolling survive, and a busy topic costs only what changed.
function keep(parent, things, key, maker) {
  const held = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const thing of things) {
    const name = key(thing);
    let node = held.get(name);
    held.delete(name);
    if (!node || node.thing !== thing) {
      const fresh = maker(thing);
      fresh.dataset.key = name;
      fresh.thing = thing;
      if (node) {
        const focused = node.contains(document.activeElement);
        if (place === node) place = node.nextElementSibling;
        node.remove();
        parent.insertBefore(fresh, place);
        if (focused) (fresh.querySelector("button") || fresh).focus();
      } else parent.insertBefore(fresh, place);
      continue;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of held.values()) node.remove();
}

function drawAlerts() {
  const wanted = [...model.alerts.values()].reverse().filter(wantsAlert);
  keep(byId("alert-list"), wanted.slice(0, MOST_ALERTS), (alert) => alert.id, (alert) => {
    const item = make("li");
    item.append(card(alert));
    return item;
  });
  model.fresh.clear();
  byId("alerts-empty").hidden = wanted.length > 0;
  byId("alerts-note").textContent = wanted.length ? `${wanted.length} stories` : "";
}

function card(alert) {
  const node = make("button", `card ${alert.severity}`);
  node.type = "button";
  if (model.fresh.has(alert.id)) node.classList.add("fresh");
  const top = make("span", "top");
  top.append(make("span", `sev ${alert.severity}`, alert.severity),
    make("span", `what ${alert.label}`, kind(alert)), make("span", "where", direction(alert)));
  if (alert.denied_by.length) top.append(make("span", "tag", "denied"));
  if (alert.denies.length) top.append(make("span", "tag", "denies a claim"));
  top.append(clock(alert.counts.last_seen));
  const said = make("span", "sentence", sentence(alert));
  if (alert.evidence[0]?.language) said.lang = alert.evidence[0].language;
  const { mentions, outlets } = alert.counts;
  const outlet = alert.evidence[0]?.outlet;
  const meta = make("span", "meta", [outlet, `${mentions} report${mentions > 1 ? "s" : ""}, ${outlets} outlet${outlets > 1 ? "s" : ""}`,
    alert.reason.replaceAll("_", " ")].filter(Boolean).join(" · "));
  node.append(top, said, meta);
  node.addEventListener("click", () => { location.hash = `story/${alert.id}`; });
  return node;
}

function drawCounts() {
  const rows = [...model.rows.values()].filter((row) => row.windows["7d"].mentions && wantsRow(row)).sort(compare);
  keep(document.querySelector("#counts tbody"), rows.slice(0, MOST_ROWS), (row) => row.key, countRow);
  byId("counts-note").textContent = rows.length > MOST_ROWS ? `${MOST_ROWS} of ${rows.length} rows` : `${rows.length} rows`;
}

function countRow(row) {
  const node = make("tr");
  node.dataset.place = row.place;
  const where = make("th", "", row.name);
  where.scope = "row";
  const number = (n, more = "") => make("td", `n ${more} ${n ? "" : "zero"}`, n || "·");
  const change = row.change;
  const spark = make("td", `spark ${row.label}`);
  spark.append(sparkline(row.hours));
  const seen = make("td", "n wide");
  seen.append(clock(row.seen));
  node.append(make("td", `what ${row.label}`, row.label), where,
    number(row.windows["1h"].mentions), number(row.windows["24h"].mentions), number(row.windows["7d"].mentions),
    make("td", `n ${change >= 2 ? "up" : ""}`, change === null ? "new" : `×${change.toFixed(change < 10 ? 1 : 0)}`),
    number(row.windows["7d"].outlets, "wide"), spark, seen);
  node.addEventListener("click", () => choosePlace(row.place));
  return node;
}

function sparkline(hours) {
  const node = shape("svg", { viewBox: `0 0 ${hours.length * 5} 20`, "aria-hidden": "true", preserveAspectRatio: "none" });
  const top = Math.max(1, ...hours);
  node.append(shape("path", {
    d: hours.map((n, i) => `M${i * 5 + 2.5} 20V${n ? (18 - 17 * n / top).toFixed(1) : 18.8}`).join(""),
  }));
  return node;
}

function totals() {
  const sums = new Map();
  for (const row of model.rows.values())
    if (!model.label || row.label === model.label)
      sums.set(row.place, (sums.get(row.place) || 0) + row.windows["24h"].mentions);
  return sums;
}

function drawMap() {
  if (!model.map) return;
  const sums = totals();
  const most = Math.max(1, ...sums.values());
  const level = (n) => n ? 1 + Math.round(4 * Math.log1p(n - 1) / Math.log1p(Math.max(1, most - 1))) : 0;
  for (const [code, node] of model.map) {
    const n = sums.get(code) || 0;
    const name = `${named(code)}: ${n} report${n === 1 ? "" : "s"}`;
    const look = n ? `l${level(n)}${code === model.place ? " chosen" : ""}` : "";
    if (node.look === look + name) continue;
    node.look = look + name;
    if (look) node.setAttribute("class", look); else node.removeAttribute("class");
    node.firstElementChild.textContent = name;
    if (node.tagName === "circle") node.setAttribute("r", n ? 3 + level(n) : 0);
    if (n) {
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", name);
    } else for (const a of ["tabindex", "role", "aria-label"]) node.removeAttribute(a);
  }
  const off = [...sums].filter(([code, n]) => n && !model.map.has(code)).sort((a, b) => b[1] - a[1]).slice(0, 12);
  byId("off-map").replaceChildren(...off.map(([code, n]) => {
    const node = make("button", "", `${named(code)} ${n}`);
    node.type = "button";
    node.setAttribute("aria-pressed", String(code === model.place));
    node.addEventListener("click", () => choosePlace(code));
    return node;
  }));
  const all = [...sums.values()].reduce((a, b) => a + b, 0);
  byId("map-note").textContent = `${all} in ${[...sums.values()].filter(Boolean).length} places`;
}

function buildMap(data) {
  const svg = byId("map");
  svg.setAttribute("viewBox", `0 0 ${data.size[0]} ${data.size[1]}`);
  model.map = new Map();
  const add = (code, node) => {
    node.append(shape("title", {}));
    node.addEventListener("click", () => { if (node.hasAttribute("tabindex")) choosePlace(code); });
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choosePlace(code); }
    });
    svg.append(node);
    model.map.set(code, node);
  };
  for (const [code, d] of Object.entries(data.shapes)) add(code, shape("path", { d }));
  for (const [code, [cx, cy]] of Object.entries(data.points)) add(code, shape("circle", { cx, cy, r: 0 }));
}

function drawFeeds() {
  keep(document.querySelector("#feeds tbody"), model.feeds.slice(0, MOST_FEEDS), (feed) => feed.id, (feed) => {
    const node = make("tr");
    const name = make("th", "", feed.id);
    name.scope = "row";
    name.title = feed.host;
    const polled = make("td", "n");
    polled.append(clock(feed.last_poll_at));
    const wait = feed.next_poll_at ? (Date.parse(feed.next_poll_at) - Date.now()) / 1000 : null;
    const next = wait === null ? "" : wait <= 0 ? "due" : wait < 90 ? `${Math.ceil(wait)} s` : `${Math.round(wait / 60)} min`;
    node.append(name, make("td", `cond ${feed.condition}`, feed.condition),
      make("td", "wide", feed.outcome.replaceAll("_", " ")), polled, make("td", "n", next),
      make("td", `n wide ${feed.gaps ? "" : "zero"}`, feed.gaps || "·"));
    return node;
  });
  const more = model.feeds.length > MOST_FEEDS ? `${MOST_FEEDS} of ` : "";
  byId("feeds-note").textContent = model.feeds.length ? `${more}${model.feeds.length}, the ones in trouble first` : "none polled yet";
}

function drawFlow() {
  const state = model.state;
  const live = source?.readyState === EventSource.OPEN;
  const trouble = state?.trouble;
  byId("dot").className = `dot ${live && !trouble ? "live" : "off"}`;
  const parts = [live ? (trouble ? "no broker, trying again" : "live") : "connection lost, trying again"];
  if (state && live && !trouble) {
    if (state.articles_per_s !== null) parts.push(`${state.articles_per_s.toFixed(1)} articles/s`);
    parts.push(`lag ${Object.values(state.lag).reduce((a, b) => a + b, 0)}`);
    if (state.written["dead-letters"]) parts.push(`${state.written["dead-letters"]} dead letters`);
    parts.push(`feeds: ${Object.entries(state.feeds).map(([name, n]) => `${n} ${name}`).join(", ") || "none"}`);
  }
  if (model.paused) parts.push(`paused${model.missed ? `, ${model.missed} new` : ""}`);
  const text = parts.join(" · ");
  if (byId("flow-text").textContent !== text) byId("flow-text").textContent = text;
}

// --- a story ----------------------------------------------------------------------------------

async function showStory(id) {
  let found;
  try { found = await get(`/api/stories/${encodeURIComponent(id)}`); }
  catch (error) { found = null; byId("story-body").replaceChildren(make("p", "empty", `This story is not remembered any more (${error.message}).`)); }
  if (location.hash !== `#story/${id}`) return;
  if (found) drawStory(found.story, found.thread, found.forgotten);
  else byId("story-kind").replaceChildren();
  if (!byId("story").open) byId("story").showModal();
  byId("story").scrollTop = 0;
}

function drawStory(story, thread, forgotten) {
  byId("story-kind").replaceChildren(make("span", `sev ${story.severity}`, story.severity), " ",
    make("span", `what ${story.label}`, kind(story)));
  const body = byId("story-body");
  const head = make("h2", "", story.headline);
  head.id = "story-head";
  const { mentions, outlets, first_seen, last_seen } = story.counts;
  const facts = make("p", "meta", `${direction(story)} · ${mentions} reports, ${outlets} outlets · revision ${story.revision} (${story.reason.replaceAll("_", " ")}) · confidence ${Math.round(100 * story.confidence)} %`);
  const times = make("p", "meta");
  times.append("first seen ", clock(first_seen), " ago, last seen ", clock(last_seen), " ago");
  body.replaceChildren(head, facts, times);
  if (story.status_history.length) {
    const steps = make("ol", "history");
    steps.setAttribute("aria-label", "Status over time");
    for (const step of story.status_history) {
      const item = make("li", "", `${step.status.replaceAll("_", " ")} `);
      item.append(clock(step.at));
      steps.append(item);
    }
    body.append(steps);
  }
  body.append(make("h3", "", "Evidence"), evidence(story));
  const sections = [["Denied by", (o) => story.denied_by.includes(o.id)], ["Denies", (o) => story.denies.includes(o.id)],
    ["Further in this thread", (o) => !story.denied_by.includes(o.id) && !story.denies.includes(o.id)]];
  for (const [title, chosen] of sections) {
    const others = thread.filter(chosen);
    if (!others.length) continue;
    const cards = make("ol", "cards");
    for (const other of others) { const item = make("li"); item.append(card(other)); cards.append(item); }
    body.append(make("h3", "", title), cards);
  }
  if (forgotten.length) body.append(make("p", "empty", `${forgotten.length} linked stories are older than what is remembered here.`));
}

function evidence(story) {
  const items = make("ul", "evidence");
  for (const one of story.evidence) {
    const item = make("li");
    const said = make("q", "", one.sentence);
    if (one.language) said.lang = one.language;
    const meta = make("span", "meta");
    meta.append([kind(one), one.speaker].filter(Boolean).join(" · ") + " — ", link(one.url, one.outlet || "article"));
    if (one.published_at) meta.append(" · ", clock(one.published_at), " ago");
    item.append(said, meta);
    items.append(item);
  }
  return items;
}

// --- live -------------------------------------------------------------------------------------

let source = null;

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || `answer ${answer.status}`);
  return data;
}

function takeAlert(alert) {
  const known = model.alerts.get(alert.id);
  if (known && known.revision >= alert.revision) return false;
  model.alerts.delete(alert.id);
  model.alerts.set(alert.id, alert);
  while (model.alerts.size > 2 * MOST_ALERTS) model.alerts.delete(model.alerts.keys().next().value);
  return true;
}

function takeRows(rows) {
  for (const row of rows) {
    model.rows.delete(row.key);
    model.rows.set(row.key, row);
  }
  while (model.rows.size > MOST_KEYS) model.rows.delete(model.rows.keys().next().value);
}

let loading = false;
async function load() {
  if (loading) return;
  loading = true;
  source?.close();
  try {
    const [alerts, counts, feeds, state] = await Promise.all(
      ["/api/alerts?limit=150", "/api/counts", "/api/feeds", "/api/state"].map(get));
    model.alerts.clear();
    alerts.alerts.reverse().forEach(takeAlert);
    model.rows.clear();
    takeRows(counts.counts.reverse());
    model.feeds = feeds.feeds;
    model.state = state;
    follow(alerts.position);
  } catch {
    setTimeout(load, 3000);
  } finally {
    loading = false;
    draw();
  }
}

function follow(position) {
  source = new EventSource(`/api/events?after=${encodeURIComponent(position)}`);
  source.addEventListener("open", draw);
  source.addEventListener("error", () => {
    draw();
    if (source.readyState === EventSource.CLOSED) setTimeout(load, 3000);
  });
  source.addEventListener("alert", (event) => {
    const alert = JSON.parse(event.data);
    if (!takeAlert(alert)) return;
    model.fresh.add(alert.id);
    if (model.paused) model.missed += 1;
    if (SEVERITIES.indexOf(alert.severity) >= 2 && wantsAlert(alert)) say(`${alert.severity} alert: ${kind(alert)}, ${direction(alert)}. ${sentence(alert)}`);
    if (model.paused) drawFlow(); else draw();
  });
  source.addEventListener("counts", (event) => { takeRows(JSON.parse(event.data).counts); draw(); });
  source.addEventListener("state", (event) => { model.state = JSON.parse(event.data); draw(); });
  source.addEventListener("reload", load);
}

// A screen reader hears the newest grave alert, not more than one in five seconds.
let spoken = 0;
function say(text) {
  if (Date.now() - spoken < 5000) return;
  spoken = Date.now();
  byId("said").textContent = text;
}

// --- what the reader does ---------------------------------------------------------------------

function choosePlace(code) {
  model.place = model.place === code ? "" : code;
  const chip = byId("place");
  chip.hidden = !model.place;
  chip.textContent = `${named(model.place)} ✕`;
  chip.setAttribute("aria-label", `Only ${named(model.place)}; press to show all places`);
  drawAll();
}

function chooseLabel(label) {
  model.label = label;
  for (const chip of byId("labels").children) chip.setAttribute("aria-pressed", String(chip.dataset.label === label));
  drawAll();
}

function chooseSort(head) {
  const name = head.dataset.sort;
  model.up = model.sort === name ? !model.up : name === "name";
  model.sort = name;
  for (const other of document.querySelectorAll("#counts th[data-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", model.up ? "ascending" : "descending");
  drawCounts();
}

function setPaused(paused) {
  model.paused = paused;
  model.missed = 0;
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").textContent = paused ? "Go on" : "Pause";
  if (paused) drawFlow(); else drawAll();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", theme); } catch { /* storage may be off */ }
  setTheme(theme);
}

function step(by) {
  const cards = [...document.querySelectorAll("#alert-list .card")];
  const at = cards.indexOf(document.activeElement);
  cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input");
  if (event.key === "Escape" && typing) { event.target.value = ""; setWords(""); event.target.blur(); return; }
  if (typing || document.querySelector("dialog[open]")) return;
  const action = { "/": () => byId("filter").focus(), p: () => setPaused(!model.paused), t: toggleTheme,
    j: () => step(1), k: () => step(-1), "?": () => byId("help").showModal() }[event.key];
  if (action) { event.preventDefault(); action(); }
}

function setWords(text) {
  model.words = text.trim().toLowerCase();
  drawAll();
}

function onHash() {
  const match = /^#story\/([\w-]+)$/.exec(location.hash);
  if (match) showStory(match[1]);
  else if (byId("story").open) byId("story").close();
}

function start() {
  let theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  try { theme = localStorage.getItem("theme") || theme; } catch { /* storage may be off */ }
  setTheme(theme);
  byId("filter").addEventListener("input", (event) => setWords(event.target.value));
  byId("pause").addEventListener("click", () => setPaused(!model.paused));
  byId("theme").addEventListener("click", toggleTheme);
  byId("keys").addEventListener("click", () => byId("help").showModal());
  byId("place").addEventListener("click", () => choosePlace(model.place));
  byId("labels").addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (chip) chooseLabel(chip.dataset.label);
  });
  for (const head of document.querySelectorAll("#counts th[data-sort]"))
    head.firstElementChild.addEventListener("click", () => chooseSort(head));
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  byId("story").addEventListener("close", () => {
    if (/^#story/.test(location.hash)) history.replaceState(null, "", location.pathname);
  });
  addEventListener("keydown", onKey);
  addEventListener("hashchange", onHash);
  setInterval(() => {
    for (const node of document.querySelectorAll("time[datetime]")) node.textContent = ago(node.dateTime);
  }, 10000);
  setInterval(async () => { try { model.feeds = (await get("/api/feeds")).feeds; draw(); } catch { /* next time */ } }, 15000);
  Promise.all([get("/api/places"), get("/static/map.json")]).then(([names, map]) => {
    model.names = names;
    buildMap(map);
    model.alerts.forEach((alert) => { delete alert.searched; });
    byId("alert-list").replaceChildren();
    draw();
  });
  load().then(onHash);
}

start();
