/** The editor without a page: tests point, press keys, and look at what came of it. Nothing is rendered. */
import { COMMANDS } from '@/editor/commands'
import { Editor, type Registries } from '@/editor/editor'
import type { PointerAt } from '@/editor/tool'
import { TOOLS } from '@/editor/tools'
import { turnedAt, viewToVideo } from '@/geometry/view-transform'
import type { ClientMessage, Operation } from '@/protocol/generated'
import { Flag, keyframeBox, makeRow, pack } from '@/store/chunks'
import type { BoxPx, EditorConfig, FrameNumber, Row, TrackId } from '@/store/types'
import { StoreBench } from './fakes'

type Keys = Partial<Pick<PointerAt, 'shift' | 'ctrl' | 'alt'>>

export class TestEditor {
  readonly bench: StoreBench
  readonly editor: Editor
  fits = 0
  /** The panel that was given the focus last. */
  focused = ''

  private constructor(config: Partial<EditorConfig>, registries: Partial<Registries>) {
    this.bench = new StoreBench(undefined, config)
    this.editor = new Editor(
      this.bench.store,
      {
        fit: () => this.fits++,
        turn: (by) => this.turn(by),
        toggleFullScreen: () => undefined,
        focusNext: () => undefined,
        focusPanel: (id) => (this.focused = id),
      },
      { tools: TOOLS, commands: COMMANDS, ...registries },
    )
  }

  /** An editor on an empty layer of 1000 frames of 640 x 360 px, connected, view 1:1. */
  static async open(config: Partial<EditorConfig> = {}, registries: Partial<Registries> = {}): Promise<TestEditor> {
    const test = new TestEditor(config, registries)
    await test.bench.store.open()
    // All of the video, so that nothing that a test does waits for rows from elsewhere.
    test.bench.store.loader.want(600)
    await new Promise((resolve) => setTimeout(resolve))
    test.bench.connect()
    return test
  }

  get session() {
    return this.editor.session
  }

  get store() {
    return this.bench.store
  }

  get state(): string {
    return this.editor.machine.current
  }

  private turn(by: 1 | -1): void {
    this.session.view.value = turnedAt(this.session.view.value, { x: 320, y: 180 }, by)
  }

  // ------------------------------------------------------------------ hands

  /** Coordinates are CSS px of the canvas; the view is 1:1 until a test changes it. */
  pointerDown(x: number, y: number, keys: Keys = {}): this {
    this.editor.machine.handler.onPointerDown(this.at(x, y, keys))
    return this
  }

  pointerMove(x: number, y: number, keys: Keys = {}): this {
    this.editor.machine.handler.onPointerMove(this.at(x, y, keys))
    return this
  }

  pointerUp(x: number, y: number, keys: Keys = {}): this {
    this.editor.machine.handler.onPointerUp(this.at(x, y, keys))
    return this
  }

  /** Press, move in two steps, release. */
  drag(from: readonly [number, number], to: readonly [number, number], keys: Keys = {}): this {
    const half = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] as const
    return this.pointerDown(...from, keys)
      .pointerMove(...half, keys)
      .pointerMove(...to, keys)
      .pointerUp(...to, keys)
  }

  click(x: number, y: number, keys: Keys = {}): this {
    return this.pointerDown(x, y, keys).pointerUp(x, y, keys)
  }

  doubleClick(x: number, y: number): this {
    this.editor.machine.handler.onDoubleClick(this.at(x, y, {}))
    return this
  }

  /** Do what a key does, e.g. "Ctrl+Z". */
  press(key: string): this {
    const command = this.editor.keymap.commandFor(key, this.editor.machine.busy)
    if (!command) throw new Error(`No command has the key ${key}.`)
    this.editor.perform(command)
    return this
  }

  /** Do a command by its id. */
  command(id: string): this {
    this.editor.perform(id)
    return this
  }

  /** Answer the question that is open with yes. */
  confirm(): this {
    const question = this.editor.question.value
    if (!question) throw new Error('No question is open.')
    this.editor.question.value = null
    question.onConfirm()
    return this
  }

  // ------------------------------------------------------------------ what is there

  /** A track with keyframe boxes. */
  given(boxes: Readonly<Record<FrameNumber, BoxPx>>, label = 1): TrackId {
    return this.store.transact('Given', (tx) => {
      const track = tx.createTrack({ label })
      tx.putRows(
        track,
        Object.entries(boxes).map(([frame, box]) => keyframeBox(Number(frame), box)),
      )
      return track
    })
  }

  /** Predictions of a run, as they come over the live channel. */
  predict(track: TrackId, frames: readonly FrameNumber[], box: BoxPx, run = 'run', flags = 0): this {
    const table = pack(
      0,
      frames.map((frame) => makeRow(frame, 0, Flag.predicted | flags, 65535, box)),
    )
    this.store.receivePredictions({
      header: { type: 'predictions', run, sequence: 1, tables: [{ track, epoch: 0, bytes: table.length }], missed: [] },
      tables: [table],
    })
    return this
  }

  /** Box of a track on a frame, rounded; null where it shows nothing. */
  box(track: TrackId, frame = this.session.frame.value): readonly number[] | null {
    return this.store.queries.shapeAt(track, frame)?.bounds.map((value) => Math.round(value)) ?? null
  }

  row(track: TrackId, frame = this.session.frame.value): Row | null {
    return this.store.queries.rowAt(track, frame)
  }

  get selection(): TrackId[] {
    return [...this.session.selection.value]
  }

  get tracks(): TrackId[] {
    return [...this.store.records.tracks.value.values()].filter((track) => !track.deleted).map(({ id }) => id)
  }

  /** What was sent of one type, oldest first. */
  sent<Type extends ClientMessage['type']>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.bench.sent.filter((message): message is Extract<ClientMessage, { type: Type }> => message.type === type)
  }

  /** Operations of every edit sent. */
  get operations(): Operation[] {
    return this.sent('edit').flatMap((edit) => edit.operations)
  }

  private at(x: number, y: number, keys: Keys): PointerAt {
    const view = { x, y }
    return { view, point: viewToVideo(this.session.view.value, view), shift: false, ctrl: false, alt: false, ...keys }
  }
}
