/** Objects that models follow: from what, how far, and again after a correction. */
import { t } from '@/core/text'
import { kindOf } from '@/geometry/kinds'
import type { FindOptions } from '@/protocol/generated'
import type { RunPrompt } from '@/store/runs'
import type { FrameNumber, Run, ShownShape, TrackId } from '@/store/types'
import type { Editor } from '@/editor/editor'
import { planAutoExtension, planExtension, withoutReplaced } from './extension'
import { followedIn, sharedOut, type Family } from './models'
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
      if (!shape || shape.kind === 'tag') continue
      const run = this.store.runs.of(track)
      if (!run && this.settings.autoTrack.value) this.trackAgain(track, frame, shape)
      else if (run && awaitsCorrection(run, track, frame)) {
        const plan = planRetrack(this.store.records.rows(track), frame)
        if (plan) this.store.noteRetrack(track, plan.first, plan.last)
        this.store.runs.correct(run.id, this.promptOf(shape, frame))
      }
    }
  }

  /** The shapes on this frame that runs would start from: the selected ones, or all. `why`: what stands against it. */
  startable(): { shapes: ShownShape[]; why: string } {
    const selection = this.session.selection.value
    const frame = this.session.frame.value
    const candidates = selection.size
      ? [...selection].map((track) => this.store.queries.shapeAt(track, frame))
      : this.editor.visibleShapes()
    const here = candidates.filter(
      (shape): shape is ShownShape => !!shape && shape.kind !== 'tag' && !this.session.isHidden(shape.track.id, frame),
    )
    const shown = here.filter((shape) => this.isFollowed(shape))
    const unlocked = shown.filter(({ track }) => !track.locked)
    const shapes = unlocked.filter(({ track }) => !this.store.runs.takes(track.id))
    if (shapes.length) return { shapes, why: '' }
    if (unlocked.length) return { shapes, why: t('Being tracked already') }
    if (shown.length) return { shapes, why: t('Locked') }
    const [other] = here
    if (other) return { shapes, why: t('No model follows a {kind}', { kind: t(kindOf(other).name) }) }
    return { shapes, why: selection.size ? t('Nothing selected has a shape here') : t('No shape on this frame') }
  }

  /** Whether the chosen model for a shape's kind, or where none is chosen any, takes it. */
  private isFollowed(shape: ShownShape): boolean {
    const family = this.familyOf(shape)
    const chosen = this.settings.modelOf(family).value
    const taken = family === 'mask' ? 'mask' : shape.kind
    const takers = this.editor.config.models.filter(({ prompts }) => prompts.includes(taken))
    return chosen === null ? takers.length > 0 : takers.some(({ id }) => id === chosen)
  }

  /** Track the selected shapes on this frame, or all of them when nothing is selected: one run for each model. */
  start(direction: Run['direction'] = this.settings.direction.value): void {
    if (!this.editor.mayDraw()) return
    const frame = this.session.frame.value
    const { shapes, why } = this.startable()
    if (why) {
      this.session.tell(t('{why}. Draw a shape, or select one on this frame, to track it.', { why }), 'error')
      return
    }
    const [first, last] = this.runBounds(frame, direction)
    if (first === last) {
      this.session.tell(t('There are no frames left in that direction.'), 'error')
      return
    }
    const chosen = (family: Family) => this.settings.modelOf(family).value
    let find = this.editor.finding.meanwhile()
    for (const share of sharedOut(shapes, chosen, this.settings.asMask.value)) {
      const prompts = share.shapes.map((shape) => this.promptOf(shape, frame))
      // What follows boxes can follow what is found.
      const finds = !share.asMask && share.shapes.some(({ kind }) => kind === 'box') ? find : null
      if (finds) find = null
      const sent = this.store.runs.start({
        ...this.modelAsked(share.model),
        prompts,
        first,
        last,
        direction,
        options: { ...this.runOptions(share.asMask), find: finds },
      })
      if (sent === null) return
    }
  }

  /** Look for objects from this frame on, and follow each. */
  find(find: FindOptions): void {
    const direction = this.settings.direction.value
    const [first, last] = this.runBounds(this.session.frame.value, direction)
    const model = this.modelAsked(this.settings.modelOf('box').value)
    this.store.runs.start({
      ...model,
      prompts: [],
      first,
      last,
      direction,
      options: { ...this.runOptions(false), find },
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
    if (!this.settings.autoTrack.value || this.settings.frames.value === null || !this.editor.config.can_edit) return
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
    const prompts = [this.promptOf(shape, frame)]
    const family = this.familyOf(shape)
    this.store.runs.start({
      ...this.modelAsked(this.settings.modelOf(family).value),
      prompts,
      ...plan,
      options: { ...this.runOptions(family === 'mask' && shape.kind !== 'mask'), redo: true },
    })
  }

  /** A mask that was clicked goes with its clicks. */
  private promptOf(shape: ShownShape, frame: FrameNumber): RunPrompt {
    return { track: shape.track.id, frame, clicked: this.editor.clickedMasks.of(shape, frame) }
  }

  private familyOf(shape: ShownShape): Family {
    return followedIn(shape.kind, this.settings.asMask.value)
  }

  private runBounds(frame: FrameNumber, direction: Run['direction']): readonly [FrameNumber, FrameNumber] {
    const [from, to] = this.editor.bounds
    const count = this.settings.frames.value ?? Number.MAX_SAFE_INTEGER
    const first = direction === 'forward' ? frame : Math.max(frame - count, from)
    const last = direction === 'backward' ? frame : Math.min(frame + count, to)
    return [first, last]
  }

  /** A model with what this person has set of it. */
  private modelAsked(model: string | null) {
    const settings = model === null ? undefined : this.settings.modelSettings.value[model]
    // One that is gone, or is another workspace's, was chosen elsewhere.
    const machine = this.editor.config.machines.find(({ id }) => id === this.settings.machine.value)
    return { model, ...(settings && { settings }), ...(machine && { machine: machine.id }) }
  }

  private runOptions(asMask: boolean) {
    return {
      as_mask: asMask ? { segmenter: this.editor.segmenter } : null,
      detect_off_screen: this.settings.detectOffScreen.value,
      until_keyframe: this.settings.untilKeyframe.value,
      check_both_ways: this.settings.checkBothWays.value,
      confidence_threshold: this.settings.threshold.value,
    }
  }
}
