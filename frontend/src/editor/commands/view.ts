/** How the picture is shown: nothing here changes what is stored. */
import type { Signal } from '@preact/signals-core'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { PLAIN, type Picture } from '@/editor/preferences/view'
import { videoToView, zoomedAt } from '@/geometry/view-transform'

const look = { group: 'View', undoable: false } as const
const STEP = 0.1

function zoom(editor: Editor, factor: number): void {
  const { video } = editor.config
  const { view } = editor.session
  view.value = zoomedAt(view.value, videoToView(view.value, { x: video.width / 2, y: video.height / 2 }), factor)
}

function toggle(option: Signal<boolean>): void {
  option.value = !option.value
}

function adjust({ viewOptions }: Editor, what: keyof Picture, by: number): void {
  viewOptions.adjust(what, viewOptions.picture.value[what] + by)
}

export const VIEW: readonly Command[] = [
  { ...look, id: 'view.fit', label: 'Fit', help: 'Shows the whole frame.', keys: ['0'], run: (editor) => editor.fit() },
  {
    ...look,
    id: 'view.zoom-in',
    label: 'Zoom in',
    help: 'The mouse wheel zooms where the pointer is.',
    keys: ['+', '='],
    run: (editor) => zoom(editor, 1.25),
  },
  {
    ...look,
    id: 'view.zoom-out',
    label: 'Zoom out',
    help: 'The mouse wheel zooms where the pointer is.',
    keys: ['-'],
    run: (editor) => zoom(editor, 0.8),
  },
  {
    ...look,
    id: 'view.turn-right',
    label: 'Turn the view right',
    help: 'Turns the picture by a quarter, on this screen only.',
    synonyms: 'rotate image',
    keys: ['Alt+R'],
    run: (editor) => editor.turnView(1),
  },
  {
    ...look,
    id: 'view.turn-left',
    label: 'Turn the view left',
    help: 'Turns the picture back by a quarter, on this screen only.',
    synonyms: 'rotate image',
    keys: ['Alt+Shift+R'],
    run: (editor) => editor.turnView(-1),
  },
  {
    ...look,
    id: 'view.full-screen',
    label: 'Full screen',
    help: 'Gives the editor the whole screen, or gives it back.',
    keys: ['Shift+F'],
    run: (editor) => editor.toggleFullScreen(),
  },
  {
    ...look,
    id: 'view.crosshair',
    label: 'Crosshair',
    help: 'Shows lines through the pointer while drawing.',
    keys: ['Shift+X'],
    run: ({ viewOptions }) => toggle(viewOptions.crosshair),
  },
  {
    ...look,
    id: 'view.magnifier',
    label: 'Magnifier',
    help: 'Enlarges the pixels around the pointer while drawing or reshaping.',
    synonyms: 'loupe zoom',
    keys: ['Z'],
    run: ({ viewOptions }) => toggle(viewOptions.magnifier),
  },
  {
    ...look,
    id: 'view.grid',
    label: 'Grid',
    help: 'Lays a grid over the picture.',
    keys: ['#'],
    run: ({ viewOptions }) => toggle(viewOptions.grid),
  },
  {
    ...look,
    id: 'view.brighter',
    label: 'Brighter',
    help: 'Shows the picture brighter, on this screen only.',
    keys: ['Shift+ArrowUp'],
    run: (editor) => adjust(editor, 'brightness', STEP),
  },
  {
    ...look,
    id: 'view.darker',
    label: 'Darker',
    help: 'Shows the picture darker, on this screen only.',
    keys: ['Shift+ArrowDown'],
    run: (editor) => adjust(editor, 'brightness', -STEP),
  },
  {
    ...look,
    id: 'view.more-contrast',
    label: 'More contrast',
    help: 'Shows the picture with more contrast, on this screen only.',
    keys: ['}'],
    run: (editor) => adjust(editor, 'contrast', STEP),
  },
  {
    ...look,
    id: 'view.less-contrast',
    label: 'Less contrast',
    help: 'Shows the picture with less contrast, on this screen only.',
    keys: ['{'],
    run: (editor) => adjust(editor, 'contrast', -STEP),
  },
  {
    ...look,
    id: 'view.plain',
    label: 'Picture as it is',
    help: 'Takes brightness, contrast and saturation back to those of the video.',
    keys: ['Shift+B'],
    run: ({ viewOptions }) => (viewOptions.picture.value = PLAIN),
  },
  {
    ...look,
    id: 'view.options',
    label: 'View options',
    help: 'Opens brightness, crosshair, grid and what else the view has.',
    synonyms: 'settings preferences',
    keys: ['F2'],
    run: (editor) => toggle(editor.viewOpen),
  },
  {
    ...look,
    id: 'view.next-region',
    label: 'Next part of the page',
    help: 'Moves the focus from the picture to playback, timeline, tools and panels.',
    keys: ['F6'],
    run: (editor) => editor.focusNext(),
  },
  {
    ...look,
    id: 'view.palette',
    label: 'Find an action',
    help: 'Finds actions, labels, tracks and frames by a few letters.',
    keys: ['Ctrl+K', 'Ctrl+Shift+P'],
    run: (editor) => (editor.paletteOpen.value = true),
  },
  {
    ...look,
    id: 'view.tour',
    label: 'Take the tour',
    help: 'Shows the most important things, one after the other.',
    keys: [],
    run: ({ tour }) => tour.start(),
  },
  {
    ...look,
    id: 'view.help',
    label: 'Keyboard help',
    help: 'Lists every action with its key.',
    synonyms: 'shortcuts hotkeys keys',
    keys: ['?', 'F1'],
    run: (editor) => toggle(editor.helpOpen),
  },
]
