import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

// The policy of tauri.conf.json, so that `vite preview` of the demo build shows violations too.
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self' ipc: http://ipc.localhost";

export default defineConfig({
  plugins: [
    // Under vitest `npm run messages` has made them before; the plugin's watcher would keep the process alive.
    process.env["VITEST"]
      ? []
      : paraglideVitePlugin({
          project: "./project.inlang",
          outdir: "./src/paraglide",
          strategy: ["baseLocale"],
        }),
    svelte(),
    svelteTesting(),
  ],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  preview: { headers: { "Content-Security-Policy": csp } },
  build: {
    target: "safari17",
    // The CSP allows neither data: URIs nor the polyfill's inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test/setup.ts"],
    testTimeout: 30_000,
    // The window's modules are loaded once a worker, not once a file: half the time. Tests leave nothing behind.
    isolate: false,
  },
});
