import { defineConfig } from "vite";

// The build is committed and compared in CI: nothing in it may depend on when or where it was made.
export default defineConfig({
  base: "/",
  resolve: { alias: { zarrita: new URL("src/viewers/volume/nozarr.ts", import.meta.url).pathname } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // which know light-dark()
    assetsInlineLimit: 0, // the policy of the server allows no data: but in pictures
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" }, // of what is built in, as their authors ask
    reportCompressedSize: true,
    chunkSizeWarningLimit: 1000, // NiiVue, which is loaded when something is looked at in 3D
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8765", "/media": "http://127.0.0.1:8765" } },
});
