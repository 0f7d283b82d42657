/** Walking through proposed joins, and carrying them out. What a person has labelled changes by their key press alone. */
import { signal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { Around } from '@/editor/inspection/around'
import { nameOf } from '@/editor/objects/name'
import { isLockedFor } from '@/editor/review/review'
import { tracksToChange, whenLoaded } from '@/editor/time/edit'
import { swapTracks } from '@/editor/time/identity'
import { planMerge } from '@/editor/time/merge'
import { mergeTracks, sourcesOf } from '@/editor/time/merging'
import type { Proposal } from '@/store/joins'
import type { FrameNumber, TrackId } from '@/store/types'

export class JoinWalk {
  readonly isOpen: Signal<boolean> = signal(false, { name: 'joinsOpen' })
  /** Where one is in the list; -1: nowhere yet. */
  readonly position: Signal<number> = signal(-1, { name: 'joinsPosition' })
  /** Whether an accepted join moves in a straight line where nothing was seen, or shows nothing there. */
  readonly fills: Signal<boolean> = signal(true, { name: 'joinsFill' })
  private readonly around: Around

  constructor(private readonly editor: Editor) {
    this.around = new Around(editor)
  }

  open(): void {
    this.editor.historyOpen.value = null
    this.editor.inspection.close()
    this.editor.issues.hide()
    this.isOpen.value = true
    if (!this.editor.store.joins.latest.value) void this.propose()
  }

  close(): void {
    this.around.stop()
    this.isOpen.value = false
  }

  /** Look for joins in the layer as it is now. */
  async propose(): Promise<void> {
    this.position.value = -1
    await this.editor.store.joins.propose()
  }

  /** Go on in the list by so many. */
  step(by: number): void {
    const last = this.list.length - 1
    if (last >= 0) this.visit(Math.min(Math.max(this.position.value + by, 0), last))
  }

  /** Show one of the list: both tracks are selected, and the playhead goes to it. */
  visit(index: number): void {
    const proposal = this.list[index]
    if (!proposal) return
    this.position.value = index
    this.show(proposal, proposal.frame)
  }

  /** Go to where the first of its tracks was seen last, or to where the second one is seen first. */
  look(end: 'before' | 'after'): void {
    const proposal = this.proposal
    if (proposal) this.show(proposal, end === 'before' ? proposal.frame : laterFrame(proposal))
  }

  /** Play a second before and behind it, round and round; or stop that, and be there again. */
  playAround(): void {
    const proposal = this.proposal
    if (this.editor.session.playing.value) {
      if (proposal) this.show(proposal, proposal.frame)
      else this.around.stop()
    } else if (proposal) this.around.play(proposal.frame, laterFrame(proposal))
  }

  /** Carry out what one looks at: two tracks become one, or exchange what follows. One step of undo. */
  accept(): void {
    const proposal = this.proposal
    if (!proposal || !tracksToChange(this.editor, proposal.tracks)) return
    this.around.stop()
    whenLoaded(this.editor, proposal.tracks, () => {
      const done = proposal.kind === 'join' ? this.join(proposal) : this.swap(proposal)
      const edit = done ? this.editor.store.history.next('undo')?.edit : undefined
      if (edit === undefined) return
      this.editor.store.joins.accepted(edit, proposal)
      this.goOn()
    })
  }

  /** It isn't proposed any more while its tracks stay as they are. */
  dismiss(): void {
    const proposal = this.proposal
    if (!proposal) return
    if (!this.editor.config.can_edit) {
      this.editor.session.tell(t('You can look at this video; editing needs the role annotator or more.'), 'error')
      return
    }
    void this.editor.store.joins.dismiss(proposal.key, true)
    this.goOn()
  }

  /** Propose again what was dismissed. */
  async restore(): Promise<void> {
    const { joins } = this.editor.store
    for (const { key } of joins.latest.value?.dismissed ?? []) await joins.dismiss(key, false)
  }

  get list(): readonly Proposal[] {
    return this.editor.store.joins.proposals.value
  }

  /** The one that one looks at; null: none. */
  get proposal(): Proposal | null {
    return this.list[this.position.value] ?? null
  }

  private show({ tracks }: Proposal, frame: FrameNumber): void {
    const { editor } = this
    this.around.stop()
    editor.session.select(...tracks.filter((track) => editor.store.records.track(track)?.deleted === false))
    editor.step(frame - editor.session.frame.value)
  }

  private goOn(): void {
    if (!this.list.length) this.position.value = -1
    else this.visit(Math.min(Math.max(this.position.value, 0), this.list.length - 1))
  }

  private join({ tracks }: Proposal): boolean {
    const { editor } = this
    const sources = sourcesOf(editor, tracks)
    const labels = new Set(sources.map(({ track }) => track.label))
    if (labels.size > 1 || planMerge(sources).conflicts.length) {
      const names = {
        one: nameOf(editor, tracks[0]),
        other: nameOf(editor, tracks[1]),
        key: editor.keymap.shown('track.merge'),
      }
      editor.session.tell(
        labels.size > 1
          ? t('{one} and {other} have different labels by now. Select both and merge them ({key}).', names)
          : t('{one} and {other} show shapes on the same frames by now. Select both and merge them ({key}).', names),
        'error',
      )
      return false
    }
    return !this.tellsLocked(tracks, 0) && mergeTracks(editor, tracks, tracks[0], new Map(), this.fills.value)
  }

  private swap({ tracks: [one, other], frame }: Proposal): boolean {
    return !this.tellsLocked([one, other], frame) && swapTracks(this.editor, one, other, frame)
  }

  /** Whether tracks have accepted frames from `from` on that this person may not change; says so. */
  private tellsLocked(tracks: readonly TrackId[], from: FrameNumber): boolean {
    const { session, store } = this.editor
    for (const id of tracks) {
      const spans = store.records.track(id)?.verdicts ?? []
      const locked = spans.find((span) => span.last >= from && isLockedFor(this.editor, span))
      if (!locked) continue
      session.tell(
        t('{name} is accepted and locked on frames {first}–{last}. Ask a reviewer to reopen it.', {
          name: nameOf(this.editor, id),
          first: locked.first,
          last: locked.last,
        }),
        'error',
      )
      return true
    }
    return false
  }
}

/** The first frame behind the gap of a join; where a swap is. */
export const laterFrame = ({ kind, frame, gap }: Proposal): FrameNumber => (kind === 'join' ? frame + gap + 1 : frame)
