/** Issues as they are looked at here: which are listed, which one is open, and where a new one is pinned. */
import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { NEW, type Place } from '@/store/drafts'
import type { Issue } from '@/store/issues'
import type { BoxPx, FrameNumber } from '@/store/types'

export const LISTS = ['open', 'resolved', 'mine'] as const
/** `mine`: open ones that this person opened, took part in, or is mentioned in. */
export type List = (typeof LISTS)[number]

export class IssuesView {
  /** Whether they are listed beside the picture. */
  readonly shown: Signal<boolean> = signal(false, { name: 'issues shown' })
  readonly list: Signal<List> = signal('open', { name: 'list of issues' })
  /** The one whose comments are read; null: the list is. */
  readonly selected: Signal<string | null> = signal(null, { name: 'selected issue' })
  /** Whether a new one is being written, at the place of its draft. */
  readonly writing: Signal<boolean> = signal(false, { name: 'writing an issue' })
  /** Those of the chosen list, in the order of their frames. */
  readonly listed: ReadonlySignal<readonly Issue[]>
  /** All that are open, in the order of their frames. */
  readonly open: ReadonlySignal<readonly Issue[]>

  constructor(private readonly editor: Editor) {
    const { issues } = editor.store
    const ordered = computed(() => [...issues.all.value.values()].sort(byFrame))
    this.open = computed(() => ordered.value.filter(({ resolved }) => !resolved))
    this.listed = computed(() => this.in(this.list.value, ordered.value))
  }

  count(list: List): number {
    return this.in(list, [...this.editor.store.issues.all.value.values()]).length
  }

  private in(list: List, issues: readonly Issue[]): readonly Issue[] {
    const me = this.editor.config.user.id
    return issues.filter(({ resolved, people }) =>
      list === 'resolved' ? resolved : !resolved && (list === 'open' || people.includes(me)),
    )
  }

  /** The one that is read, as it is now; null: none, or it is gone. */
  get current(): Issue | null {
    const id = this.selected.value
    return id === null ? null : (this.editor.store.issues.all.value.get(id) ?? null)
  }

  // ------------------------------------------------------------------ opening and closing

  show(): void {
    const { editor } = this
    editor.historyOpen.value = null
    editor.inspection.close()
    editor.joins.close()
    this.shown.value = true
    void editor.store.issues.loadPeople()
  }

  hide(): void {
    batch(() => {
      this.shown.value = false
      this.select(null)
      this.writing.value = false
    })
  }

  toggle(): void {
    if (this.shown.value) this.hide()
    else {
      this.show()
      this.editor.focusPanel('history')
    }
  }

  /** Back to the list. What is written stays a draft. */
  back(): void {
    batch(() => {
      this.select(null)
      this.writing.value = false
    })
    this.editor.focusPanel('history')
  }

  private select(id: string | null): void {
    this.selected.value = id
    this.editor.store.issues.watch(id)
  }

  /** Read an issue, and go where it is. */
  visit(id: string): void {
    const issue = this.editor.store.issues.all.peek().get(id)
    if (!issue) {
      this.editor.session.tell(t('This issue was deleted.'))
      return
    }
    batch(() => {
      this.show()
      this.writing.value = false
      this.select(id)
    })
    const { session, store } = this.editor
    if (issue.track !== null && store.records.track(issue.track)?.deleted === false) session.select(issue.track)
    this.editor.step(issue.first - session.frame.value)
  }

  /** The next one of the list by frames, seen from the one that is read or from the playhead. */
  step(by: 1 | -1): void {
    const listed = this.listed.value.length ? this.listed.value : this.open.value
    if (!listed.length) {
      this.editor.session.tell(t('There is no open issue.'))
      return
    }
    const at = listed.findIndex(({ id }) => id === this.selected.value)
    const frame = this.editor.session.frame.value
    const from =
      by > 0 ? listed.findIndex(({ first }) => first > frame) : listed.findLastIndex((each) => each.first < frame)
    const next = at >= 0 ? at + by : from >= 0 ? from : by > 0 ? 0 : listed.length - 1
    this.visit(listed[(next + listed.length) % listed.length]!.id)
  }

  // ------------------------------------------------------------------ saying something

  /** Whether this person may say something; says why not. */
  mayComment(): boolean {
    const { session, config } = this.editor
    if (session.gone.value) return false
    if (!config.archived) return true
    session.tell(t('This project is archived: nothing is said in it any more.'), 'error')
    return false
  }

  /** Whether an issue is this person’s to resolve or reopen. */
  maySettle({ by }: Issue): boolean {
    const { config } = this.editor
    return !config.archived && (config.can_settle || by === config.user.id)
  }

  /** Begin an issue at a place, or move the one that is begun there. */
  write(place: Place): void {
    if (!this.mayComment()) return
    this.editor.playback?.pause()
    this.editor.store.issues.drafts.begin(place)
    this.goOnWriting()
  }

  goOnWriting(): void {
    batch(() => {
      this.show()
      this.select(null)
      this.writing.value = true
    })
    this.editor.focusPanel('new-comment')
  }

  /** Pin the issue that is begun to a region of it, or to none. */
  moveTo(region: BoxPx | null): void {
    const { drafts } = this.editor.store.issues
    const place = drafts.of(NEW)?.opens?.place
    const { first, last } = place && this.writing.peek() ? place : placeHere(this.editor)
    this.write({ first, last, track: null, region })
  }

  discard(): void {
    this.editor.store.issues.drafts.drop(NEW)
    this.back()
  }

  async send(): Promise<void> {
    const opened = await this.editor.store.issues.open()
    if (opened === null) return
    this.writing.value = false
    this.select(opened)
    this.editor.focusPanel('history')
  }
}

/** The selected object on the chosen frames, or on the one that is shown; without one these frames. */
export function placeHere(editor: Editor): Place {
  const { session, store } = editor
  const [first, last] = session.range.value ?? [session.frame.value, session.frame.value]
  const [track = null] = editor.selected()
  const shown: FrameNumber = first <= session.frame.value && session.frame.value <= last ? session.frame.value : first
  const shape = track === null ? null : (store.queries.shapeAt(track, shown) ?? store.queries.ghostAt(track, shown))
  return { first, last, track, region: shape?.bounds ?? null }
}

const byFrame = (a: Issue, b: Issue) => a.first - b.first || a.number - b.number
