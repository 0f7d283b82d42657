/** Walking through what a check found: where one is in the list, and how one gets there. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { Editor } from '@/editor/editor'
import { t } from '@/core/text'
import type { Finding, Judged, QueueItem } from '@/store/inspections'
import { askToReject } from '@/editor/review/review'
import { beside, within, type Verdict } from '@/store/verdicts'
import type { FrameNumber, TrackId } from '@/store/types'
import { Around } from './around'

/** The two lists: what rules find, and all that a machine made, what is most likely wrong first. */
export type Page = 'check' | 'queue'

/** Something to look at. */
export interface Place {
  readonly tracks: readonly TrackId[]
  readonly first: FrameNumber | null
  readonly last: FrameNumber | null
}

export const COME_CLOSE = 'Two objects come close: one may have been taken for the other.'
export const NOTHING = 'Nothing is unusual.'

export class Inspection {
  /** Which list is open; null: none. */
  readonly page: Signal<Page | null> = signal(null, { name: 'inspectionPage' })
  /** Only what this rule finds; empty: everything. */
  readonly rule: Signal<string> = signal('', { name: 'inspectionRule' })
  /** Only spans of the queue with this reason, in its words; empty: all of them. */
  readonly reason: Signal<string> = signal('', { name: 'inspectionReason' })
  /** The reasons of the spans that are here, each with how many have it, the most frequent first. */
  readonly reasons: ReadonlySignal<readonly (readonly [reason: string, spans: number])[]>
  /** Where one is in the list; -1: nowhere yet. */
  readonly position: Signal<number> = signal(-1, { name: 'inspectionPosition' })
  readonly findings: ReadonlySignal<readonly Finding[]>
  readonly queue: ReadonlySignal<readonly QueueItem[]>
  /** The places of the list that is open. */
  readonly places: ReadonlySignal<readonly Place[]>
  /** What is shown was found in an earlier state of the layer. */
  readonly isStale: ReadonlySignal<boolean>
  private readonly around: Around

  constructor(private readonly editor: Editor) {
    this.around = new Around(editor)
    const { inspections, latest } = editor.store
    this.findings = computed(() => {
      const all = inspections.latest.value?.result?.findings ?? []
      const rule = this.rule.value
      return rule ? all.filter((finding) => finding.rule === rule) : all
    })
    const here = computed(() => (inspections.latest.value?.result?.queue ?? []).filter((item) => this.isHere(item)))
    this.queue = computed(() => {
      const reason = this.reason.value
      return reason ? here.value.filter((item) => reasonsOf(item).includes(reason)) : here.value
    })
    this.reasons = computed(() => counts(here.value.flatMap(reasonsOf)))
    this.places = computed(() =>
      this.page.value === 'queue' ? this.queue.value.map(placeOfItem) : this.findings.value.map(placeOf),
    )
    this.isStale = computed(() => {
      const revision = inspections.latest.value?.revision
      return typeof revision === 'number' && Math.max(revision, inspections.settled.value) < latest.value
    })
  }

  open(page: Page): void {
    if (page !== this.page.value) this.position.value = -1
    this.page.value = page
    this.editor.historyOpen.value = null
    this.editor.issues.hide()
    this.editor.joins.close()
    void this.check()
  }

  /** Open the queue at the first span that nobody has judged. */
  async begin(): Promise<void> {
    this.page.value = 'queue'
    this.editor.historyOpen.value = null
    await this.check()
    const first = this.queue.value.findIndex((item) => this.verdictOn(item) === null)
    if (first >= 0) this.visit(first)
  }

  close(): void {
    this.around.stop()
    this.page.value = null
  }

  /** Check the layer as it is now. Where one is in the list stays, unless the list is another one. */
  async check(): Promise<void> {
    const before = this.editor.store.inspections.latest.value?.revision
    await this.editor.store.inspections.check()
    if (this.editor.store.inspections.latest.value?.revision !== before) this.position.value = -1
    if (!this.findings.value.length) this.rule.value = ''
    if (!this.queue.value.length) this.reason.value = ''
  }

  narrow(rule: string): void {
    this.rule.value = rule
    this.position.value = -1
  }

  /** List only the spans of the queue that have a reason; empty: all. */
  narrowTo(reason: string): void {
    this.reason.value = reason
    this.position.value = -1
  }

