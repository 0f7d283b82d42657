/** Keys that people bring along from other tools: command → keys, where they differ from a command's own. */
export interface Preset {
  readonly label: string
  readonly help: string
  readonly keys: Readonly<Record<string, readonly string[]>>
}

const LABELS_WITH_CTRL = Object.fromEntries(
  Array.from({ length: 9 }, (_, index) => [`label.${index + 1}`, [`Ctrl+${index + 1}`]]),
)

export const PRESETS = {
  framewise: { label: 'Framewise', help: 'Letters under the left hand, arrows for frames.', keys: {} },
  cvat: {
    label: 'CVAT',
    help: 'F and D, N, K, O and Q as in CVAT anyway; J joins, and labels go by Ctrl with a digit. Del stays “delete here”, so that a slip costs no track.',
    keys: {
      'shape.occluded': ['Q', '/'],
      'view.help': ['F1', '?'],
      'shape.join': ['J'],
      'tool.skeleton': ['Shift+J'],
      ...LABELS_WITH_CTRL,
    },
  },
  supervisely: {
    label: 'Supervisely',
    help: 'Arrows for frames, Alt with arrows for ten, Enter plays. Nudging moves to Ctrl with arrows.',
    keys: {
      'frame.next': ['ArrowRight'],
      'frame.previous': ['ArrowLeft'],
      'frame.forward-10': ['Alt+ArrowRight'],
      'frame.back-10': ['Alt+ArrowLeft'],
      'playback.toggle': ['Enter', 'Space'],
      'shape.nudge-left': ['Ctrl+ArrowLeft'],
      'shape.nudge-right': ['Ctrl+ArrowRight'],
      'shape.nudge-up': ['Ctrl+ArrowUp'],
      'shape.nudge-down': ['Ctrl+ArrowDown'],
    },
  },
} as const satisfies Record<string, Preset>

export type PresetId = keyof typeof PRESETS

export const isPreset = (id: unknown): id is PresetId => typeof id === 'string' && Object.hasOwn(PRESETS, id)
