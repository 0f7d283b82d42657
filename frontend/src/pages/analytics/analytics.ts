/** What the page with a project's analytics knows and does. */
import { signal } from '@preact/signals'
import type { AnalyticsOut, AnalyticsPage, CountingOut, AnalyticsTable } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from '../fresh'

const POLL_MS = 700

/** Days from first to last, both included, as YYYY-MM-DD; empty: no bound. */
export interface Range {
  readonly first: string
  readonly last: string
}

export class Analytics {
  /** null: nothing has come yet. */
  readonly shown = signal<AnalyticsOut | null>(null)
  /** How counting stands; null: it isn't under way. */
  readonly counting = signal<CountingOut | null>(null)
  /** Why what is shown isn't what is there. */
  readonly problem = signal('')
  readonly range = signal<Range>(lastDays(30))
  readonly zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
  readonly rest: Rest
  private asked = 0

  constructor(readonly page: AnalyticsPage) {
    this.rest = new Rest(page.csrf_token)
  }

  /** Show what is counted, have the rest counted, and show all. */
  async refresh(): Promise<void> {
    await this.look()
    if (this.shown.value?.is_stale) await this.count()
  }

  async choose(range: Range): Promise<void> {
    this.range.value = range
    await this.look()
  }

  /** Have counted what is new. */
  async count(): Promise<void> {
    if (this.counting.value) return
    await this.trying(async () => {
      let how = await this.rest.post('/api/projects/{project_id}/analytics', { path: this.path })
      while (isOpen(how)) {
        this.counting.value = how
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        how = await this.rest.get('/api/projects/{project_id}/analytics/counting', { path: this.path })
      }
    })
    this.counting.value = null
    await this.look()
  }

  /** Where a table is as a file. */
  csvOf({ id }: AnalyticsTable): string {
    return `/api/projects/${this.page.project}/analytics/${id}.csv?${new URLSearchParams(this.query)}`
  }

  private get path() {
    return { project_id: this.page.project }
  }

  private get query(): Record<string, string> {
    const { first, last } = this.range.value
    return { zone: this.zone, ...(first && { first }), ...(last && { last }) }
  }

  private async look(): Promise<void> {
    const asked = ++this.asked
    await this.trying(async () => {
      const found = await this.rest.get('/api/projects/{project_id}/analytics', { path: this.path, query: this.query })
      if (asked !== this.asked) return
      this.shown.value = found
      this.problem.value = found.state === 'failed' ? found.message : ''
    })
  }

  private async trying(what: () => Promise<void>): Promise<void> {
    try {
      await what()
    } catch (error) {
      this.problem.value = error instanceof ApiError ? error.message : String(error)
      if (error instanceof ApiError && error.isOut) lookAgain()
    }
  }
}

const isOpen = ({ state }: CountingOut): boolean => state === 'queued' || state === 'running'

/** Today and the days before it, by the clock on the wall here. */
export function lastDays(count: number, today = new Date()): Range {
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - count + 1)
  return { first: dayOf(first), last: '' }
}

const dayOf = (date: Date): string =>
  [date.getFullYear(), String(date.getMonth() + 1).padStart(2, '0'), String(date.getDate()).padStart(2, '0')].join('-')

/** Days from the first to the last that is known, those without anything too: a chart has no holes. */
export function everyDay(known: readonly string[], most = 366): readonly string[] {
  const sorted = [...known].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (!first || !last) return []
  const found: string[] = []
  // Noon in UTC: no change of the clocks moves it to another day.
  for (let at = Date.parse(`${first}T12:00:00Z`); at <= Date.parse(`${last}T12:00:00Z`); at += 86_400_000)
    found.push(new Date(at).toISOString().slice(0, 10))
  return found.slice(-most)
}
