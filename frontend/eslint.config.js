import js from '@eslint/js'
import importX from 'eslint-plugin-import-x'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import tseslint from 'typescript-eslint'

/** Who may import whom: `target` never imports `from` (ARCHITECTURE.md, "Import directions"). */
const zones = [
  ['core', ['geometry', 'protocol', 'store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages']],
  ['geometry', ['protocol', 'store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages']],
  ['protocol', ['store', 'media', 'editor', 'canvas', 'timeline', 'panels', 'pages']],
  ['media', ['protocol', 'store', 'editor', 'canvas', 'timeline', 'panels', 'pages']],
  ['store', ['media', 'editor', 'canvas', 'timeline', 'panels', 'pages']],
  ['editor', ['media', 'canvas', 'timeline', 'panels', 'pages']],
  ['canvas', ['media', 'timeline', 'panels', 'pages']],
  ['timeline', ['media', 'canvas', 'panels', 'pages']],
  ['panels', ['media', 'canvas', 'timeline', 'pages']],
].flatMap(([target, froms]) => froms.map((from) => ({ target: `./src/${target}`, from: `./src/${from}` })))

export default tseslint.config(
  { ignores: ['node_modules', 'src/protocol/generated.ts', '*.config.*'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })] },
    rules: {
      'no-undef': 'off',
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
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
)
