import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Every page of the product that has a script is one entry; Django finds it by this name in the manifest.
const entries = {
  site: 'src/pages/site.ts',
  editor: 'src/pages/editor.tsx',
}

export default defineConfig({
  base: '/static/dist/',
  resolve: { alias: { '@': here('./src') } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../static/dist'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    sourcemap: true,
    rollupOptions: { input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, here(path)])) },
  },
  worker: { format: 'es' },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Starting a process for each file, and importing the editor in each, took longer than the tests. What a test puts
    // in place of something global goes before the next one.
    pool: 'threads',
    isolate: false,
    restoreMocks: true,
    unstubGlobals: true,
  },
})
