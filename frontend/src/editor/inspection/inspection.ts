/** Walking through what a check found: where one is in the list, and how one gets there. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { Editor } from '@/editor/editor'
import type { Finding } from '@/store/inspections'
import type { FrameNumber, TrackId } from '@/store/types'

export type Page = 'check'

/** Seconds before and behind a place that are played. */
const AROUND_S = 1

/** Something to look at. */
export interface Place {
  readonly tracks: readonly TrackId[]
  readonly first: FrameNumber | null
  readonly last: FrameNumber | null
}

export class Inspection {
  /** Which list is open; null: none. */
  readonly page: Signal<Page | null> = signal(null, { name: 'inspectionPage' })
  /** Only what this rule finds; empty: everything. */
  readonly rule: Signal<string> = signal('', { name: 'inspectionRule' })
  /** Where one is in the list; -1: nowhere yet. */
  readonly position: Signal<number> = signal(-1, { name: 'inspectionPosition' })
  readonly findings: ReadonlySignal<readonly Finding[]>
  /** What is shown was found in an earlier state of the layer. */
  readonly isStale: ReadonlySignal<boolean>
  /** What was played before a place was: given back afterwards. */
  private before: { range: readonly [FrameNumber, FrameNumber] | null; loop: boolean } | null = null

  constructor(private readonly editor: Editor) {
    const { inspections, latest } = editor.store
    this.findings = computed(() => {
      const all = inspections.latest.value?.result?.findings ?? []
      const rule = this.rule.value
      return rule ? all.filter((finding) => finding.rule === rule) : all
    })
    this.isStale = computed(() => {
      const revision = inspections.latest.value?.revision
      return typeof revision === 'number' && revision < latest.value
    })
  }

  open(page: Page): void {
    this.page.value = page
    this.editor.historyOpen.value = null
    void this.check()
  }

  close(): void {
    this.stop()
    this.page.value = null
  }

  /** Check the layer as it is now. Where one is in the list stays, unless the list is another one. */
  async check(): Promise<void> {
    const before = this.editor.store.inspections.latest.value?.revision
    await this.editor.store.inspections.check()
    if (this.editor.store.inspections.latest.value?.revision !== before) this.position.value = -1
    if (!this.findings.value.length) this.rule.value = ''
  }

  narrow(rule: string): void {
    this.rule.value = rule
    this.position.value = -1
  }

  /** Go on in the list by so many. */
  step(by: number): void {
    const last = this.findings.value.length - 1
    if (last < 0) return
    this.visit(Math.min(Math.max(this.position.value + by, 0), last))
  }

  /** Show one of the list: its track is selected, and the playhead goes where it begins. */
  visit(index: number): void {
    const finding = this.findings.value[index]
    if (!finding) return
    this.position.value = index
    this.show(placeOf(finding))
  }

  show({ tracks, first }: Place): void {
    const { editor } = this
    this.stop()
    const there = tracks.filter((track) => editor.store.records.track(track)?.deleted === false)
    if (there.length) editor.session.select(...there)
    if (first !== null) editor.step(first - editor.session.frame.value)
    else if (there[0]) editor.visit(there[0])
  }

  /** Play a second before and behind the place, round and round; or stop that, and be there again. */
  playAround(): void {
    const { session, playback, config } = this.editor
    const finding = this.findings.value[this.position.value]
    const place = finding && placeOf(finding)
    if (session.playing.value) {
      if (place) this.show(place)
      else this.stop()
      return
    }
    if (!playback || !place || place.first === null) return
    const around = Math.max(Math.round(AROUND_S * config.video.fps), 1)
    const [first, last] = this.editor.bounds
    this.before ??= { range: session.range.value, loop: session.loop.value }
    session.range.value = [Math.max(place.first - around, first), Math.min((place.last ?? place.first) + around, last)]
    session.loop.value = true
    playback.play(1)
  }

  private stop(): void {
    const { session, playback } = this.editor
    playback?.pause()
    if (!this.before) return
    session.range.value = this.before.range
    session.loop.value = this.before.loop
    this.before = null
  }
}

export const placeOf = ({ track, other, first, last }: Finding): Place => ({
  tracks: [track, other].filter(Boolean),
  first,
  last,
})
