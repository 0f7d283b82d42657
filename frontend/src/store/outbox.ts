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

interface Stored {
  readonly id: string
  readonly key: string
  /** Edits of one page share a clock; a counter orders those of one millisecond. */
  readonly order: readonly [time: number, count: number]
  readonly edit: SentEdit
}

/** Edits in IndexedDB, apart for each layer and person (`key`); two tabs may share them. */
export class IndexedEdits implements EditStorage {
  private readonly database: Promise<IDBDatabase>
  private count = 0

  constructor(private readonly key: string) {
    this.database = new Promise((resolve, reject) => {
      const request = indexedDB.open('framewise', 1)
      request.onupgradeneeded = () => {
        request.result.createObjectStore('edits', { keyPath: 'id' }).createIndex('order', ['key', 'order'])
      }
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('IndexedDB is closed'))
    })
    // Whoever uses it sees the failure; here it is only kept from being "unhandled".
    this.database.catch(() => undefined)
  }

  async load(): Promise<SentEdit[]> {
    const index = (await this.store('readonly')).index('order')
    const found = await done(index.getAll(IDBKeyRange.bound([this.key, [0]], [this.key, [Infinity]])))
    return (found as Stored[]).map(({ edit }) => edit)
  }

  async put(edit: SentEdit): Promise<void> {
    const stored: Stored = { id: edit.id, key: this.key, order: [Date.now(), this.count++], edit }
    await done((await this.store('readwrite')).put(stored))
  }

  async remove(id: string): Promise<void> {
    await done((await this.store('readwrite')).delete(id))
  }

  private async store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.database).transaction('edits', mode).objectStore('edits')
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'))
  })
}
