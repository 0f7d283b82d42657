import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Who may import whom: a folder of `src` never imports the ones listed (ARCHITECTURE.md, "Packages"). */
const FORBIDDEN = {
  core: ['geometry', 'protocol', 'store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages'],
  geometry: ['store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages'],
  protocol: ['geometry', 'store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages'],
  media: ['protocol', 'store', 'editor', 'canvas', 'timeline', 'panels', 'pages'],
  store: ['media', 'editor', 'canvas', 'timeline', 'panels', 'pages'],
  editor: ['media', 'canvas', 'timeline', 'panels', 'pages'],
  canvas: ['media', 'timeline', 'panels', 'pages'],
  timeline: ['media', 'canvas', 'panels', 'pages'],
  panels: ['media', 'canvas', 'timeline', 'pages'],
}

/** Registries are handed in by the page: nobody else names them, so that a tool or a command more changes nobody. */
const REGISTRIES = ['@/editor/tools', '@/editor/commands', './tools', './commands'].map((name) => ({
  name,
  message: 'Ask the editor: the page hands it its tools and commands.',
}))

const zones = Object.entries(FORBIDDEN).flatMap(([folder, others]) => {
  const patterns = others.map((other) => ({
    group: [`@/${other}`, `@/${other}/**`, `../${other}`, `../${other}/**`, `../../${other}/**`],
    message: `${folder} must not know ${other}.`,
  }))
  const tests = [`src/${folder}/**/*.test.{ts,tsx}`]
  return [
    {
      files: [`src/${folder}/**`],
      ignores: tests,
      rules: { 'no-restricted-imports': ['error', { patterns, paths: REGISTRIES }] },
    },
    // A registry's own test looks at what comes of it.
    ...(folder === 'editor' ? [] : [{ files: tests, rules: { 'no-restricted-imports': ['error', { patterns }] } }]),
  ]
})

export default tseslint.config(
  { ignores: ['node_modules', 'src/protocol/generated.ts', '*.config.*'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A base class names what it hands to those that override it.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Reading a signal is how it is followed.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...zones,
)
