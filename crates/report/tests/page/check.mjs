// Looks at pages as people do: in a browser, without scripts, on a phone, in the dark, on paper, by keyboard, with a checker of
// accessibility. In: a folder with pages `NAME.html`, each with the ids it must show in `NAME.json`. Out: one line a check; exit code 1
// where one fails. Any request for anything but the page itself is a failure.
//
// Needs playwright-core and axe-core in NODE_PATH's folder and a Chromium named by CHROMIUM.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, folder] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let failed = 0;
const check = (name, holds, detail = "") => {
  if (!holds) failed += 1;
  console.log(`${holds ? "ok" : "FAILED"}  ${name}${holds ? "" : `: ${detail}`}`);
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** Opens a page in a window of its own; collects everything that should not happen. */
const open = async (url, { width = 1280, height = 900, scripts = true, dark = false, bypassCSP = false } = {}) => {
  const context = await browser.newContext({
    viewport: { width, height }, javaScriptEnabled: scripts, colorScheme: dark ? "dark" : "light", bypassCSP,
  });
  const trouble = [];
  await context.route("**/*", (route) => {
    const wanted = route.request().url();
    if (wanted.split("#")[0] === url.split("#")[0]) return route.continue();
    trouble.push(`request ${wanted}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("dialog", (dialog) => { trouble.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => trouble.push(`error ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") trouble.push(`console ${message.text()}`); });
  await page.goto(url);
  return { page, trouble, close: () => context.close() };
};

const sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

for (const file of readdirSync(folder).filter((name) => name.endsWith(".html")).sort()) {
  const name = file.replace(/\.html$/, "");
  const url = pathToFileURL(join(folder, file)).href;
  const ids = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));

  {
    const { page, trouble, close } = await open(url, { scripts: false });
    const text = await page.locator("main").innerText();
    const missing = ids.filter((id) => !text.includes(id));
    check(`${name}: readable with scripts off`, missing.length === 0 && text.length > 100, `lacks ${missing}`);
    check(`${name}: scripts off, nothing asked for`, trouble.length === 0, trouble.join("; "));
    await close();
  }
  for (const scripts of [true, false]) {
    const { page, close } = await open(url, { width: 390, height: 844, scripts });
    // Without scripts the page cannot measure itself; a picture of all of it is as wide as it is.
    const over = scripts
      ? await page.evaluate(sideways)
      : ids.length < 1000 ? (await page.screenshot({ fullPage: true })).readUInt32BE(16) - 390 : 0;
    check(`${name}: no sideways scroll at 390 px, scripts ${scripts ? "on" : "off"}`, over <= 0, `${over} px too wide`);
    await close();
  }
  const views = [["desktop", {}], ["dark", { dark: true }], ["phone", { width: 390, height: 844 }]];
  // A thousand cards are the same markup a thousand times.
  for (const [where, options] of ids.length < 1000 ? views : []) {
    const { page, close } = await open(url, { ...options, bypassCSP: true });
    await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
    await page.addScriptTag({ content: axe });
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const told = violations.map((it) => `${it.id} (${it.nodes.length}): ${it.nodes[0]?.target} ${it.nodes[0]?.failureSummary ?? ""}`);
    check(`${name}: accessible, ${where}`, violations.length === 0, told.join(" | ").replace(/\s+/g, " ").slice(0, 900));
    await close();
  }
  {
    const { page, trouble, close } = await open(url);
    const inert = await page.evaluate(() => ({
      scripts: document.querySelectorAll("script").length,
      loads: document.querySelectorAll("img, iframe, object, embed, link, video, audio, svg image, form").length,
      links: [...document.querySelectorAll("a[href]")].filter((a) => !/^(#|https:)/.test(a.getAttribute("href"))).length,
      handlers: [...document.querySelectorAll("*")].filter((node) => [...node.attributes].some((it) => it.name.startsWith("on"))).length,
    }));
    check(`${name}: foreign text is inert`, inert.scripts === 1 && !inert.loads && !inert.links && !inert.handlers, JSON.stringify(inert));

    await page.keyboard.press("Tab");
    const first = await page.evaluate("document.activeElement.className");
    check(`${name}: the first stop skips to the report`, first === "skip", first);
    const seen = [];
    for (let at = 0; at < Math.min(ids.length, 60); at += 1) {
      await page.keyboard.press("j");
      seen.push(await page.evaluate("document.activeElement.closest('.finding')?.id"));
    }
    const wanted = ids.slice(0, 60);
    check(`${name}: j walks through all findings`, seen.join() === wanted.join(), `${seen} instead of ${wanted}`);

    if (ids.length > 1) {
      await page.keyboard.press("f");
      const box = page.locator("#filters input").first();
      await box.uncheck();
      const hash = await page.evaluate("location.hash");
      const shown = await page.locator(".finding:visible").count();
      check(`${name}: a filter stands in the address`, /^#-/.test(hash) && shown < ids.length, `${hash}, ${shown} shown`);
      await page.goto("about:blank").catch(() => {});
      const again = await open(url + hash);
      const restored = await again.page.locator(".finding:visible").count();
      check(`${name}: the address brings the filter back`, restored === shown, `${restored} instead of ${shown}`);
      await again.page.locator("#all").click();
      const back = await again.page.locator(".finding:visible").count();
      check(`${name}: everything comes back`, back === ids.length, `${back} of ${ids.length}`);
      await again.close();
    }
    check(`${name}: nothing asked for, nothing failed`, trouble.length === 0, trouble.join("; "));
    await close();
  }
  {
    const { page, close } = await open(url);
    const bytes = (await page.pdf({ format: "A4" })).length;
    check(`${name}: prints`, bytes > 5_000, `${bytes} bytes`);
    await close();
  }
  if (ids.length >= 1000) {
    const { page, close } = await open(url);
    const ms = await page.evaluate(() => {
      const started = performance.now();
      document.querySelector("#filters input").click();
      document.body.getBoundingClientRect();
      return performance.now() - started;
    });
    console.log(`figure  ${name}: filtering ${ids.length} findings takes ${ms.toFixed(0)} ms`);
    await close();
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
