/** What the page that applies a model knows and does: the choice, and how everything that was begun stands. */
import { signal } from '@preact/signals'
import type { ApplyPage, SweepOut } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { uuid } from '@/core/ids'
import { Previews } from '@/store/previews'
import { lookAgain } from '../fresh'
import { firstChoice, wanted, type Choice } from './choice'

const POLL_MS = 1000

export class Applying {
  readonly choice
  readonly sweeps = signal<readonly SweepOut[] | null>(null)
  readonly beginning = signal(false)
  /** Why it could not begin. */
  readonly refused = signal('')
  /** Why what is shown isn't what is there. */
  readonly problem = signal('')
  readonly rest: Rest
  readonly previews: Previews
  private polling = false

  constructor(
    readonly page: ApplyPage,
    /** By video: how many tracks its main layer had when the page was loaded. */
    readonly tracks: Readonly<Record<string, number>>,
  ) {
    this.choice = signal(firstChoice(page))
    this.rest = new Rest(page.csrf_token)
    this.previews = new Previews(this.rest)
  }

  get isBusy(): boolean {
    return this.choice.value.videos.size > 0
  }

  choose(change: Partial<Choice>): void {
    this.choice.value = { ...this.choice.value, ...change }
    this.refused.value = ''
  }

  async begin(): Promise<void> {
    this.beginning.value = true
    this.refused.value = ''
    try {
      const body = wanted(this.choice.value, this.page, uuid())
      const begun = await this.rest.post('/api/projects/{project_id}/sweeps', {
        path: { project_id: this.page.project },
        body,
      })
      this.sweeps.value = [begun, ...(this.sweeps.value ?? [])]
      this.choose({ videos: new Set() })
      void this.refresh()
    } catch (error) {
      this.refused.value = messageOf(error)
    } finally {
      this.beginning.value = false
    }
  }

  /** Show how everything stands, and go on while an agent works at it. */
  async refresh(): Promise<void> {
    if (this.polling) return
    this.polling = true
    try {
      await this.fetch()
      while (this.sweeps.value?.some(({ state }) => state === 'running')) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        await this.fetch()
      }
    } catch (error) {
      this.problem.value = messageOf(error)
      if (error instanceof ApiError && error.isOut) lookAgain()
      if (error instanceof ApiError && error.status === 0) setTimeout(() => void this.refresh(), 5 * POLL_MS)
    } finally {
      this.polling = false
    }
  }

  /** Returns why it couldn't be done; empty: it was. */
  async step(sweep: SweepOut, step: string): Promise<string> {
    try {
      const now = await this.rest.post('/api/sweeps/{sweep_id}/steps', { path: { sweep_id: sweep.id }, body: { step } })
      this.sweeps.value = this.sweeps.value?.map((each) => (each.id === now.id ? now : each)) ?? null
      return ''
    } catch (error) {
      return messageOf(error)
    } finally {
      void this.refresh()
    }
  }

  /** Copy what a video got in a layer of its own into its main one. Returns why it couldn't be done; empty: it was. */
  async takeOver(sweep: SweepOut, video: number, labels: number[] | null): Promise<string> {
    try {
      const path = { sweep_id: sweep.id, video_id: video }
      const now = await this.rest.post('/api/sweeps/{sweep_id}/videos/{video_id}/take-over', { path, body: { labels } })
      this.sweeps.value = this.sweeps.value?.map((each) => (each.id === now.id ? now : each)) ?? null
      return ''
    } catch (error) {
      return messageOf(error)
    }
  }

  private async fetch(): Promise<void> {
    const path = { project_id: this.page.project }
    this.sweeps.value = await this.rest.get('/api/projects/{project_id}/sweeps', { path })
    this.problem.value = ''
  }
}

export const messageOf = (error: unknown): string => (error instanceof ApiError ? error.message : String(error))
