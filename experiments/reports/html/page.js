// The page without this script has all words and tables. This adds the charts, the details of a cell and the theme.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const json = (id) => JSON.parse(document.getElementById(id).textContent);
  const page = json("charts");

  // ---- theme: colours are CSS variables, so that charts follow without being drawn again
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const tellTheme = () => button.setAttribute("aria-pressed", String(isDark()));
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a page from disk may not */ } };
  try { root.dataset.theme = localStorage.getItem("theme") || ""; } catch { /* the same */ }
  if (!root.dataset.theme) delete root.dataset.theme;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    tellTheme();
  });
  system.addEventListener("change", tellTheme);
  tellTheme();

  // ---- charts, drawn one after the other so that the page stays quick
  const views = new Map();
  const options = { renderer: "svg", actions: false, ast: true, config: page.config, defaultStyle: false, logLevel: 1 };
  let queue = Promise.resolve();
  function draw(place, spec, then) {
    place.wanted = spec;
    queue = queue.then(async () => {
      if (place.wanted !== spec) return; // another cell was picked meanwhile
      try {
        views.get(place)?.finalize();
        const columns = Math.max(2, Math.floor((place.clientWidth - 60) / 115)); // of a legend
        const fitted = JSON.parse(JSON.stringify(spec), (key, value) => (key === "columns" ? columns : value));
        const made = await vegaEmbed(place, fitted, options);
        views.set(place, made);
        then?.(made.view);
      } catch (error) {
        console.error(error);
        document.getElementById("undrawn").hidden = false;
      }
    });
  }
  const still = (parts) => parts.filter((row) => row.value !== null);

  // ---- rows of a cell's charts, and their tables
  const rows = {
    curves({ epochs, seeds, mean, training, ends }) {
      const line = (kind, seed, values) => values.map((value, at) => ({ kind, seed, epoch: epochs[at], value }));
      return still([
        ...seeds.flatMap(([seed, values]) => line("each seed", seed, values)),
        ...line("training, mean", "mean of training", training),
        ...line("mean", "mean", mean),
        ...ends.map(([epoch, value]) => ({ kind: "diverged", seed: "diverged", epoch, value })),
      ]);
    },
    rates: ({ rows: tried, default: rate }) => [
      ...tried.map(([rate, value, low, high, diverged, seeds, chosen]) =>
        ({ rate, value, low, high, diverged, seeds, chosen, lost: diverged === seeds, default: false })),
      ...rate.map((each) => ({ rate: each, default: true })),
    ],
    gradients: (found) => found.map(([when, depth, value, low, high]) => ({ when, depth, value, low, high })),
  };
  rows.dead = rows.gradients;

  const byLayer = (found) => {
    const moments = [...new Set(found.map((each) => each[0]))];
    const depths = [...new Set(found.map((each) => each[1]))];
    const at = new Map(found.map((each) => [`${each[0]} ${each[1]}`, each[2]]));
    return [["layer", ...moments], depths.map((depth) => [depth, ...moments.map((when) => at.get(`${when} ${depth}`))])];
  };
  const tables = {
    curves: ({ epochs, seeds, mean, training }) => [
      ["epoch", ...seeds.map(([seed]) => `seed ${seed}`), "mean", "training, mean"],
      epochs.map((epoch, at) => [epoch, ...seeds.map(([, values]) => values[at]), mean[at], training[at]]),
    ],
    rates: ({ rows: tried }) => [["rate", "mean", "lowest", "highest", "diverged", "seeds", ""], tried],
    gradients: byLayer,
    dead: byLayer,
  };
  function table([head, body]) {
    const made = document.createElement("table");
    const add = (where, kind, words) => {
      const cell = where.appendChild(document.createElement(kind));
      cell.textContent = words ?? "";
      if (kind === "th") cell.scope = "col";
    };
    const first = made.createTHead().insertRow();
    head.forEach((words) => add(first, "th", words));
    const rest = made.createTBody();
    body.forEach((line) => { const row = rest.insertRow(); line.forEach((words) => add(row, "td", words)); });
    return made;
  }

  // ---- a block: its grid, and the cell that is picked
  function start(section) {
    const { cells, picked, columns, specs } = json(`data-${section.id}`);
    const buttons = new Map([...section.querySelectorAll("[data-cell]")].map((each) => [Number(each.dataset.cell), each]));
    const part = (name) => section.querySelector(`[data-part="${name}"]`);
    const selects = ["row", "column"].map((name) => section.querySelector(`[data-pick="${name}"]`));
    const rings = []; // charts of the whole block that mark the picked cell
    let now = picked;

    function pick(number, quiet = false) {
      const cell = cells[number];
      if (!cell) { // a pair of the two lists that is not in the plan: back to the cell that is
        selects[0].value = Math.floor(now / columns);
        selects[1].value = now % columns;
        part("status").textContent = "This pair is not in the plan.";
        return;
      }
      buttons.get(now)?.setAttribute("aria-pressed", "false");
      now = number;
      buttons.forEach((each, at) => { each.tabIndex = at === now ? 0 : -1; });
      buttons.get(now)?.setAttribute("aria-pressed", "true");
      selects[0].value = Math.floor(now / columns);
      selects[1].value = now % columns;
      part("row").textContent = cell.row;
      part("column").textContent = cell.column;
      part("why").textContent = cell.why;
      part("rule").textContent = cell.rule;
      if (!quiet) part("status").textContent = `${cell.row} with ${cell.column}: ${cell.facts[0][1]}`;
      part("facts").replaceChildren(...cell.facts.map(([name, words]) => {
        const pair = document.createElement("div");
        pair.appendChild(document.createElement("dt")).textContent = name;
        pair.appendChild(document.createElement("dd")).textContent = words;
        return pair;
      }));
      part("seeds").replaceChildren(table([["seed", "test", "best epoch", "what happened"], cell.seeds]));
      for (const figure of section.querySelectorAll("[data-figure]")) show(figure, cell);
      rings.forEach((view) => view.signal("picked", now).runAsync());
      if (!quiet) try { history.replaceState(null, "", `#${section.id}-${now}`); } catch { /* not from disk */ }
    }

    function show(figure, cell) {
      const name = figure.dataset.figure;
      const data = cell[name];
      const plot = figure.querySelector("[data-plot]");
      plot.hidden = figure.querySelector("details").hidden = !data;
      figure.querySelector(".empty").hidden = Boolean(data);
      if (!data) { plot.wanted = null; return; }
      plot.setAttribute("aria-label", `${figure.querySelector("figcaption").textContent} of ${cell.row} with ${cell.column}; see the table below`);
      figure.querySelector("[data-table]").replaceChildren(table(tables[name](data)));
      draw(plot, { ...specs[name], data: { values: rows[name](data) } });
    }

    section.querySelector(".grid").addEventListener("click", (event) => {
      const found = event.target.closest("[data-cell]");
      if (found) pick(Number(found.dataset.cell));
    });
    section.querySelector(".grid").addEventListener("keydown", (event) => {
      const from = Number(event.target.dataset.cell);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      if (!step || Number.isNaN(from)) return;
      event.preventDefault();
      const row = Math.floor(from / columns);
      for (let to = from + step; to >= 0 && to < cells.length; to += step) {
        if (Math.abs(step) === 1 && Math.floor(to / columns) !== row) break;
        if (buttons.has(to)) { buttons.get(to).focus(); break; }
      }
    });
    selects.forEach((each) => each.addEventListener("change", () =>
      pick(Number(selects[0].value) * columns + Number(selects[1].value))));
    const asked = /^#(b\d+)-(\d+)$/.exec(location.hash);
    const linked = asked && asked[1] === section.id && cells[Number(asked[2])];
    pick(linked ? Number(asked[2]) : picked, true);
    if (linked) section.querySelector(".cell").scrollIntoView();

    for (const place of section.querySelectorAll("[data-chart]")) {
      draw(place, page.specs[place.id], (view) => {
        if (!page.specs[place.id].params?.some(({ name }) => name === "picked")) return;
        rings.push(view);
        view.signal("picked", now).runAsync();
        view.addEventListener("click", (_, item) => {
          if (item?.datum?.number === undefined) return;
          pick(item.datum.number);
          section.querySelector(".cell").scrollIntoView({ block: "nearest" });
        });
      });
    }
  }

  document.querySelectorAll("[data-block]").forEach(start);
  for (const place of document.querySelectorAll("#across [data-chart], .aside [data-chart]")) draw(place, page.specs[place.id]);
  queue.then(() => { root.dataset.drawn = "yes"; });
})();
