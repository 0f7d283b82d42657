/** Edits on their way to the server. Each is kept in the browser until the server has told everybody of it. */
import type { Edit as SentEdit } from '@/protocol/generated'
import { editFromWire, editToWire, type Edit } from './operations'

/** Where unsent edits outlive the page. */
export interface EditStorage {
  /** Oldest first. */
  load(): Promise<SentEdit[]>
  put(edit: SentEdit): Promise<void>
  remove(id: string): Promise<void>
}

interface Waiting {
  readonly edit: Edit
  readonly sent: SentEdit
}

export class Outbox {
  private waiting: Waiting[] = []

  constructor(
    private readonly storage: EditStorage,
    private readonly send: (edit: SentEdit) => boolean,
    private readonly onChange: (unsent: number) => void,
    private readonly onStorageFailed: () => void = () => undefined,
  ) {}

  /** Edits that wait, oldest first. */
  get edits(): readonly Edit[] {
    return this.waiting.map(({ edit }) => edit)
  }

  /** Edits that an earlier page left behind; from now on they wait before the ones made since. */
  async restore(): Promise<readonly Edit[]> {
    const left = await this.storage.load().catch(() => [])
    const known = new Set(this.waiting.map(({ edit }) => edit.id))
    const older = left.filter(({ id }) => !known.has(id)).map((sent) => ({ edit: editFromWire(sent), sent }))
    this.waiting = [...older, ...this.waiting]
    this.onChange(this.waiting.length)
    return older.map(({ edit }) => edit)
  }

  /** Keep an edit in the browser and send it, if there is a connection. */
  add(edit: Edit): void {
    const sent = editToWire(edit)
    this.waiting.push({ edit, sent })
    // Full or forbidden storage: the edit is still sent, it only wouldn't survive the page.
    this.storage.put(sent).catch(() => this.onStorageFailed())
    this.send(sent)
    this.onChange(this.waiting.length)
  }

  /** The connection is back: send everything that waits again, in order. The server counts an edit once. */
  resend(): void {
    for (const { sent } of this.waiting) if (!this.send(sent)) return
  }

  /** The server has it, or refuses it. Returns the edit; null if it isn't one of ours. */
  settle(id: string): Edit | null {
    const settled = this.waiting.find(({ edit }) => edit.id === id)
    if (!settled) return null
    this.waiting = this.waiting.filter((each) => each !== settled)
    this.storage.remove(id).catch(() => undefined)
    this.onChange(this.waiting.length)
    return settled.edit
  }
}
