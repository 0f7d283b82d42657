/** What a person is shown the first time: a few places of the page, each with one thing to know. */
import { signal, type Signal } from '@preact/signals-core'
import type { Editor } from './editor'

export interface TourStep {
  /** CSS selector of what it is about. */
  readonly about: string
  readonly title: string
  readonly text: string
}

export class Tour {
  /** Which step is shown; null: none. */
  readonly step: Signal<number | null> = signal(null)
  readonly seen: Signal<boolean>

  constructor(stored: { readonly seen?: boolean } = {}) {
    this.seen = signal(stored.seen ?? false)
  }

  start(): void {
    this.step.value = 0
  }

  /** Skipped or gone through: it doesn't come by itself again. */
  end(): void {
    this.step.value = null
    this.seen.value = true
  }

  toJSON() {
    return { seen: this.seen.value }
  }
}

export function tourSteps({ keymap }: Editor): readonly TourStep[] {
  const key = (id: string) => keymap.shown(id) || '–'
  return [
    { about: '#tool-bar', title: 'Draw an object', text: `Press ${key('tool.draw')} and draw something that moves. A digit chooses which label it gets.` },
    { about: '#tracking', title: 'Let it be followed', text: `Press ${key('run.forward')}, and the object is followed through the video before your eyes. Go on working meanwhile.` },
    {
      about: '#transport',
      title: 'Look through it',
      text: `${key('playback.toggle')} plays, ${key('frame.next')} and ${key('frame.previous')} step, ${key('doubtful.next')} jumps to where the tracker was in doubt.`,
    },
    {
      about: '#objects',
      title: 'Correct what is off',
      text: 'Select an object and drag its box to where it belongs: it alone is followed again from there. What you set is never overwritten.',
    },
    { about: '#timeline-area', title: 'See it in time', text: 'Each object has a row: diamonds are keyframes that you set, the rest is predicted or in between. Drag to move the playhead.' },
    {
      about: '[data-command="view.help"]',
      title: 'Every action has a key',
      text: `${key('view.help')} lists them all; there you can change them, or take those of CVAT or Supervisely. ${key('view.palette')} finds any action by a few letters.`,
    },
  ]
}
