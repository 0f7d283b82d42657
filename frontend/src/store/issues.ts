/** What people say to each other about this layer. Everything here is on the server; drafts alone are this browser's. */
import { signal, type Signal } from '@preact/signals-core'
import type { CommentOut, IssueChanged, IssueOut, NotificationsOut, Notified, PeopleOut } from '@/protocol/generated'
import type { ThreadOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import { Drafts, NEW } from './drafts'

export type Issue = IssueOut
export type Comment = CommentOut
export type Thread = ThreadOut
export type IssuePerson = PeopleOut['people'][number]

export class Issues {
  readonly all: Signal<ReadonlyMap<string, Issue>> = signal(new Map(), { name: 'issues' })
  /** Whether those of the layer were fetched. */
  readonly loaded = signal(false, { name: 'issuesLoaded' })
  /** Of the issue that is looked at; null: none is, or its comments aren't here yet. */
  readonly comments: Signal<readonly Comment[] | null> = signal(null, { name: 'comments' })
  /** Who can be called. */
  readonly people: Signal<readonly IssuePerson[]> = signal([], { name: 'issuePeople' })
  /** Notifications that this person hasn't read. */
  readonly unread = signal(0, { name: 'unread' })
  /** Why something couldn't be done or read; empty: nothing is wrong. */
  readonly problem = signal('', { name: 'issueProblem' })
  readonly sending = signal(false, { name: 'sending' })
  readonly drafts: Drafts
  private watched: string | null = null
  /** What is known of the comments that are here. */
  private version = 0

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    key: string,
    /** Hands on what is told in passing. */
    private readonly tell: (message: string) => void,
  ) {
    this.drafts = new Drafts(`framewise/comments/${key}`)
  }

  // ------------------------------------------------------------------ what comes

  /** The connection is there, for the first time or again: what was said meanwhile is fetched. */
  greeted(unread: number): void {
    this.unread.value = unread
    void this.load()
  }

  note({ id, issue }: IssueChanged): void {
    if (issue) this.take(issue)
    else this.forget(id)
  }

  notified({ unread, message }: Notified): void {
    this.unread.value = unread
    if (message) this.tell(message)
  }

  private async load(): Promise<void> {
    await this.attempt(async () => {
      const { issues } = await this.rest.get('/api/layers/{layer_id}/issues', { path: { layer_id: this.layer } })
      const before = this.all.peek()
      // What came by the socket meanwhile may be newer.
      this.all.value = new Map(issues.map((issue) => [issue.id, newer(before.get(issue.id), issue)]))
      if (this.watched !== null && !this.all.value.has(this.watched)) this.forget(this.watched)
      this.freshen()
      this.loaded.value = true
    })
  }

  private take(issue: Issue): void {
    const before = this.all.peek()
    if (newer(before.get(issue.id), issue) !== issue) return
    this.all.value = new Map([...before, [issue.id, issue]])
    this.freshen()
  }

  private forget(id: string): void {
    this.all.value = new Map([...this.all.peek()].filter(([each]) => each !== id))
    if (this.watched !== id) return
    this.watched = null
    this.comments.value = null
  }

  // ------------------------------------------------------------------ reading

  /** Look at an issue's comments from now on; null: at none. */
  watch(id: string | null): void {
    if (id === this.watched) {
      this.noteRead()
      return
    }
    this.watched = id
    this.comments.value = null
    this.version = 0
    this.problem.value = ''
    this.freshen()
    this.noteRead()
  }

  /** What lies open in a window that nobody sees isn’t read. */
  private noteRead(): void {
    const seen = typeof document === 'undefined' || document.visibilityState !== 'hidden'
    if (this.watched !== null && seen && this.unread.peek() > 0) void this.markRead(this.watched)
  }

  private freshen(): void {
    const id = this.watched
    if (id === null || this.version >= (this.all.peek().get(id)?.version ?? 1)) return
    void this.attempt(async () => this.learn(await this.rest.get('/api/issues/{issue_id}', { path: { issue_id: id } })))
  }

  private learn(thread: Thread): void {
    if (thread.issue.id === this.watched && thread.issue.version >= this.version) {
      this.version = thread.issue.version
      this.comments.value = thread.comments
      this.noteRead()
    }
    this.take(thread.issue)
  }

  async loadPeople(): Promise<void> {
    if (this.people.peek().length) return
    await this.attempt(async () => {
      const path = { layer_id: this.layer }
      this.people.value = (await this.rest.get('/api/layers/{layer_id}/people', { path })).people
    })
  }

  notifications(before: number | null = null): Promise<NotificationsOut> {
    return this.rest.get('/api/me/notifications', { query: { before } })
  }

  /** Of one issue; null: all of them. */
  async markRead(issue: string | null): Promise<void> {
    try {
      const { unread } = await this.rest.post('/api/me/notifications/read', { body: { issue } })
      this.unread.value = unread
    } catch {
      // They stay unread, and are shown as such.
    }
  }

  // ------------------------------------------------------------------ saying something

  /** Open the issue that is drafted. Returns its id; null: it couldn't be, and the draft stays. */
  async open(): Promise<string | null> {
    const draft = this.drafts.of(NEW)
    if (!draft?.opens || !draft.text.trim()) return null
    const { issue: id, place } = draft.opens
    const body = { id, comment: draft.id, text: draft.text, ...place, region: place.region && [...place.region] }
    const path = { layer_id: this.layer }
    const done = await this.send(async () => {
      const sent = { path, body: body as typeof body & { region: [number, number, number, number] | null } }
      this.learn(await this.rest.post('/api/layers/{layer_id}/issues', sent))
      this.drafts.drop(NEW)
    })
    return done ? id : null
  }

  /** Say what is drafted for an issue. Returns whether it is on the server; if not, the draft stays. */
  reply(id: string): Promise<boolean> {
    const draft = this.drafts.of(id)
    if (!draft?.text.trim()) return Promise.resolve(false)
    return this.send(async () => {
      const sent = { path: { issue_id: id }, body: { id: draft.id, text: draft.text } }
      this.learn(await this.rest.post('/api/issues/{issue_id}/comments', sent))
      this.drafts.drop(id)
    })
  }

  settle(id: string, resolved: boolean): Promise<boolean> {
    return this.send(async () =>
      this.learn(await this.rest.patch('/api/issues/{issue_id}', { path: { issue_id: id }, body: { resolved } })),
    )
  }

  change(comment: string, text: string): Promise<boolean> {
    return this.send(async () => {
      const path = { comment_id: comment }
      const changed = await this.rest.patch('/api/comments/{comment_id}', { path, body: { text } })
      this.comments.value = this.comments.peek()?.map((each) => (each.id === changed.id ? changed : each)) ?? null
    })
  }

  /** With its last text an issue goes. */
  remove(issue: string, comment: string): Promise<boolean> {
    return this.send(async () => {
      const left = await this.rest.delete('/api/comments/{comment_id}', { path: { comment_id: comment } })
      if (left) this.learn(left)
      else this.forget(issue)
    })
  }

  private async send(work: () => Promise<void>): Promise<boolean> {
    if (this.sending.peek()) return false
    this.sending.value = true
    try {
      return await this.attempt(work)
    } finally {
      this.sending.value = false
    }
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    this.problem.value = ''
    try {
      await work()
      return true
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error)
      return false
    }
  }
}

const newer = (known: Issue | undefined, issue: Issue): Issue =>
  known && known.version > issue.version ? known : issue
