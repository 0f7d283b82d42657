/** Objects that models follow: from what, how far, and again after a correction. */
import { t } from '@/core/text'
import { kindOf } from '@/geometry/kinds'
import type { FrameNumber, Run, ShownShape, TrackId } from '@/store/types'
import type { Editor } from '@/editor/editor'
import { planAutoExtension, planExtension, withoutReplaced } from './extension'
import { awaitsCorrection, planRetrack } from './retrack'

export class Following {
  /** Extensions that went out: the server answers later than the playhead moves. */
  private readonly extensionsAsked = new Set<string>()

  constructor(private readonly editor: Editor) {}

  private get store() {
    return this.editor.store
  }

  private get session() {
    return this.editor.session
  }

  private get settings() {
    return this.editor.tracking
  }

  /** Shapes of `tracks` were changed on `frame`: a run that follows one learns of it; one that was followed before is
   * tracked again from here, up to its next keyframe. */
  edited(tracks: readonly TrackId[], frame: FrameNumber): void {
    for (const track of tracks) {
      const shape = this.store.queries.shapeAt(track, frame)
      if (shape?.kind !== 'box') continue
      const run = this.store.runs.of(track)
      if (!run && this.settings.autoTrack.value) this.trackAgain(track, frame, shape)
      else if (run && awaitsCorrection(run, track, frame)) {
        const plan = planRetrack(this.store.records.rows(track), frame)
        if (plan) this.store.noteRetrack(track, plan.first, plan.last)
        this.store.runs.correct(run.id, track, frame, shape.bounds)
      }
    }
  }

  /** The boxes on this frame that a run would start from: the selected ones, or all. `why`: what stands against it. */
  boxes(): { boxes: ShownShape[]; why: string } {
    const selection = this.session.selection.value
    const frame = this.session.frame.value
    const candidates = selection.size
      ? [...selection].map((track) => this.store.queries.shapeAt(track, frame))
      : this.editor.visibleShapes()
    const shown = candidates.filter(
      (shape): shape is ShownShape => shape?.kind === 'box' && !this.session.isHidden(shape.track.id, frame),
    )
    const unlocked = shown.filter(({ track }) => !track.locked)
    const boxes = unlocked.filter(({ track }) => !this.store.runs.of(track.id))
    if (boxes.length) return { boxes, why: '' }
    if (unlocked.length) return { boxes, why: t('Being tracked already') }
    if (shown.length) return { boxes, why: t('Locked') }
    const other = candidates.find(
      (shape) => shape && !this.editor.config.models.some(({ prompts }) => prompts.includes(shape.kind)),
    )
    if (other) return { boxes, why: t('No model follows a {kind}', { kind: t(kindOf(other).name) }) }
    return { boxes, why: selection.size ? t('Nothing selected has a box here') : t('No box on this frame') }
  }

  /** Start a run for the selected boxes on this frame, or for all of them when nothing is selected. */
  start(direction: Run['direction'] = this.settings.direction.value): void {
    if (!this.editor.mayDraw()) return
    const frame = this.session.frame.value
    const { boxes, why } = this.boxes()
    if (why) {
      this.session.tell(t('{why}. Draw a box, or select one on this frame, to track it.', { why }), 'error')
      return
    }
    const [first, last] = this.runBounds(frame, direction)
    if (first === last) {
      this.session.tell(t('There are no frames left in that direction.'), 'error')
      return
    }
    this.store.runs.start({
      model: this.settings.model.value,
      prompts: boxes.map(({ track, bounds }) => ({ track: track.id, frame, box: bounds })),
      first,
      last,
      direction,
      options: this.runOptions(),
    })
  }

  /** Let a run go on as far again. */
  extend(run: Run): void {
    const further = planExtension(run, this.editor.bounds, this.settings.frames.value)
    if (further) this.store.runs.extend(run.id, ...further)
    else this.session.tell(t('It goes to the end already.'))
  }

  /** The playhead comes near the end of one of this person's runs: let it go on. */
  nearEnd(): void {
    if (!this.settings.autoTrack.value || this.settings.frames.value === null || !this.editor.config.canEdit) return
    for (const run of withoutReplaced([...this.store.runs.all.value.values()])) {
      const further = planAutoExtension(run, this.session.frame.value, this.editor.bounds, this.settings.frames.value)
      const wanted = `${run.id} ${further?.join()}`
      if (!further || this.extensionsAsked.has(wanted)) continue
      this.extensionsAsked.add(wanted)
      this.store.runs.extend(run.id, ...further)
    }
  }

  private trackAgain(track: TrackId, frame: FrameNumber, shape: ShownShape): void {
    const plan = planRetrack(this.store.records.rows(track), frame)
    if (!plan) return
    this.store.noteRetrack(track, plan.first, plan.last)
    const prompts = [{ track, frame, box: shape.bounds }]
    this.store.runs.start({
      model: this.settings.model.value,
      prompts,
      ...plan,
      options: { ...this.runOptions(), redo: true },
    })
  }

  private runBounds(frame: FrameNumber, direction: Run['direction']): readonly [FrameNumber, FrameNumber] {
    const [from, to] = this.editor.bounds
    const count = this.settings.frames.value ?? Number.MAX_SAFE_INTEGER
    const first = direction === 'forward' ? frame : Math.max(frame - count, from)
    const last = direction === 'backward' ? frame : Math.min(frame + count, to)
    return [first, last]
  }

  private runOptions() {
    return {
      auto_track: this.settings.autoTrack.value,
      detect_off_screen: this.settings.detectOffScreen.value,
      until_keyframe: this.settings.untilKeyframe.value,
      check_both_ways: this.settings.checkBothWays.value,
      confidence_threshold: this.settings.threshold.value,
    }
  }
}
