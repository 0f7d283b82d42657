/** What tools and commands act through. It holds no shapes: those are the store's. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Box, Point } from '@/geometry/box'
import { kindOf, type Geometry, type GeometryKind, type Grip } from '@/geometry/kinds'
import type { Seen } from '@/geometry/kinds/point-list'
import { withSeen } from '@/geometry/kinds/skeleton'
import { keyframe } from '@/store/chunks'
import type { Session } from '@/store/session'
import type { Acted, EditorStore } from '@/store/store'
import type { EditorConfig, FrameNumber, Label, ShownShape, TrackId } from '@/store/types'
import { verdictAt } from '@/store/verdicts'
import type { Painting } from './masks/brush'
import { ClickedMasks } from './masks/clicked'
import { keptClicks, type Clicks } from './masks/clicks'
import { isPlaced, isTagLabel } from './time/frame-tags'
import type { Draft } from './shapes/draft'
import { Finding } from './following/finding'
import { Following } from './following/following'
import { FINGER_REACH, hitTest, REACH, type Hit, type HoveredGrip } from './shapes/hit-test'
import type { Keyboard } from './keys/keyboard'
import { Keymap } from './keys/keymap'
import type { Playback } from './time/playback'
import { selectionHere } from './objects/selection-here'
import { isLockedFor, ReviewState } from './review/review'
import { stickTo } from './shapes/snapping'
import { TimeState } from './time/state'
import type { TimelineControl } from './time/timeline-control'
import { commandOf, Machine, type PointerAt, type Tool } from './tool'
import { Commands, perform, type Command } from './command'
import { TrackList } from './lists/track-list'
import { IssuesView } from './issues/issues'
import { Inspection } from './inspection/inspection'
import { JoinWalk } from './joins/joins'
import { Tour } from './help/tour'
import { Trajectories, type PathPlace } from './trajectories/trajectories'
import { Preferences } from './preferences'
import type { Preparation } from './preparation'

/** A question that must be answered before something goes on. */
export interface Question {
  readonly title: string
  readonly text: string
  readonly confirm: string
  readonly onConfirm: () => void
}

export interface EditorDeps {
  /** Show the whole frame. */
  readonly fit: () => void
  /** Turn the view by a quarter to the right, or back. */
  readonly turn: (by: 1 | -1) => void
  readonly toggleFullScreen: () => void
  /** Move the keyboard's focus to the next part of the page. */
  readonly focusNext: () => void
  /** Move it to a panel, by its element id. */
  readonly focusPanel: (id: string) => void
  /** What is printed on the person's keys; absent: as on a US keyboard. */
  readonly keyboard?: Keyboard
}

/** What there is to do with it; the page hands it in, so that the editor knows none of it. */
export interface Registries {
  /** In the order of the tool bar; the first one is taken up. */
  readonly tools: readonly [Tool, ...Tool[]]
  /** Those that choose a tool are made of the tools. */
  readonly commands: readonly Command[]
}

export class Editor {
  readonly commands: Commands
  readonly session: Session
  readonly config: EditorConfig
  readonly machine: Machine
  /** What follows the person to the next video. */
  readonly preferences: Preferences
  readonly tracking: Preferences['groups']['tracking']
  readonly following = new Following(this)
  readonly findSettings: Preferences['groups']['finding']
  /** Objects that nobody drew. */
  readonly finding: Finding
  readonly keymap: Keymap
  /** The tracks that timeline and panel list, filtered and in order. */
  readonly list: TrackList
  readonly panels: Preferences['groups']['panels']
  readonly display: Preferences['groups']['display']
  readonly time = new TimeState()
  readonly review = new ReviewState()
  readonly timelineSettings: Preferences['groups']['timeline']
  /** The rectangle being dragged over empty ground, in video px. */
  readonly marquee: Signal<Box | null> = signal(null)
  /** The grip under the pointer. */
  readonly hoveredGrip: Signal<HoveredGrip | null> = signal(null)
  /** The outline or points being drawn. */
  readonly draft: Signal<Draft | null> = signal(null)
  readonly brush: Preferences['groups']['brush']
  /** The brush's stroke under way. */
  readonly painting: Signal<Painting | null> = signal(null)
  /** The smart tool's clicks, until they are accepted; null: none were made. */
  readonly clicks: Signal<Clicks | null> = signal(null)
  readonly clickedMasks = new ClickedMasks((track, frame) => this.store.clicksOn(track, frame))
  /** What the selected mask was clicked with, while the smart tool is in hand and nothing is clicked yet. */
  readonly keptClicks: ReadonlySignal<Clicks | null> = computed(() => keptClicks(this))
  readonly smartSettings: Preferences['groups']['smart']
  readonly question: Signal<Question | null> = signal(null)
  readonly preparation: Signal<Preparation>
  readonly helpOpen = signal(false)
  /** Where the menu of the selected objects is open, in CSS px of the canvas; null: it isn't. */
  readonly menuAt: Signal<Point | null> = signal(null)
  /** Which page of the history is open; null: none. */
  readonly historyOpen: Signal<'changes' | 'deleted' | null> = signal(null)
  readonly inspection: Inspection
  readonly issues: IssuesView
  readonly joins: JoinWalk
  readonly paletteOpen = signal(false)
  readonly viewOpen = signal(false)
  readonly viewOptions: Preferences['groups']['view']
  readonly layout: Preferences['groups']['layout']
  readonly trajectories: Trajectories
  readonly tour: Tour
  /** Commands taken from the palette of late, the latest first. */
  readonly recent: Signal<readonly string[]>
  /** Whether one goes on drawing with the same tool. */
  readonly keepsTool: Signal<boolean>
  /** Changes when what the selected objects show on this frame does. */
  readonly selectionHere: ReadonlySignal<string>
  playback: Playback | null = null
  timeline: TimelineControl | null = null
  /** Whether a finger points, which is less exact than a mouse or a pen. */
  coarse = false