  /** Go on in the list by so many. */
  step(by: number): void {
    const last = this.places.value.length - 1
    if (last < 0) return
    this.visit(Math.min(Math.max(this.position.value + by, 0), last))
  }

  /** Show one of the list: its track is selected, and the playhead goes where it begins. */
  visit(index: number): void {
    const place = this.places.value[index]
    if (!place) return
    this.position.value = index
    this.show(place)
  }

  show({ tracks, first }: Place): void {
    const { editor } = this
    this.around.stop()
    const there = tracks.filter((track) => editor.store.records.track(track)?.deleted === false)
    if (there.length) editor.session.select(...there)
    if (first !== null) editor.step(first - editor.session.frame.value)
    else if (there[0]) editor.visit(there[0])
  }

  /** Play a second before and behind the place, round and round; or stop that, and be there again. */
  playAround(): void {
    const place = this.places.value[this.position.value]
    if (this.editor.session.playing.value) {
      if (place) this.show(place)
      else this.around.stop()
    } else if (place && place.first !== null) this.around.play(place.first, place.last ?? place.first)
  }

  /** What was said of all frames of a span of the queue; null: nothing yet, or not of all. */
  verdictOn({ track, first, last }: QueueItem): Verdict | null {
    const spans = within(this.editor.store.records.track(track)?.verdicts ?? [], [[first, last]])
    const [verdict, ...others] = new Set(spans.filter(({ reopened }) => !reopened).map((span) => span.verdict))
    if (!verdict || others.length) return null
    return beside(
      [first, last],
      spans.map((span): [number, number] => [span.first, span.last]),
    ).length
      ? null
      : verdict
  }

  /** Say of the span one is at what one thinks of it, and go on to the next of which nothing was said. What is wrong
   * with one that is rejected is asked first; without an answer it is what the queue says. */
  async judge(verdict: Judged): Promise<void> {
    const { config, session } = this.editor
    const index = this.position.value
    const item = this.queue.value[index]
    if (this.page.value !== 'queue' || !item) return
    if (!config.can_review) {
      session.tell(t('Verdicts are a reviewer’s to give.'), 'error')
      return
    }
    if (verdict !== 'rejected') return this.give(index, item, verdict, '')
    const spans = placeOfItem(item).tracks.map((track) => ({ track, ranges: [[item.first, item.last] as const] }))
    askToReject(this.editor, spans, item.reasons[0] ?? t('It looks wrong.'), (reason) => {
      void this.give(index, item, verdict, reason)
    })
  }

  private async give(index: number, item: QueueItem, verdict: Judged, reason: string): Promise<void> {
    const { store } = this.editor
    const stored = await store.inspections.judge(item, verdict, reason, store.latest.peek())
    if (stored && verdict && this.position.value === index) this.goOn(index)
  }

  /** Whether something of it lies on the frames that this page is about: those of a job, or all. */
  private isHere({ first, last }: QueueItem): boolean {
    const [from, to] = this.editor.bounds
    return first <= to && from <= last
  }

  private goOn(index: number): void {
    const next = this.queue.value.findIndex((item, at) => at > index && this.verdictOn(item) === null)
    if (next >= 0) this.visit(next)
    else this.editor.session.tell(t('That was the last one of the queue.'))
  }

  /** The span one is at, to be put right: on its worst frame, with the picture in focus. */
  fix(): void {
    const item = this.page.value === 'queue' ? this.queue.value[this.position.value] : undefined
    if (item) this.editor.step(item.worst - this.editor.session.frame.value)
    this.editor.focusPanel('stage')
  }
}

export const placeOf = ({ track, other, first, last }: Finding): Place => ({
  tracks: [track, other].filter(Boolean),
  first,
  last,
})

/** Why a span is in the queue, in words that are the same for all spans of a kind. */
export const reasonsOf = ({ other, reasons }: QueueItem): readonly string[] =>
  other ? [COME_CLOSE] : reasons.length ? reasons : [NOTHING]

function counts(words: readonly string[]): [string, number][] {
  const found = new Map<string, number>()
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1)
  return [...found].sort(([, a], [, b]) => b - a)
}

const placeOfItem = ({ track, other, first, last }: QueueItem): Place => ({
  tracks: [track, other].filter(Boolean),
  first,
  last,
})
