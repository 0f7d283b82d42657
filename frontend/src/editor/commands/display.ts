import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import { COLOUR_BY, TAG_WHEN } from '@/editor/preferences/display'
import type { Editor } from '@/editor/editor'

const FILL_STEP = 0.1
const look = { group: 'View', undoable: false } as const

const COLOURS = { label: 'labels', object: 'objects', origin: 'where shapes come from' } as const
const TAGS = {
  always: 'always',
  hover: 'where the pointer is',
  selected: 'on what is selected',
  never: 'never',
} as const

const following = <Value>(all: readonly Value[], value: Value): Value => all[(all.indexOf(value) + 1) % all.length]!

function nextColours({ display, session }: Editor): void {
  display.colourBy.value = following(COLOUR_BY, display.colourBy.value)
  session.tell(t('Colours tell {what} apart.', { what: t(COLOURS[display.colourBy.value]) }))
}

function nextTags({ display, session }: Editor): void {
  display.tags.value = following(TAG_WHEN, display.tags.value)
  session.tell(t('Tags are shown {when}.', { when: t(TAGS[display.tags.value]) }))
}

export const DISPLAY: readonly Command[] = [
  {
    ...look,
    id: 'view.colours',
    label: 'Other colours',
    help: 'Colours tell labels, single objects, or where shapes come from apart.',
    synonyms: 'color by label instance track',
    keys: ['Shift+C'],
    run: nextColours,
  },
  {
    ...look,
    id: 'view.tags',
    label: 'Tags on or off',
    help: 'Shows tags always, where the pointer is, on what is selected, or never.',
    synonyms: 'names captions text of objects',
    keys: ['Alt+T'],
    run: nextTags,
  },
  {
    ...look,
    id: 'view.fill-more',
    label: 'Fill objects more',
    help: 'Objects cover more of the picture. Shift and the wheel do this too.',
    synonyms: 'opacity transparency',
    keys: ['Alt+]'],
    run: ({ display }) => display.fillBy(FILL_STEP),
  },
  {
    ...look,
    id: 'view.fill-less',
    label: 'Fill objects less',
    help: 'Objects cover less of the picture. Shift and the wheel do this too.',
    synonyms: 'opacity transparency',
    keys: ['Alt+['],
    run: ({ display }) => display.fillBy(-FILL_STEP),
  },
  {
    ...look,
    id: 'view.quick-bar',
    label: 'Quick actions on or off',
    help: 'Shows a bar of actions beside the selected object.',
    keys: ['Alt+Q'],
    run: ({ display }) => (display.quickBar.value = !display.quickBar.value),
  },
]
