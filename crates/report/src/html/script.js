"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  root.classList.add("scripted");

  const theme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  document.getElementById("theme").addEventListener("click", theme);

  const cards = all(".finding");
  const boxes = all("#filters input");
  const off = (name) => boxes.filter((box) => box.name === name && !box.checked).map((box) => box.value);
  const filter = () => {
    const severities = off("f");
    const reviewers = boxes.filter((box) => box.name === "r" && box.checked).map((box) => box.value);
    const names = boxes.filter((box) => box.name === "r").length;
    let shown = 0;
    for (const card of cards) {
      const said = card.dataset.r.split(" ");
      const bySeverity = !severities.includes(card.id[0].toLowerCase());
      const byReviewer = reviewers.length === names || said.some((name) => reviewers.includes(name));
      card.hidden = !(bySeverity && byReviewer);
      shown += card.hidden ? 0 : 1;
    }
    const status = document.getElementById("shown");
    if (status) status.textContent = shown === cards.length ? "" : `${shown} of ${cards.length} shown`;
  };
  const remember = () => {
    const state = new URLSearchParams();
    for (const name of ["f", "r"]) if (off(name).length) state.set(`-${name}`, off(name).join(","));
    history.replaceState(null, "", `#${state}`);
    filter();
  };
  const recall = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const box of boxes) {
      const hidden = state.get(`-${box.name}`);
      if (hidden) box.checked = !hidden.split(",").includes(box.value);
    }
    filter();
  };
  boxes.forEach((box) => box.addEventListener("change", remember));
  recall();

  for (const card of cards) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.copy = "prompt";
    button.textContent = "Copy as prompt";
    card.querySelector("header").append(button);
  }
  const words = (card, selector) => [...card.querySelectorAll(selector)].map((node) => node.innerText.trim()).join("\n\n");
  const prompt = (card) => [
    `Fix this review finding (${card.id}).`,
    words(card, "h3").replace(/ #$/, ""),
    words(card, ".places"),
    words(card, ".body > .block pre"),
    words(card, ".body > .prose"),
    words(card, ".fix"),
    "Check first that the finding is right. Change as little as possible and add a test that would have caught it.",
  ].filter(Boolean).join("\n\n");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(prompt(button.closest(".finding")));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Could not copy";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  addEventListener("beforeprint", () => {
    for (const part of all("details:not(.original)")) part.open = true;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    if (event.key === "t") return theme();
    if (event.key !== "j" && event.key !== "k") return;
    const visible = cards.filter((card) => !card.hidden);
    const at = visible.findIndex((card) => card.id === location.hash.slice(1));
    const next = event.key === "j" ? Math.min(at + 1, visible.length - 1) : Math.max(at - 1, 0);
    if (visible[next]) {
      location.hash = visible[next].id;
      visible[next].querySelector(".anchor").focus({ preventScroll: true });
    }
  });
})();
