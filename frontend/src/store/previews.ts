/** What a detector sees on one frame, before it is let loose: asked of a machine once, and judged here as often as
 * somebody changes what they want of it. */
import { signal, type Signal } from '@preact/signals-core'
import { uuid } from '@/core/ids'
import type { Box } from '@/geometry/box'
import type { PreviewIn, PreviewOut, SeenOut, TryIn } from '@/protocol/generated'
import { ApiError, type Rest } from '@/protocol/rest'
import type { FrameNumber } from './types'

const AGAIN_MS = 300

/** How sure must be what is asked for: lower thresholds ask once more. */
export const LEAST = 0.05

export interface Wishes {
  /** The labels of classes, by name; others are left out. */
  readonly labels: ReadonlyMap<string, number>
  /** 0..1 */
  readonly confidence: number
  /** In px of the frame; null: the whole frame. */
  readonly region: Box | null
  /** Whether an association links what is seen: then all boxes count, however much they overlap. */
  readonly linked: boolean
}

/** What becomes of an object: it is found, or why it isn't. */
export type Fate = 'found' | 'class' | 'unsure' | 'same' | 'outside'

export interface Judged {
  readonly seen: SeenOut
  readonly fate: Fate
  /** What its class becomes; null: nothing. */
  readonly label: number | null
}

/** Of one class: how many are found, and how many are left out, by why. */
export interface ClassCount {
  readonly name: string
  readonly label: number | null
  readonly found: number
  readonly left: Readonly<Partial<Record<Fate, number>>>
}

/** What a run that looks at this frame would make of what is there. Pure. */
export function judge(seen: readonly SeenOut[], wishes: Wishes): readonly Judged[] {
  const taken = new Set<number>()
  return seen.map((each, index) => {
    const fate = fateOf(each, wishes, taken)
    // As in a run: what lies outside the region keeps others away that show the same.
    if (fate === 'found' || fate === 'outside') taken.add(index)
    return { seen: each, fate, label: wishes.labels.get(each.label) ?? null }
  })
}

function fateOf({ label, confidence, box, same }: SeenOut, wishes: Wishes, taken: ReadonlySet<number>): Fate {
  if (!wishes.labels.has(label)) return 'class'
  if (confidence < wishes.confidence) return 'unsure'
  if (!wishes.linked && same.some((before) => taken.has(before))) return 'same'
  return wishes.region && !isInside(box, wishes.region) ? 'outside' : 'found'
}

/** Whether the middle of a box lies in a region. */
function isInside([x1, y1, x2, y2]: SeenOut['box'], region: Box): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2]
  return region[0] <= x && x <= region[2] && region[1] <= y && y <= region[3]
}

/** Each class that is on the frame: those of which something is found first, then by how many there are. Pure. */
export function countClasses(judged: readonly Judged[]): readonly ClassCount[] {
  const counts = new Map<
    string,
    { name: string; label: number | null; found: number; left: Partial<Record<Fate, number>> }
  >()
  for (const { seen, fate, label } of judged) {
    const count = counts.get(seen.label) ?? { name: seen.label, label, found: 0, left: {} }
    if (fate === 'found') count.found++
    else count.left[fate] = (count.left[fate] ?? 0) + 1
    counts.set(seen.label, count)
  }
  return [...counts.values()].sort((a, b) => b.found - a.found || leftOf(b) - leftOf(a) || a.name.localeCompare(b.name))
}

/** How many are left out of a class. */
export const leftOf = ({ left }: ClassCount): number => Object.values(left).reduce((sum, count) => sum + count, 0)

/** What looks, how sure it is at least (0..1), and for which words: of one that knows classes none. */
export interface Asked {
  readonly finder: string
  readonly confidence: number
  readonly words: readonly string[]
}

export class Previews {
  /** The one that was asked for last; null: none, or it was dropped. */
  readonly latest: Signal<PreviewOut | null> = signal(null, { name: 'preview' })
  /** The words that it looks for; none: its detector knows classes. */
  readonly words: Signal<readonly string[]> = signal([], { name: 'previewWords' })
  readonly asking: Signal<boolean> = signal(false, { name: 'askingForPreview' })
  /** Why there is none; empty: nothing is wrong. */
  readonly problem: Signal<string> = signal('', { name: 'previewProblem' })
  /** The one that is waited for. */
  private wanted = ''

  constructor(private readonly rest: Rest) {}

  /** Have a machine look; what was asked before is dropped. */
  async ask(video: number, frame: FrameNumber, { finder, confidence, words }: Asked): Promise<void> {
    void this.drop()
    const body: PreviewIn = { id: uuid(), finder, frame, confidence: Math.min(confidence, LEAST), words: [...words] }
    this.words.value = words
    await this.until(body.id, () =>
      this.rest.post('/api/videos/{video_id}/previews', { path: { video_id: video }, body }),
    )
  }

  /** Have a machine try a model; what was asked before is dropped. */
  async try(machine: number, wanted: Omit<TryIn, 'id'>): Promise<void> {
    void this.drop()
    const body: TryIn = { id: uuid(), ...wanted }
    await this.until(body.id, () =>
      this.rest.post('/api/machines/{agent_id}/tries', { path: { agent_id: machine }, body }),
    )
  }

  /** Ask for the preview `id`, and look how it stands until it has ended or nobody waits for it. */
  private async until(id: string, ask: () => Promise<PreviewOut>): Promise<void> {
    this.wanted = id
    this.asking.value = true
    try {
      this.take(await ask(), id)
      while (this.wanted === id && isUnderWay(this.latest.value)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        if (this.wanted !== id) break
        this.take(await this.rest.get('/api/previews/{preview_id}', { path: { preview_id: id } }), id)
      }
    } catch (error) {
      if (this.wanted === id) this.fail(inWords(error))
    } finally {
      if (this.wanted === id) this.asking.value = false
    }
  }

  /** Wait for none, and show none. */
  async drop(): Promise<void> {
    const dropped = this.wanted
    this.wanted = ''
    this.asking.value = false
    this.latest.value = null
    this.problem.value = ''
    if (!dropped) return
    try {
      await this.rest.delete('/api/previews/{preview_id}', { path: { preview_id: dropped } })
    } catch (error) {
      // It ends by itself; whoever it belongs to waits for it no more.
      if (!(error instanceof ApiError)) throw error
    }
  }

  private take(preview: PreviewOut, wanted: string): void {
    if (this.wanted !== wanted) return
    if (preview.state === 'failed') this.fail(preview.message)
    else this.latest.value = preview
  }

  private fail(why: string): void {
    this.latest.value = null
    this.problem.value = why
  }
}

const isUnderWay = (preview: PreviewOut | null) => preview !== null && preview.state !== 'done'

const inWords = (error: unknown) => (error instanceof Error ? error.message : String(error))
