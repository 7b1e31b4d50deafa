// Runs what tests ask for in a headless Chromium: a line of JSON in, a line of JSON out. See chromium.py, which speaks to it.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"];
const AsyncFunction = (async () => {}).constructor;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });

// What a check for accessibility finds wrong, in short lines.
async function audit(page) {
  const found = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} (${node.any.map((check) => check.message).join("; ")})`));
}

async function run({ url, script, given, options }) {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 860 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const complaints = [];
  const requests = [];
  try {
    if (script.includes("audit(")) await context.addInitScript({ content: axe }); // which no policy of the page forbids
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    context.on("request", (request) => requests.push(request.url()));
    if (url) await page.goto(url);
    const value = await new AsyncFunction("page", "given", "context", "audit", script)(page, given, context, audit);
    return { value: value ?? null, complaints, requests };
  } catch (error) {
    return { error: String(error.stack ?? error), complaints, requests };
  } finally {
    await context.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
await browser.close();
