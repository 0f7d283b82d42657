/** Files whose texts can be translated stay so: none of them shows a text that doesn't go through `t`. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const TRANSLATABLE = ['buttons', 'keys-editor', 'keys-help', 'modal', 'palette', 'tour', 'view-menu', 'menu-button', 'tool-bar', 'transport', 'timeline-bar']

const BARE = [
  // <h2>Keys</h2>
  /<(?:\w[^<>]*)>[^<>{}]*[A-Za-z]{2,}[^<>{}]*<\//g,
  // A line of nothing but words, as between tags.
  /^ +[A-Z][a-z]+(?: [a-z]+)*[.:]?$/gm,
  // aria-label="Close"
  /\b(?:label|title|placeholder|text|aria-label)="[^"]*[A-Za-z]{2,}/g,
]

it.each(TRANSLATABLE)('%s.tsx shows no text that can’t be translated', (name) => {
  const source = readFileSync(`${import.meta.dirname}/${name}.tsx`, 'utf8')
  expect(BARE.flatMap((bare) => source.match(bare) ?? [])).toEqual([])
})
