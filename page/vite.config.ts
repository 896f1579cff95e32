import { defineConfig } from "vite";

// The built page is part of the Python package: names without hashes, so that a build can be compared with the last.
export default defineConfig({
  base: "/page/",
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
