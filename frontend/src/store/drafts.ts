/** What was typed and not sent yet, kept in this browser: it outlives a lost connection and a reload. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { uuid } from '@/core/ids'
import type { BoxPx, FrameNumber, TrackId } from './types'

/** What an issue is about: frames, both included; an object, a region (px), both or neither. */
export interface Place {
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly track: TrackId | null
  readonly region: BoxPx | null
}

/** The ids travel with it: what is sent once more counts once. */
export interface Draft {
  readonly id: string
  readonly text: string
  /** Of an issue that isn't opened yet. */
  readonly opens: { readonly issue: string; readonly place: Place } | null
}

/** The draft that opens an issue; the others go by the issue's id. */
export const NEW = 'new'

type Texts = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export class Drafts {
  private readonly kept: Signal<Readonly<Record<string, Draft>>>
  readonly all: ReadonlySignal<Readonly<Record<string, Draft>>>

  /** `key`: apart for each person and layer. `storage`: null where there is none, as in some private windows. */
  constructor(
    private readonly key: string,
    private readonly storage: Texts | null = storageHere(),
  ) {
    this.kept = signal(this.read(), { name: 'drafts' })
    this.all = this.kept
  }

  of(about: string): Draft | null {
    return this.kept.value[about] ?? null
  }

  /** Keep a text; its ids stay until it was sent. Of an empty one that opens nothing, nothing is kept. */
  write(about: string, text: string): void {
    const before = this.kept.peek()[about]
    if (!text && !before?.opens) this.drop(about)
    else this.put(about, { id: before?.id ?? uuid(), opens: before?.opens ?? null, text })
  }

  /** Begin an issue, or move the one that is begun to another place. */
  begin(place: Place): void {
    const before = this.kept.peek()[NEW]
    const issue = before?.opens?.issue ?? uuid()
    this.put(NEW, { id: before?.id ?? uuid(), text: before?.text ?? '', opens: { issue, place } })
  }

  drop(about: string): void {
    this.kept.value = Object.fromEntries(Object.entries(this.kept.peek()).filter(([each]) => each !== about))
    this.save()
  }

  private put(about: string, draft: Draft): void {
    this.kept.value = { ...this.kept.peek(), [about]: draft }
    this.save()
  }

  private read(): Readonly<Record<string, Draft>> {
    try {
      const found: unknown = JSON.parse(this.storage?.getItem(this.key) ?? '{}')
      return typeof found === 'object' && found !== null ? (found as Record<string, Draft>) : {}
    } catch {
      return {}
    }
  }

  private save(): void {
    const drafts = this.kept.peek()
    try {
      if (Object.keys(drafts).length) this.storage?.setItem(this.key, JSON.stringify(drafts))
      else this.storage?.removeItem(this.key)
    } catch {
      // Full or forbidden: it stays as long as the page does.
    }
  }
}

function storageHere(): Texts | null {
  try {
    return typeof localStorage === 'undefined' ? null : localStorage
  } catch {
    return null
  }
}