  constructor(
    readonly store: EditorStore,
    private readonly deps: EditorDeps,
    private readonly registries: Registries,
  ) {
    this.commands = new Commands([...registries.tools.map(commandOf), ...registries.commands])
    this.session = store.session
    this.config = store.config
    const { proxy_state: proxy, strip } = store.config.video
    this.preparation = signal({ proxy, share: 0, strip })
    this.preferences = new Preferences(store.config.preferences)
    const { groups } = this.preferences
    this.tracking = groups.tracking
    this.findSettings = groups.finding
    this.finding = new Finding(this)
    this.viewOptions = groups.view
    this.layout = groups.layout
    this.panels = groups.panels
    this.timelineSettings = groups.timeline
    this.display = groups.display
    this.brush = groups.brush
    this.smartSettings = groups.smart
    this.recent = this.preferences.recent
    this.keepsTool = this.preferences.keepsTool
    this.keymap = new Keymap(groups.keys, this.commands, deps.keyboard)
    this.trajectories = new Trajectories(store, groups.paths)
    this.tour = new Tour(groups.tour)
    this.inspection = new Inspection(this)
    this.issues = new IssuesView(this)
    this.joins = new JoinWalk(this)
    this.list = new TrackList(store, this.preferences.order)
    this.selectionHere = selectionHere(store)
    this.machine = new Machine(this, registries.tools[0])
    this.session.activeLabel.value ??= this.config.labels.find((label) => !isTagLabel(label))?.id ?? null
  }

  // ------------------------------------------------------------------ where one is

  /** First and last frame that this page is about: the job's, or the video's. */
  get bounds(): readonly [FrameNumber, FrameNumber] {
    const { job, video } = this.config
    return job ? [job.first, job.last] : [0, Math.max(video.frame_count - 1, 0)]
  }

  goTo(frame: FrameNumber): void {
    const last = Math.max(this.config.video.frame_count - 1, 0)
    this.session.frame.value = Math.min(Math.max(Math.round(frame), 0), last)
  }

  /** Step and stop there. */
  step(by: number): void {
    this.playback?.pause()
    this.goTo(this.session.frame.value + by)
  }

  /** Select a track, and go to where it begins unless it is to be seen already. */
  visit(track: TrackId): void {
    this.session.select(track)
    const extent = this.store.queries.extent(track)
    if (extent && !this.store.queries.shapeAt(track, this.session.frame.value))
      this.step(extent[0] - this.session.frame.value)
  }

  fit(): void {
    this.deps.fit()
  }

  turnView(by: 1 | -1): void {
    this.deps.turn(by)
  }

  toggleFullScreen(): void {
    this.deps.toggleFullScreen()
  }

  focusNext(): void {
    this.deps.focusNext()
  }

  focusPanel(id: string): void {
    this.deps.focusPanel(id)
  }

  /** Do a command if it can be done now, and say what is missing if not. Returns whether it was done. */
  perform(wanted: Command | string): boolean {
    return perform(this, typeof wanted === 'string' ? this.commands.named(wanted) : wanted)
  }

  useTool(id: string): void {
    const tool = this.registries.tools.find((candidate) => candidate.id === id)
    if (!tool) return
    this.machine.use(tool)
    this.session.tool.value = id
  }

