import { chromium } from "playwright-core";
const base = process.argv[2], out = process.argv[3];
const only = process.argv[4];
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const views = { overview: "#/", search: "#/?q=spikes", table: "#/implant/normalized_binned_spikes", dataset: "#/imaging/alpha_roi_tags", gone: "#/implant/stimulation_log", nothing: "#/?q=impedence", function: "#/implant/implant_diagnostics", database: "#/implant", missing: "#/implant/spiks", wide: "#/lab/behaviour_pose", deprecated: "#/implant/binned_spikes" };
const modes = { light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" }, dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" }, phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 }, tablet: { viewport: { width: 820, height: 1100 }, colorScheme: "light" } };
for (const [m, o] of Object.entries(modes)) for (const [v, h] of Object.entries(views)) {
  if (only && !only.split(",").includes(`${v}-${m}`)) continue;
  const c = await b.newContext(o); const p = await c.newPage();
  p.on("console", (x) => console.log(v, m, x.text())); p.on("pageerror", (e) => console.log(v, m, String(e)));
  await p.goto(base + h); await p.waitForTimeout(350);
  await p.screenshot({ path: `${out}/${v}-${m}.png`, fullPage: true });
  await c.close();
}
await b.close();
