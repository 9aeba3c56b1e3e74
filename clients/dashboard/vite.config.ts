// Builds into the folder that the gateway serves, under names that do not change, so that a build differs only where its
// source does. Caches are told by ETag.

import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import solid from "vite-plugin-solid";

const SHIPPED = ["solid-js", "uplot"];

/** What is shipped of others, with its licence. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = SHIPPED.map((name) => {
        const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as { version: string };
        return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join("\n----\n\n") });
    },
  };
}

/** What the service worker keeps, so that every page opens without a network and says so. */
function shell(): Plugin {
  return {
    name: "shell",
    generateBundle(_, bundle) {
      const names = Object.keys(bundle).filter((name) => name.endsWith(".js")).sort();
      this.emitFile({ type: "asset", fileName: "shell.json", source: `${JSON.stringify(["", ...names, "style.css", "icon.svg"].map((name) => `./${name}`))}\n` });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [solid(), licences(), shell()],
  build: {
    outDir: process.env.OUT ?? "../../services/crossbook/gateway/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    rollupOptions: {
      output: { entryFileNames: "app.js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
