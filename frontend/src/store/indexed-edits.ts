/** Edits in IndexedDB, where they outlive the page. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Edit } from '@/protocol/generated'
import type { EditStorage } from './outbox'

/** Written by every version of this page: what an older one left unsent is sent by a newer one. */
interface Schema extends DBSchema {
  readonly edits: {
    key: string
    value: {
      readonly id: string
      readonly key: string
      /** Edits of one page share a clock; a counter orders those of one millisecond. */
      readonly order: readonly [time: number, count: number]
      readonly edit: Edit
    }
    indexes: { order: [key: string, order: number[]] }
  }
}

/** Apart for each layer and person (`key`); two tabs may share them. */
export class IndexedEdits implements EditStorage {
  private database: Promise<IDBPDatabase<Schema>> | null = null
  private count = 0

  constructor(private readonly key: string) {}

  async load(): Promise<Edit[]> {
    const mine = IDBKeyRange.bound([this.key, [0]], [this.key, [Infinity]])
    return (await (await this.opened()).getAllFromIndex('edits', 'order', mine)).map(({ edit }) => edit)
  }

  async put(edit: Edit): Promise<void> {
    // Taken now: edits keep their order, however long the database takes to open.
    const order = [Date.now(), this.count++] as const
    await (await this.opened()).put('edits', { id: edit.id, key: this.key, order, edit })
  }

  async remove(id: string): Promise<void> {
    await (await this.opened()).delete('edits', id)
  }

  /** The database; opened anew where the browser closed it, or could not open it before. */
  private opened(): Promise<IDBPDatabase<Schema>> {
    if (this.database) return this.database
    const closed = () => (this.database = null)
    this.database = openDB<Schema>('framewise', 1, {
      upgrade: (database) => {
        database.createObjectStore('edits', { keyPath: 'id' }).createIndex('order', ['key', 'order'])
      },
      // A newer version of the page waits in another tab until this one lets go.
      blocking: (_old, _new, { target }) => {
        ;(target as IDBDatabase).close()
        closed()
      },
      terminated: closed,
    })
    this.database.catch(closed)
    return this.database
  }
}
