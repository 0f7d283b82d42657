/** A model that somebody tries: on which machine, on what picture, and what is meant on it. */
import { signal } from '@preact/signals'
import { fromBase64, toBase64 } from '@/core/base64'
import { counted, t } from '@/core/text'
import type { Point } from '@/geometry/box'
import type { PreviewOut, TryIn, VideosToTry, VideoToTry } from '@/protocol/generated'
import { rowAt, unpack } from '@/store/chunks'
import { LEAST, Previews } from '@/store/previews'
import type { Row } from '@/store/types'
import { wordsIn } from '@/store/words'
import { messageOf, type Networks, type Tryable } from './networks'

/** px of a picture's longer side; a larger one is scaled down before it is sent. */
const MOST_SIDE = 2048
/** Characters of base64 that the server takes. */
const MOST_PICTURE = 2 ** 21
const USUAL_CONFIDENCE = 0.25

/** What is looked at: a frame of a video, or a picture of the person's own. */
export type Subject =
  | { readonly kind: 'video'; readonly video: VideoToTry; readonly frame: number }
  | {
      readonly kind: 'picture'
      readonly name: string
      readonly url: string
      readonly width: number
      readonly height: number
    }

export interface TriedClick extends Point {
  readonly positive: boolean
}

/** x1, y1, x2, y2 in px of the frame */
export type TriedBox = readonly [number, number, number, number]

export class Trying {
  readonly machine
  readonly words = signal('')
  readonly found = signal<VideosToTry | null>(null)
  readonly subject = signal<Subject | null>(null)
  readonly clicks = signal<readonly TriedClick[]>([])
  readonly box = signal<TriedBox | null>(null)
  /** What is looked for, where the model looks by words. */
  readonly wanted = signal('')
  /** 0..1: what is less sure isn't drawn. */
  readonly least = signal(USUAL_CONFIDENCE)
  /** The frame whose outcome is shown large; null: the one that was asked for. */
  readonly shown = signal<number | null>(null)
  /** Why there is no picture to try on. */
  readonly problem = signal('')
  readonly previews: Previews
  private looked = 0

  constructor(
    readonly networks: Networks,
    readonly model: Tryable,
    machine: number,
  ) {
    this.machine = signal(machine)
    this.previews = new Previews(networks.rest)
  }

  /** Find videos by what is typed; the answer to what was typed last counts. */
  async search(): Promise<void> {
    const turn = ++this.looked
    try {
      const found = await this.networks.rest.get('/api/workspaces/{workspace_id}/videos', {
        path: { workspace_id: this.networks.page.workspace },
        query: { words: this.words.value },
      })
      if (turn !== this.looked) return
      this.found.value = found
      this.problem.value = ''
      if (!this.subject.value && found.videos[0]) this.choose(found.videos[0])
    } catch (error) {
      this.problem.value = messageOf(error)
    }
  }

  choose(video: VideoToTry): void {
    this.look({ kind: 'video', video, frame: 0 })
  }

  seek(frame: number): void {
    const subject = this.subject.value
    if (subject?.kind !== 'video' || !Number.isFinite(frame)) return
    const within = Math.min(Math.max(Math.round(frame), 0), subject.video.frame_count - 1)
    if (within !== subject.frame) this.look({ ...subject, frame: within })
  }

