import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

interface Locked {
  dev?: boolean;
  version: string;
  license: string;
}

/** Licences of all packages that are bundled, as they state them, as one file beside the page. */
function licences(): Plugin {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Locked> };
  const bundled = Object.entries(packages).filter(([folder, { dev }]) => folder && !dev);
  const parts = bundled.map(([folder, { version, license }]) => {
    const { repository, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
    const file = existsSync(folder) ? readdirSync(folder).sort().find((name) => /^(licen[cs]e|copying)/i.test(name)) : undefined;
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `No text in its package. ${JSON.stringify({ author, repository })}`;
    return `${folder.replace(/.*node_modules\//, "")} ${version}: ${license}\n\n${text.replaceAll("\r\n", "\n")}\n`;
  });
  return {
    name: "licences",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licences.txt", source: parts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}

// The built page is part of the Python package: names without hashes, so that a build can be compared with the last.
export default defineConfig({
  base: "/page/",
  plugins: [licences()],
  build: {
    outDir: "../src/openckm/assets/page",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
});
