/** What a person is shown the first time: a few places of the page, each with one thing to know. */
import { signal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { TourSettings } from '@/editor/preferences/tour'

export interface TourStep {
  /** CSS selector of what it is about. */
  readonly about: string
  readonly title: string
  readonly text: string
}

export class Tour {
  /** Which step is shown; null: none. */
  readonly step: Signal<number | null> = signal(null)

  constructor(readonly settings: TourSettings) {}

  start(): void {
    this.step.value = 0
  }

  /** Skipped or gone through: it doesn't come by itself again. */
  end(): void {
    this.step.value = null
    this.settings.seen.value = true
  }
}

export function tourSteps({ keymap }: Editor): readonly TourStep[] {
  const key = (id: string) => keymap.shown(id) || '–'
  return [
    {
      about: '#tool-bar',
      title: t('Draw an object'),
      text: t('Press {key} and draw something that moves. A digit chooses which label it gets.', {
        key: key('tool.draw'),
      }),
    },
    {
      about: '#tracking',
      title: t('Let it be followed'),
      text: t('Press {key}, and the object is followed through the video before your eyes. Go on working meanwhile.', {
        key: key('run.forward'),
      }),
    },
    {
      about: '#transport',
      title: t('Look through it'),
      text: t('{play} plays, {next} and {previous} step, {doubtful} jumps to where the tracker was in doubt.', {
        play: key('playback.toggle'),
        next: key('frame.next'),
        previous: key('frame.previous'),
        doubtful: key('doubtful.next'),
      }),
    },
    {
      about: '#objects',
      title: t('Correct what is off'),
      text: t(
        'Select an object and drag it to where it belongs: it alone is followed again from there. What you set is never overwritten.',
      ),
    },
    {
      about: '#timeline-area',
      title: t('See it in time'),
      text: t(
        'Each object has a row: diamonds are keyframes that you set, the rest is predicted or in between. Drag to move the playhead.',
      ),
    },
    {
      about: '[data-command="view.help"]',
      title: t('Every action has a key'),
      text: t(
        '{help} lists them all; there you can change them, or take those of CVAT or Supervisely. {palette} finds any action by a few letters.',
        {
          help: key('view.help'),
          palette: key('view.palette'),
        },
      ),
    },
  ]
}