  /** Take a picture of the person's own, scaled down where it is large. */
  async take(file: File): Promise<void> {
    try {
      const bitmap = await createImageBitmap(file)
      const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height))
      const canvas = document.createElement('canvas')
      canvas.width = Math.max(1, Math.round(bitmap.width * scale))
      canvas.height = Math.max(1, Math.round(bitmap.height * scale))
      canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
      bitmap.close()
      const { width, height } = canvas
      this.problem.value = ''
      this.look({ kind: 'picture', name: file.name, url: await jpegOf(canvas), width, height })
    } catch {
      this.problem.value = t('“{name}” can’t be read as a picture. Choose a JPEG, PNG or WebP file.', {
        name: file.name,
      })
    }
  }

  click(click: TriedClick): void {
    this.clicks.value = [...this.clicks.value, click]
    this.forgetOutcome()
  }

  drag(box: TriedBox): void {
    this.box.value = box
    this.forgetOutcome()
  }

  /** Take back the last click, or else the box. */
  back(): void {
    if (this.clicks.value.length) this.clicks.value = this.clicks.value.slice(0, -1)
    else this.box.value = null
    this.forgetOutcome()
  }

  /** Why it can't be tried as it is; empty: it can. */
  get why(): string {
    const { task, by_word: byWord } = this.model
    const subject = this.subject.value
    if (!subject) return t('Choose a video or a picture.')
    if (task === 'follow' && subject.kind === 'picture')
      return t('This model follows objects through a video; a picture has no next frame. Choose a video.')
    if (byWord && !wordsIn(this.wanted.value).length) return t('Type what to look for first.')
    if (task !== 'find' && !this.clicks.value.length && !this.box.value) return this.hint
    return ''
  }

  /** What to do on the picture. */
  get hint(): string {
    const { task, takes } = this.model
    if (task === 'follow' && !takes.includes('mask') && !takes.includes('box'))
      return t('Click on what it is to follow.')
    return t('Click on an object, or drag a box around it.')
  }

  try(): void {
    const subject = this.subject.value
    if (this.why || !subject) return
    this.shown.value = null
    const { task, by_word: byWord } = this.model
    const wanted: Omit<TryIn, 'id'> = {
      workspace: this.networks.page.workspace,
      model: this.model.id,
      video: subject.kind === 'video' ? subject.video.id : null,
      picture: subject.kind === 'picture' ? subject.url.slice(subject.url.indexOf(',') + 1) : '',
      frame: subject.kind === 'video' ? subject.frame : 0,
      confidence: LEAST,
      words: byWord ? [...wordsIn(this.wanted.value)] : [],
      clicks: task === 'find' ? [] : [...this.clicks.value],
      box: task === 'find' || !this.box.value ? null : [...this.box.value],
      frames: FOLLOWED,
    }
    void this.previews.try(this.machine.value, wanted)
  }

  private look(subject: Subject): void {
    this.subject.value = subject
    this.clicks.value = []
    this.box.value = null
    this.forgetOutcome()
  }

  private forgetOutcome(): void {
    this.shown.value = null
    void this.previews.drop()
  }
}

/** Frames behind the one that was asked for. */
const FOLLOWED = 8

/** As large a JPEG as may be sent, as an address. */
async function jpegOf(canvas: HTMLCanvasElement): Promise<string> {
  for (const quality of [0.92, 0.8, 0.6, 0.4]) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))
    if (!blob) break
    const text = toBase64(new Uint8Array(await blob.arrayBuffer()))
    if (text.length <= MOST_PICTURE) return `data:image/jpeg;base64,${text}`
  }
  throw new Error('The browser made no JPEG of it.')
}

/** What was clicked or followed, by frame. Pure. */
export function rowsOf({ shapes }: Pick<PreviewOut, 'shapes'>): readonly Row[] {
  return shapes.map((table) => rowAt(unpack(fromBase64(table)), 0))
}

/** What came of a try, in a sentence; `least`: 0..1, of what is drawn. Pure. */
export function outcomeOf(task: Tryable['task'], outcome: PreviewOut, least: number): string {
  const time = t('{seconds} s', { seconds: outcome.seconds.toFixed(outcome.seconds < 10 ? 2 : 0) })
  if (task === 'find') {
    const sure = outcome.seen.filter(({ confidence }) => confidence >= least).length
    const unsure = outcome.seen.length - sure
    return [
      counted(sure, '{count} object', '{count} objects'),
      unsure > 0 && counted(unsure, '{count} less sure is left out', '{count} less sure are left out'),
      outcome.left_out > 0 &&
        counted(outcome.left_out, '{count} more was too many to be told', '{count} more were too many to be told'),
      time,
    ]
      .filter(Boolean)
      .join(' · ')
  }
  const rows = rowsOf(outcome)
  if (task === 'click')
    return [t('A mask, {percent} % sure', { percent: Math.round(100 * (rows[0]?.confidence ?? 0)) }), time].join(' · ')
  const hidden = rows.filter(({ occluded, outside }) => occluded || outside).length
  return [
    counted(rows.length, '{count} frame', '{count} frames'),
    hidden > 0 &&
      counted(hidden, 'on {count} it holds the object to be hidden', 'on {count} it holds the object to be hidden'),
    outcome.seconds > 0 &&
      t('{time}, {rate} frames a second', { time, rate: (rows.length / outcome.seconds).toFixed(1) }),
  ]
    .filter(Boolean)
    .join(' · ')
}
