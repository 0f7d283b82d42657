/** Tools are small state machines: one gesture phase is one class, and a transition says with what it goes on. */
import type { Point } from '@/geometry/box'
import type { GeometryKind } from '@/geometry/kinds'
import type { Command } from './command'
import type { Editor } from './editor'

/** A pointer event, in both spaces. */
export interface PointerAt {
  /** px of the video frame */
  readonly point: Point
  /** CSS px of the canvas */
  readonly view: Point
  readonly shift: boolean
  /** Ctrl, or Cmd on a Mac */
  readonly ctrl: boolean
  readonly alt: boolean
}

export abstract class State<Payload> {
  constructor(
    protected readonly editor: Editor,
    protected readonly machine: Machine,
  ) {}

  onEnter(_payload: Payload): void {}
  onPointerDown(_at: PointerAt): void {}
  onPointerMove(_at: PointerAt): void {}
  onPointerUp(_at: PointerAt): void {}
  onDoubleClick(_at: PointerAt): void {}
  /** The person says by key that what is being drawn is complete. */
  onFinish(): void {}
  /** The person takes the last point back. */
  onBack(): void {}
  /** Escape, a lost pointer, another tool: leave everything as it was before the gesture. */
  onCancel(): void {}
  /** Whether the exact place of the pointer matters now: then crosshair and magnifier help. */
  get precise(): boolean {
    return this.cursor(null) === 'crosshair'
  }

  /** Whether the brush's tip is shown around the pointer. */
  get tip(): boolean {
    return false
  }

  /** Whether moves between two frames of the page count one by one. */
  get detailed(): boolean {
    return false
  }

  /** CSS cursor while the pointer is at `at`. */
  cursor(_at: PointerAt | null): string {
    return 'default'
  }
}

export type StateClass<Payload> = (new (editor: Editor, machine: Machine) => State<Payload>) & { readonly id: string }

/** One line of `tools/index.ts`. It says all that there is to know of it: its command, button and help come from this. */
export interface Tool {
  readonly id: string
  readonly label: string
  /** One sentence more, for the help overlay. */
  readonly help: string
  /** As in a command, and as there a person may have others. */
  readonly keys: readonly string[]
  readonly synonyms?: string
  /** SVG path of 16 x 16, drawn with lines in the colour of the text. */
  readonly icon: string
  /** What it draws; a project none of whose labels may be drawn so doesn't show it. */
  readonly kind?: GeometryKind
  /** Found by its key, in the palette and beside the tools it goes with, not in the tool bar. */
  readonly aside?: boolean
  readonly initial: StateClass<null>
}

/** The command that takes a tool up. */
export function commandOf({ id, label, help, keys, synonyms = '', icon }: Tool): Command {
  const command = { id: `tool.${id}`, label, help, keys, synonyms, icon }
  return { ...command, group: 'Tools', undoable: false, run: (editor) => editor.useTool(id) }
}

/** The current state of the current tool. */
export class Machine {
  private state: State<never>
  private id: string

  constructor(
    private readonly editor: Editor,
    private tool: Tool,
  ) {
    this.state = new tool.initial(editor, this)
    this.id = tool.initial.id
  }

  /** Whether a gesture is under way. */
  get busy(): boolean {
    return this.id !== this.tool.initial.id
  }

  /** e.g. "box.drawing" */
  get current(): string {
    return this.id
  }

  transition<Payload>(next: StateClass<Payload>, payload: Payload): void {
    const state = new next(this.editor, this)
    this.id = next.id
    this.state = state
    state.onEnter(payload)
  }

  /** Back to the tool's first state. */
  idle(): void {
    this.transition(this.tool.initial, null)
  }

  use(tool: Tool): void {
    if (tool.id === this.tool.id) return
    if (this.busy) this.cancel()
    this.tool = tool
    this.idle()
  }

  cancel(): void {
    this.state.onCancel()
  }

  get handler(): State<never> {
    return this.state
  }
}