  /** Draw the next object: with the tool of the first kind that the active label may be drawn as. */
  draw(): void {
    const [kind = 'box'] = this.label(this.session.activeLabel.value ?? -1)?.geometry_kinds ?? []
    this.useTool(this.registries.tools.find((tool) => tool.kind === kind)?.id ?? 'box')
  }

  /** The one in hand. */
  get tool(): Tool {
    const { tools } = this.registries
    return tools.find(({ id }) => id === this.session.tool.value) ?? tools[0]
  }

  /** Tools of the tool bar that this project has a use for. */
  get tools(): readonly Tool[] {
    const used = new Set<GeometryKind>(this.config.labels.flatMap(({ geometry_kinds: geometryKinds }) => geometryKinds))
    return this.registries.tools.filter(({ kind, aside }) => !aside && (!kind || used.has(kind)))
  }

  // ------------------------------------------------------------------ what is there

  visibleShapes(): ShownShape[] {
    const frame = this.session.frame.value
    return this.store.queries
      .shapesAt(frame)
      .filter((shape) => isPlaced(shape) && !this.session.isHidden(shape.track.id, frame))
  }

  /** The ghosts of selected tracks that show nothing on this frame. */
  ghosts(): ShownShape[] {
    const frame = this.session.frame.value
    return [...this.session.selection.value]
      .map((track) => this.store.queries.ghostAt(track, frame))
      .filter((ghost): ghost is ShownShape => ghost !== null && isPlaced(ghost))
  }

  /** Of selected objects that were changed on this frame after their verdict: what was looked at. */
  formerShapes(): ShownShape[] {
    if (!this.review.showsFormer.value) return []
    const frame = this.session.frame.value
    return this.selected().flatMap((id) => {
      const track = this.store.records.track(id)
      const span = track && verdictAt(track.verdicts, frame)
      const former = span?.reopened && this.store.former.shapeAt(track!, span.revision ?? 0, frame)
      return former && isPlaced(former) ? [former] : []
    })
  }

  hit(point: Point): Hit | null {
    const shapes = [...this.visibleShapes(), ...this.ghosts()]
    return hitTest(
      shapes,
      this.session.selection.value,
      point,
      (this.coarse ? FINGER_REACH : REACH) / this.session.view.value.scale,
    )
  }

  /** The place of an object's way that a press means: beside objects, or anywhere with Alt. */
  pathAt({ point, alt }: PointerAt, hit: Hit | null): PathPlace | null {
    if (hit && (!alt || hit.on === 'grip')) return null
    return this.trajectories.placeAt(point, (this.coarse ? FINGER_REACH : REACH) / this.session.view.value.scale)
  }

  /** The shape an edit on this frame begins from: the one shown, or the track's ghost. */
  shapeToEdit(track: TrackId): ShownShape | null {
    const frame = this.session.frame.value
    return this.store.queries.shapeAt(track, frame) ?? this.store.queries.ghostAt(track, frame)
  }

  selected(): TrackId[] {
    return [...this.session.selection.value].filter((id) => this.store.records.track(id)?.deleted === false)
  }

  label(id: number): Label | null {
    return this.config.labels.find((label) => label.id === id) ?? null
  }

  /**
   * The label a new shape of a kind gets: the active one, or where that may not be drawn so, the first that may, which
   * becomes active. Tells what to do when there is none.
   */
  labelToDraw(kind: GeometryKind): Label | null {
    const { labels } = this.config
    const fits = (label: Label | null) => label?.geometry_kinds.includes(kind) ?? false
    const active = this.label(this.session.activeLabel.value ?? -1)
    const label = fits(active) ? active : (labels.find(fits) ?? null)
    if (label && label !== active) {
      this.session.activeLabel.value = label.id
      this.session.tell(
        active
          ? t('{former} isn’t drawn like this; {label} is the label now.', { former: active.name, label: label.name })
          : t('{label} is the label now.', { label: label.name }),
      )
    } else if (!label) {
      const name = kindOf({ kind }).name
      const why = labels.length
        ? t('No label may be drawn as a {kind}. Allow it in the project’s labels.', { kind: t(name) })
        : t('This project has no labels yet. Add one in its label editor.')
      this.session.tell(why, 'error')
    }
    return label
  }

  /** Where a point sticks to the outline of a visible object but `except`; null where none is near. */
  stickTo(point: Point, except: TrackId | null = null): Point | null {
    const others = this.visibleShapes().filter(({ track }) => track.id !== except)
    return stickTo(others, point, REACH / this.session.view.value.scale)
  }

  /** The pointer is above a grip, or above none. */
  hoverGrip(hit: Hit | null): void {
    const next = hit?.on === 'grip' ? hit : null
    const now = this.hoveredGrip.value
    if (next?.track !== now?.track || next?.grip.id !== now?.grip.id) this.hoveredGrip.value = next
  }

