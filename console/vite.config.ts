/**
 * Builds the console into dist/console. Nothing is inlined and no polyfill is injected: the page must run under
 * a content security policy without inline script.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const DEVELOPMENT_SERVER = 'http://127.0.0.1:8768';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    license: { fileName: 'licences.json' }, // scripts/bundle.ts collects them
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { host: '127.0.0.1', fs: { allow: ['..'] }, proxy: { '/api': DEVELOPMENT_SERVER } },
});
