/** Where this person's work and somebody else's met, until the person has answered. */
import { signal, type Signal } from '@preact/signals-core'
import type { Conflict, MetOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'

/** One place where they met. */
export interface Met {
  readonly id: string
  /** Of the later edit: before it the other one's work is there. */
  readonly revision: number
  /** Whether the later edit is this person's. */
  readonly mine: boolean
  /** Who the other one is. */
  readonly other: string
  readonly conflict: Conflict
}

export class Conflicts {
  readonly open: Signal<readonly Met[]> = signal([], { name: 'conflicts' })
  private readonly known = new Set<string>()

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly me: number,
  ) {}

  /** An edit met others' work; tells whether that is this person's business. */
  note({ revision, edit, author, author_name: name, conflicts }: MetOut): void {
    const mine = author === this.me
    const concerning = conflicts.filter(
      (conflict) =>
        mine || (conflict.author === this.me && (conflict.outcome === 'replaced' || conflict.outcome === 'deleted')),
    )
    const met = concerning.map((conflict, index) => ({
      id: `${edit} ${index}`,
      revision,
      mine,
      other: (mine ? conflict.author_name : name) || 'Somebody',
      conflict,
    }))
    const fresh = met.filter(({ id }) => !this.known.has(id))
    if (!fresh.length) return
    for (const { id } of fresh) this.known.add(id)
    this.open.value = [...this.open.value, ...fresh]
  }

  /** What happened after `since`, while there was no connection. */
  async catchUp(since: number): Promise<void> {
    try {
      const { met } = await this.rest.get('/api/layers/{layer_id}/conflicts', {
        path: { layer_id: this.layer },
        query: { since },
      })
      for (const each of met) this.note(each)
    } catch {
      // The history has it all the same; nothing was lost.
    }
  }

  /** The person has answered. */
  dismiss(id: string): void {
    this.open.value = this.open.value.filter((met) => met.id !== id)
  }
}