  /** A click with Alt on a grip. */
  toggleGrip(track: TrackId, grip: Grip): void {
    this.reshape(track, (shape) => kindOf(shape).toggled?.(shape, grip.id) ?? null)
  }

  /** Whether a skeleton's joint is to be seen on this frame. */
  setJoint(track: TrackId, joint: number, seen: Seen): void {
    this.reshape(track, (shape) => withSeen(shape, joint, seen))
  }

  /** Change a track's shape on this frame, as one step of undo. */
  reshape(track: TrackId, change: (shape: ShownShape) => Geometry | null): void {
    const shape = this.mayEdit(track) ? this.shapeToEdit(track) : null
    const changed = shape && change(shape)
    if (!changed) return
    const { frame } = this.session
    this.store.transact(`Change ${kindOf(shape).name}`, (tx) =>
      tx.putRow(track, keyframe(frame.value, changed, { occluded: shape.occluded })),
    )
    this.following.edited([track], frame.value)
  }

  /** Which model answers clicks: the chosen one where that is there; null: the server's default. */
  get segmenter(): string | null {
    const chosen = this.smartSettings.model.value
    const { segmenters } = this.config
    const there = segmenters.find(({ id, available }) => id === chosen && available)
    return (there ?? segmenters.find((each) => each.default))?.id ?? null
  }

  /** The smart tool is in hand: let the frame be looked at before the first click on it. */
  lookAtFrame(): void {
    if (this.clicks.value || !this.config.can_edit || this.session.gone.value) return
    const question = { frame: this.session.frame.value, clicks: [], box: null, track: null, model: this.segmenter }
    this.store.smart.ask(question)
  }

  // ------------------------------------------------------------------ what may be done

  /** Whether this person may change shapes on the current frame; says why not. */
  mayDraw(): boolean {
    const gone = this.session.gone.value
    if (gone) {
      this.session.tell(gone.message)
      return false
    }
    if (this.config.archived) {
      this.session.tell(t('This project is archived: its annotations stay as they are.'), 'error')
      return false
    }
    if (!this.config.can_edit) {
      this.session.tell(t('You can look at this video; editing needs the role annotator or more.'), 'error')
      return false
    }
    const frame = this.session.frame.value
    if (this.config.editable_ranges.some(([first, last]) => frame >= first && frame <= last)) return true
    this.session.tell(this.whyNotHere(frame), 'error')
    return false
  }

  private whyNotHere(frame: FrameNumber): string {
    const { editable_ranges: editable, job } = this.config
    if (job && (frame < job.first || frame > job.last))
      return t('The open job covers frames {first}–{last}; frame {frame} lies outside of it.', {
        first: job.first,
        last: job.last,
        frame,
      })
    if (job) return t('The frames of this job are not yours to change.')
    const frames = editable.map(([first, last]) => `${first}–${last}`).join(', ')
    return frames ? t('Your job covers frames {frames}.', { frames }) : t('No job on this video is assigned to you.')
  }

  mayEdit(track: TrackId): boolean {
    if (!this.mayDraw()) return false
    const known = this.store.records.track(track)
    const span = known && verdictAt(known.verdicts, this.session.frame.value)
    if (span && isLockedFor(this, span)) {
      const { first, last } = span
      this.session.tell(
        t('Accepted and locked on frames {first}–{last}. Ask a reviewer to reopen it.', { first, last }),
        'error',
      )
      return false
    }
    if (!known?.locked) return true
    this.session.tell(
      t('This track is locked. Unlock it first ({key}).', { key: this.keymap.shown('track.lock') }),
      'error',
    )
    return false
  }

  // ------------------------------------------------------------------ after an edit

  /** A new object was drawn. */
  drew(track: TrackId): void {
    this.session.select(track)
    if (!this.keepsTool.value) this.useTool('select')
  }

  /** A new object was made by clicks, and is selected: with the tool kept, the next click begins another. */
  drewWithClicks(): void {
    if (this.keepsTool.value) this.session.select()
    else this.useTool('select')
  }

  /** Say where an undo or redo acted, and offer to go there. */
  acted(verb: 'Undid' | 'Redid', acted: Acted | null): void {
    if (!acted) return
    const elsewhere = acted.frame !== null && acted.frame !== this.session.frame.value
    this.session.tell(
      `${t(verb)}: ${acted.summary}${elsewhere ? ` (${t('frame {frame}', { frame: acted.frame })})` : ''}`,
      'info',
      elsewhere ? acted.frame : null,
    )
  }
}
