"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("scripted");

  const theme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  document.getElementById("theme").addEventListener("click", theme);

  // Filters live in the address (#-r=1,2&at=I3), so that a view can be shared.
  const cards = all(".finding");
  const panel = document.getElementById("filters");
  const boxes = all("#filters input");
  const names = [...new Set(boxes.map((box) => box.name))];
  const off = (name) => boxes.filter((box) => box.name === name && !box.checked).map((box) => box.value);
  const filter = () => {
    const on = new Map(names.map((name) => [name, off(name).length
      ? boxes.filter((box) => box.name === name && box.checked).map((box) => box.value) : null]));
    let shown = 0;
    for (const card of cards) {
      const passes = ([name, values]) => !values || (card.dataset[name] || "").split(" ").some((value) => values.includes(value));
      card.hidden = ![...on].every(passes);
      shown += card.hidden ? 0 : 1;
    }
    const status = document.getElementById("shown");
    if (status) status.textContent = shown === cards.length ? "" : `${shown} of ${cards.length} shown`;
  };
  const address = (at) => {
    const state = names.filter((name) => off(name).length).map((name) => `-${name}=${off(name).join(",")}`);
    if (at && state.length) state.push(`at=${at}`);
    return `#${state.join("&") || at || ""}`;
  };
  const place = () => new URLSearchParams(location.hash.slice(1)).get("at") || location.hash.slice(1);
  const recall = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    const named = names.some((name) => state.has(`-${name}`));
    for (const box of boxes) {
      if (!named && location.hash && !state.has("at")) continue;
      box.checked = !(state.get(`-${box.name}`) || "").split(",").includes(box.value);
    }
    if (named && panel) panel.open = true;
    filter();
    const card = document.getElementById(place());
    if (card && card.closest(".finding")?.hidden) showAll();
    if (state.has("at")) card?.scrollIntoView();
  };
  const showAll = () => {
    boxes.forEach((box) => { box.checked = true; });
    filter();
  };
  boxes.forEach((box) => box.addEventListener("change", () => { filter(); history.replaceState(null, "", address()); }));
  document.getElementById("all")?.addEventListener("click", () => { showAll(); history.replaceState(null, "", address()); });
  addEventListener("hashchange", recall);
  recall();

  const words = (card, selector) => all(selector, card).map((node) => node.innerText.trim()).join("\n\n");
  const diff = (card) => all("pre", card).filter((pre) => pre.querySelector(".add, .del")).map((pre) => pre.textContent).join("\n");
  const copies = {
    link: (card) => location.href.replace(/#.*/, "") + `#${card.id}`,
    patch: diff,
    prompt: (card) => [
      `Fix this review finding (${card.id}).`,
      words(card, "h3").replace(/ #$/, ""),
      words(card, ".places"),
      words(card, ".body > .block pre"),
      words(card, ".body > .prose"),
      words(card, ".fix"),
      "Check first that the finding is right. Change as little as possible and add a test that would have caught it.",
    ].filter(Boolean).join("\n\n"),
  };
  for (const card of cards) {
    const row = document.createElement("div");
    row.className = "copies";
    for (const [what, label] of [["prompt", "Copy as prompt"], ["patch", "Patch"], ["link", "Link"]]) {
      if (what === "patch" && !diff(card)) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.copy = what;
      button.textContent = label;
      button.setAttribute("aria-label", `${what === "prompt" ? label : `Copy ${what}`} (${card.id})`);
      row.append(button);
    }
    card.querySelector("header").append(row);
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(copies[button.dataset.copy](button.closest(".finding")));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Could not copy";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  // What is open for paper is closed again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not(.original):not([open])");
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    if (event.key === "t") return theme();
    if (event.key === "f" && panel) {
      panel.open = !panel.open;
      panel.querySelector("summary").focus();
      return;
    }
    if (event.key !== "j" && event.key !== "k") return;
    const visible = cards.filter((card) => !card.hidden);
    const at = visible.findIndex((card) => card.id === place());
    const next = visible[event.key === "j" ? Math.min(at + 1, visible.length - 1) : Math.max(at - 1, 0)];
    if (!next) return;
    history.replaceState(null, "", address(next.id));
    for (const card of cards) card.classList.toggle("at", card === next);
    next.querySelector(".anchor").focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  });
})();
