"use strict";
// Opens and closes failures, names images that are not there, and lists all tests on demand: never
// more than ROWS at a time, and every text as text. Nothing here is needed to read the verdict.
(() => {
  const ROWS = 100;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Failures: links to one open it, printing opens all.

  const failures = () => document.querySelectorAll("details.failure");

  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };

  for (const button of document.querySelectorAll("button[data-open]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      for (const details of failures()) details.open = button.dataset.open === "true";
    });
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  // Images lie beside the page or nowhere: then their names stay, and are no links.

  const withoutImage = (image) => {
    const link = image.closest("a");
    if (link) link.replaceWith(make("span", { className: "note" }, "not beside this page"));
  };

  for (const image of document.querySelectorAll("figure img")) {
    if (image.complete && image.currentSrc && !image.naturalWidth) withoutImage(image);
    else image.addEventListener("error", () => withoutImage(image));
  }

  // The list of all tests.

  const place = document.getElementById("list");
  if (!place) return;

  const say = (outcome) => outcome.replace("_", " ");

  const length = (ms) => {
    if (ms < 1000) return `${ms} ms`;
    return ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60000).toFixed(1)} min`;
  };

  const choice = (label, options) => {
    const select = make("select");
    for (const [value, text] of options) select.append(make("option", { value }, text));
    return [make("label", {}, label, select), select];
  };

  const orders = {
    reported: null,
    slowest: (one, other) => other[2] - one[2],
    name: (one, other) => (one[3] < other[3] ? -1 : one[3] > other[3] ? 1 : 0),
  };

  const show = () => {
    const data = JSON.parse(document.getElementById("list-data").textContent);
    const present = [...new Set(data.rows.map((row) => row[1]))].sort((one, other) => one - other);

    const search = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const [outcomeLabel, outcome] = choice("Outcome", [
      ["", "all"],
      ...present.map((each) => [String(each), say(data.outcomes[each])]),
    ]);
    const [suiteLabel, suite] = choice("Suite", [
      ["", "all"],
      ...data.suites.map((name, index) => [String(index), name]),
    ]);
    const [orderLabel, order] = choice("Order", [
      ["reported", "as reported"],
      ["slowest", "slowest first"],
      ["name", "by name"],
    ]);
    const [newsLabel, news] = choice("Since the run before", [
      ["", "all"],
      ...data.news.map((each, index) => [String(index), each]).slice(1),
    ]);
    if (data.suites.length < 2) suiteLabel.hidden = true;
    if (!data.rows.some((row) => row[5])) newsLabel.hidden = true;

    const status = make("p", { className: "note" });
    status.setAttribute("role", "status");
    const body = make("tbody");
    const previous = make("button", { type: "button" }, "Previous");
    const next = make("button", { type: "button" }, "Next");
    let found = [];
    let from = 0;

    const line = (row) => {
      const badge = make("span", { className: "badge" }, say(data.outcomes[row[1]]));
      badge.dataset.outcome = data.outcomes[row[1]];
      const name = make("bdi", {}, row[3]);
      const named = row[4] ? make("a", { href: `#failure-${row[4]}` }, name) : name;
      const told = data.news[row[5]];
      const since = make("span", { className: "badge" }, told);
      since.dataset.news = told;
      const cells = [told ? [badge, " ", since] : [badge], [named], [data.suites[row[0]]], [length(row[2])]];
      return make("tr", {}, ...cells.map((children) => make("td", {}, ...children)));
    };

    const draw = () => {
      body.replaceChildren(...found.slice(from, from + ROWS).map(line));
      const last = Math.min(from + ROWS, found.length);
      const range = found.length ? `${from + 1} to ${last} of ` : "";
      status.textContent = `${range}${found.length.toLocaleString("en")} shown`;
      previous.disabled = from === 0;
      next.disabled = last >= found.length;
    };

    const find = () => {
      const wanted = search.value.trim().toLowerCase();
      found = data.rows.filter(
        (row) =>
          (!outcome.value || row[1] === Number(outcome.value)) &&
          (!news.value || row[5] === Number(news.value)) &&
          (!suite.value || row[0] === Number(suite.value)) &&
          (!wanted || row[3].toLowerCase().includes(wanted)),
      );
      if (orders[order.value]) found.sort(orders[order.value]);
      from = 0;
      draw();
    };

    search.addEventListener("input", find);
    for (const select of [outcome, suite, news, order]) select.addEventListener("change", find);
    previous.addEventListener("click", () => {
      from = Math.max(from - ROWS, 0);
      draw();
    });
    next.addEventListener("click", () => {
      from += ROWS;
      draw();
    });

    const heads = ["Outcome", "Test", "Suite", "Time"].map((text) =>
      make("th", { scope: "col" }, text),
    );
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
    const filters = make(
      "div",
      { className: "filters" },
      make("label", {}, "Search", search),
      outcomeLabel,
      suiteLabel,
      newsLabel,
      orderLabel,
    );
    const pager = make("p", { className: "controls" }, previous, next);
    place.replaceChildren(filters, status, table, pager);
    find();
    search.focus({ preventScroll: true });
  };

  place.hidden = false;
  place.querySelector("button").addEventListener("click", show);
})();
