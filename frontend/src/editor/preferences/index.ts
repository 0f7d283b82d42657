/** What follows a person to the next video and machine, by the names that it is kept under (`/api/me/preferences`). */
import { computed, type ReadonlySignal } from '@preact/signals-core'
import { BrushSettings } from './brush'
import { DisplaySettings } from './display'
import { FindSettings } from './finding'
import { byName, flag, record, texts, oneOf } from './fields'
import { kept } from './kept'
import { KeySettings } from './keys'
import { LayoutSettings } from './layout'
import { PanelSettings } from './panels'
import { SmartSettings } from './smart'
import { TimelineSettings } from './timeline'
import { TourSettings } from './tour'
import { TrackSettings } from './tracking'
import { TrajectorySettings } from './trajectories'
import { ViewOptions } from './view'
import { SORT_KEYS } from '@/editor/lists/track-filter'

/** Every group; a new one is a file and a line. */
export const GROUPS = {
  brush: BrushSettings,
  display: DisplaySettings,
  finding: FindSettings,
  keys: KeySettings,
  layout: LayoutSettings,
  panels: PanelSettings,
  paths: TrajectorySettings,
  smart: SmartSettings,
  timeline: TimelineSettings,
  tour: TourSettings,
  tracking: TrackSettings,
  view: ViewOptions,
} as const

/** What is no group's. */
const Habits = kept({
  /** How the list of tracks is ordered. */
  order: record({ by: oneOf(SORT_KEYS, 'number'), descending: flag(false) }),
  /** Commands taken from the palette of late, the latest first. */
  recent: texts(),
  /** Whether one goes on drawing with the same tool. */
  keepsTool: flag(false),
})

type Groups = { readonly [Name in keyof typeof GROUPS]: InstanceType<(typeof GROUPS)[Name]> }

export class Preferences extends Habits {
  readonly groups: Groups
  /** All of it, as it is stored; changes with whatever changes in it. */
  readonly all: ReadonlySignal<Readonly<Record<string, unknown>>> = computed(() => ({
    ...this.values.value,
    ...Object.fromEntries(Object.entries(this.groups).map(([name, { values }]) => [name, values.value])),
  }))

  constructor(stored: unknown = {}) {
    super(stored)
    const found = byName(stored)
    this.groups = Object.fromEntries(
      Object.entries(GROUPS).map(([name, Group]) => [name, new Group(found[name])]),
    ) as unknown as Groups
  }
}
