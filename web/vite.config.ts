import { join } from 'node:path';
import { defineConfig } from 'vite';

const root = import.meta.dirname;

/** Two static pages that load nothing from outside and hold no inline script or style. */
export default defineConfig({
  root,
  publicDir: join(root, 'public'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(root, 'dist'),
    emptyOutDir: true,
    // Files rather than data: URLs, so that the content policy can stay as narrow as it is.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: join(root, 'index.html'), docs: join(root, 'docs.html') },
    },
  },
});
