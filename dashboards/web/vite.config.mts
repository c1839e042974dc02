import { defineConfig } from 'vite';

// The built board is committed and embedded in the Go binary, so the output must be the same on every machine:
// no source maps, no time stamps, names from content hashes.
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: process.env.TOUCHWATCH_URL ?? 'http://127.0.0.1:8499', ws: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
