/** What the page Neural networks knows and does: the models that there are, and how machines stand right now. */
import { signal } from '@preact/signals'
import type { DownloadOut, LogOut, MachineOut, NetworkOut, NetworksOut, NetworksPage } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from '../fresh'
import { Sender } from './stored'

const POLL_MS = 2000
const LOG_EVERY_MS = 300
const LOG_TRIES = 20
/** While bytes come somewhere. */
const QUICK_MS = 700

export type Group = 'box' | 'mask' | 'points' | 'find' | 'click'

const POINTS = ['points', 'skeleton', 'polyline', 'polygon', 'rotated_box']

export const groupsOf = ({ task, takes }: NetworkOut): readonly Group[] => {
  if (task !== 'follow') return [task]
  const groups: Group[] = []
  if (takes.includes('box')) groups.push('box')
  if (takes.includes('mask')) groups.push('mask')
  if (takes.some((kind) => POINTS.includes(kind))) groups.push('points')
  return groups
}

export const isOpen = ({ state }: DownloadOut): boolean =>
  state === 'waiting' || state === 'downloading' || state === 'checking'

export type Wanted = 'load' | 'unload' | 'pin' | 'unpin'

/** What can be tried on a frame: a model of the catalogue, or a machine's own detector. */
export type Tryable = Pick<NetworkOut, 'id' | 'name' | 'task' | 'takes' | 'by_word'>

export class Networks {
  readonly now
  readonly group = signal<Group>('box')
  /** The model that somebody is about to get; null: none. */
  readonly getting = signal<NetworkOut | null>(null)
  /** The model that somebody tries, and the machine that they began from; null: none. */
  readonly trying = signal<{ readonly model: Tryable; readonly machine: number } | null>(null)
  /** Why what is shown isn't what is there. */
  readonly problem = signal('')
  readonly rest: Rest
  readonly sender: Sender
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly page: NetworksPage) {
    this.now = signal<NetworksOut>(page.now)
    this.rest = new Rest(page.csrf_token)
    this.sender = new Sender(this)
  }

  /** The machines that the person may put models on. */
  get manageable(): readonly MachineOut[] {
    return this.now.value.machines.filter(({ may_manage: may }) => may)
  }

  machinesWith(model: NetworkOut): readonly MachineOut[] {
    return this.now.value.machines.filter(({ ready }) => ready.includes(model.id))
  }

  /** The machines that a model can be tried on now, by who may. */
  tryableOn(model: string): readonly MachineOut[] {
    if (!this.page.may_try) return []
    return this.now.value.machines.filter(
      ({ state, resting, ready, own }) =>
        state === 'connected' &&
        !resting &&
        (ready.includes(model) || own.some(({ id, problem }) => id === model && !problem)),
    )
  }

  /** The machines that the person may put a model on, and that neither have it nor get it. */
  lacking(model: NetworkOut): readonly MachineOut[] {
    return this.manageable.filter(
      ({ ready, downloads }) =>
        !ready.includes(model.id) && !downloads.some((each) => each.model === model.id && isOpen(each)),
    )
  }

  /** What is under way of a model, and what failed and is still lacking, with its machine. */
  downloadsOf(model: NetworkOut): readonly (readonly [MachineOut, DownloadOut])[] {
    return this.now.value.machines.flatMap((machine) =>
      machine.downloads
        .filter((each) => each.model === model.id && (isOpen(each) || !machine.ready.includes(model.id)))
        .filter((each) => each.state !== 'cancelled')
        .map((each) => [machine, each] as const),
    )
  }

  /** Show how everything stands, and go on as long as somebody looks. */
  watch(): void {
    document.addEventListener('visibilitychange', () => this.again(0))
    this.again()
  }

  /** Look again in a moment, while somebody looks at the page. */
  private again(soon?: number): void {
    clearTimeout(this.timer)
    if (document.visibilityState !== 'visible') return
    const { machines, stored } = this.now.value
    const quick =
      machines.some(
        ({ downloads, loaded }) => downloads.some(isOpen) || loaded.some(({ state }) => state === 'loading'),
      ) || stored.some(({ state }) => state === 'checking')
    this.timer = setTimeout(() => void this.refresh().then(() => this.again()), soon ?? (quick ? QUICK_MS : POLL_MS))
  }

  async refresh(): Promise<void> {
    try {
      const path = { workspace_id: this.page.workspace }
      this.now.value = await this.rest.get('/api/workspaces/{workspace_id}/networks', { path })
      this.problem.value = ''
    } catch (error) {
      this.problem.value = messageOf(error)
      if (error instanceof ApiError && error.isOut) lookAgain()
    }
  }

  /** Returns why it couldn't be begun; empty: it was. */
  async get(machine: number, model: string, accepted: boolean): Promise<string> {
    return await this.attempt(async () => {
      this.now.value = await this.rest.post('/api/machines/{agent_id}/downloads', {
        path: { agent_id: machine },
        body: { workspace: this.page.workspace, model, accepted },
      })
    })
  }

  /** Begin or end the maintenance of a machine. */
  async maintain(machine: number, resting: boolean): Promise<string> {
    return await this.attempt(async () => {
      this.now.value = await this.rest.post('/api/machines/{agent_id}/resting', {
        path: { agent_id: machine },
        body: { workspace: this.page.workspace, resting },
      })
    })
  }

  /** Let so many runs of the workspace be under way at once at most; null: any number. */
  async limit(runs: number | null): Promise<string> {
    return await this.attempt(async () => {
      this.now.value = await this.rest.post('/api/workspaces/{workspace_id}/limit', {
        path: { workspace_id: this.page.workspace },
        body: { runs_at_once: runs },
      })
    })
  }

  /** Change what is in the memory of a machine. */
  async change(machine: number, model: string, wanted: Wanted): Promise<string> {
    return await this.attempt(async () => {
      this.now.value = await this.rest.post('/api/machines/{agent_id}/memory', {
        path: { agent_id: machine },
        body: { workspace: this.page.workspace, model, wanted },
      })
    })
  }

  /** The lines of a machine's log behind the one of this number; null: it hasn't answered within some seconds. Throws
   * where it can't be asked. */
  async log(machine: number, after: number): Promise<LogOut | null> {
    const { ask } = await this.rest.post('/api/machines/{agent_id}/log', {
      path: { agent_id: machine },
      body: { after },
    })
    for (let tries = 0; tries < LOG_TRIES; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, LOG_EVERY_MS))
      const told = await this.rest.get('/api/machines/{agent_id}/log/{ask}', { path: { agent_id: machine, ask } })
      if (told.told) return told
    }
    return null
  }

  async cancel(machine: number, model: string): Promise<string> {
    const path = { agent_id: machine, model }
    return await this.attempt(async () => {
      await this.rest.delete('/api/machines/{agent_id}/downloads/{model}', { path })
      await this.refresh()
    })
  }

  async removeStored(id: string): Promise<string> {
    return await this.attempt(async () => {
      await this.rest.delete('/api/stored-weights/{weights_id}', { path: { weights_id: id } })
      await this.refresh()
    })
  }

  private async attempt(work: () => Promise<unknown>): Promise<string> {
    try {
      await work()
      return ''
    } catch (error) {
      return messageOf(error)
    } finally {
      this.again()
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof ApiError ? error.message : String(error))
