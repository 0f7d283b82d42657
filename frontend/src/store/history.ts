/** What this person did and can take back, per edit; tracker results and other people's edits never enter. */
import { signal, type Signal } from '@preact/signals-core'
import type { HistoryEvent } from '@/protocol/generated'
import { fromWire, type Operation } from './operations'

export interface Entry {
  readonly edit: string
  readonly summary: string
  /** Operations that take the edit back. */
  readonly inverse: readonly Operation[]
  /** Operations that do it again after that; absent for an edit from before a reload. */
  readonly again?: readonly Operation[]
  /** Predictions that a tracker replaces because of it: they come back with what the edit changed. */
  readonly replaced?: readonly Operation[]
  /** The run that found what the edit made. */
  readonly run?: string
}

const DEEPEST = 500

export class History {
  /** Words for the next undo and redo; null: nothing to do. */
  readonly canUndo: Signal<string | null> = signal(null, { name: 'canUndo' })
  readonly canRedo: Signal<string | null> = signal(null, { name: 'canRedo' })
  private readonly done: Entry[] = []
  private readonly undone: Entry[] = []

  /** A new edit: what was taken back before it can't come again. */
  push(entry: Entry): void {
    this.done.push(entry)
    if (this.done.length > DEEPEST) this.done.shift()
    this.undone.length = 0
    this.announce()
  }

  /** What a run found: all of it is one step, also when it comes bit by bit. */
  pushFound(run: string | null, entry: Entry): void {
    if (run === null) this.push(entry)
    else if (!this.merged(run, entry)) this.push({ ...entry, run })
    this.announce()
  }

  /** The newest edit makes a tracker replace predictions, which `operation` brings back. */
  noteReplaced(operation: Operation): void {
    const newest = this.done.pop()
    if (newest) this.done.push({ ...newest, replaced: [...(newest.replaced ?? []), operation] })
  }

  /** What would be taken back next, or done again. */
  next(way: 'undo' | 'redo'): Entry | null {
    return (way === 'undo' ? this.done : this.undone).at(-1) ?? null
  }

  /** The edit to take back next; it is no longer on the stack. */
  takeUndo(): Entry | null {
    return this.taken(this.done)
  }

  /** The edit to do again next; it is no longer on the stack. */
  takeRedo(): Entry | null {
    return this.taken(this.undone)
  }

  /** An edit was taken back by `entry`, whose inverse does it again. */
  pushUndone(entry: Entry): void {
    this.undone.push(entry)
    this.announce()
  }

  /** Something undone was done again. */
  pushRedone(entry: Entry): void {
    this.done.push(entry)
    this.announce()
  }

  /** The server refused an edit, so there is nothing to take back. */
  forget(edit: string): void {
    for (const stack of [this.done, this.undone]) {
      const index = stack.findIndex((entry) => entry.edit === edit)
      if (index >= 0) stack.splice(index, 1)
    }
    this.announce()
  }

  /** The server merged an edit with others' work: what takes it back is another thing now. */
  correct(edit: string, inverse: readonly Operation[]): void {
    for (const stack of [this.done, this.undone]) {
      const index = stack.findIndex((entry) => entry.edit === edit)
      if (index >= 0) stack[index] = { ...stack[index]!, inverse }
    }
  }

  /** After a reload: what the server remembers of this person's edits, newest first. */
  rebuild(events: readonly HistoryEvent[]): void {
    this.done.length = 0
    this.undone.length = 0
    for (const event of [...events].reverse()) {
      if (!event.inverse) continue
      const entry: Entry = { edit: event.edit, summary: event.summary, inverse: event.inverse.map(fromWire) }
      if (event.undoes === null) {
        if (event.kind !== 'run' || event.run === null) this.done.push(entry)
        else if (!this.merged(event.run, entry)) this.done.push({ ...entry, run: event.run })
        this.undone.length = 0
      } else if (removed(this.done, event.undoes)) this.undone.push(entry)
      else if (removed(this.undone, event.undoes)) this.done.push(entry)
    }
    this.announce()
  }

  private merged(run: string, entry: Entry): boolean {
    const index = this.done.findIndex((each) => each.run === run)
    const before = this.done[index]
    if (!before) return false
    const again = before.again && entry.again && { again: [...before.again, ...entry.again] }
    const inverse = [...entry.inverse, ...before.inverse]
    this.done[index] = { edit: before.edit, run, summary: `Found ${inverse.length} objects`, inverse, ...again }
    return true
  }

  private taken(stack: Entry[]): Entry | null {
    const entry = stack.pop() ?? null
    this.announce()
    return entry
  }

  private announce(): void {
    this.canUndo.value = this.done.at(-1)?.summary ?? null
    this.canRedo.value = this.undone.at(-1)?.summary ?? null
  }
}

function removed(stack: Entry[], edit: string): boolean {
  const index = stack.findIndex((entry) => entry.edit === edit)
  if (index < 0) return false
  stack.splice(index, 1)
  return true
}
