/**
 * Everything the editor knows, and the only way to change it. A person's edit is applied here at once, kept in the
 * outbox, and sent; the event that comes back is its acknowledgement. Events of others, and predictions, are applied as
 * they come, with this person's unacknowledged edits done again on top.
 */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { assertNever } from '@/core/assert'
import { fromBase64 } from '@/core/base64'
import { uuid } from '@/core/ids'
import { t } from '@/core/text'
import type {
  EventOut,
  Gone,
  HistoryOut,
  Predictions,
  Rights as RightsMessage,
  Surroundings as SurroundingsMessage,
  ServerMessage,
} from '@/protocol/generated'
import { brokenRule, type Picture } from '@/geometry/checks'
import { MOST_POINTS } from '@/protocol/generated'
import type { PredictionsMessage } from '@/protocol/live'
import { ChangeLog } from './change-log'
import { pack, rowAt, unpack, type Table } from './chunks'
import { Comparing } from './comparing'
import { Conflicts } from './conflicts'
import { Former } from './former'
import { History, type Entry } from './history'
import { Inspections } from './inspections'
import { Joins } from './joins'
import { Previews } from './previews'
import { Issues } from './issues'
import { Layers } from './layers'
import { Loader, type LoadedWindow } from './loader'
import { editToWire, fromWire, tablesOf, type Edit, type LayerEvent, type Operation } from './operations'
import { Overview } from './overview'
import { Outbox, type EditStorage } from './outbox'
import { LivePredictions } from './predictions'
import { Queries } from './queries'
import { Records } from './records'
import { Refusals } from './refusals'
import { Restorer } from './restorer'
import { Runs, type StoredClicks } from './runs'
import { Smart } from './smart'
import { changeInWords, NO_RIGHTS, rightsIn, rightsOf, type Rights } from './rights'
import { Session } from './session'
import { united, without, type Frames } from './stretches'
import { currentConfig, isAnotherVideo, newsOf, surroundingsIn, type Surroundings } from './surroundings'
import { piecesOf } from './pieces'
import { placeOf, Transaction } from './transaction'
import type { EditorConfig, FrameNumber, Person, Row, Track, TrackId } from './types'
import { acceptedIn } from './verdicts'
import { Watched } from './watched'
import type { Rest } from '@/protocol/rest'
import type { ClientMessage } from '@/protocol/generated'

/** Where an undo or redo acted, to tell the person, who may be looking elsewhere. */
export interface Acted {
  readonly summary: string
  readonly frame: FrameNumber | null
  readonly tracks: readonly TrackId[]
}

/** A gesture under way: its latest state is shown, nothing is sent until it is committed. */
export interface Gesture {
  /** Replace what the gesture did so far by what `work` does. */
  update(work: (tx: Transaction) => void): void
  commit(): void
  cancel(): void
}

/** What the store needs of the page. */
export interface StoreDeps {
  readonly rest: Rest
  readonly edits: EditStorage
  /** Where edits are kept that the server refused. */
  readonly refused: EditStorage
  /** Hands a message to the live channel; false when there is no connection. */
  readonly send: (message: ClientMessage) => boolean
}

const EVENTS_KEPT = 400
/** What shapes may take in this page, apart from their bounds, before those far from the playhead are forgotten. */
const MOST_BYTES = 192 * 2 ** 20
/** Above this share of what stayed after the last time, it is tried again: all of it may be needed. */
const AGAIN = 1.25

export class EditorStore {
  readonly records = new Records()
  readonly queries = new Queries(this.records, (track, row) => this.isSound(track, row))
  readonly history = new History()
  readonly session: Session
  readonly people: Signal<readonly Person[]> = signal([], { name: 'people' })
  readonly runs: Runs
  readonly smart: Smart
  readonly loader: Loader
  readonly overview: Overview
  readonly changes: ChangeLog
  readonly inspections: Inspections
  readonly joins: Joins
  readonly previews: Previews
  readonly issues: Issues
  readonly restorer: Restorer
  readonly layers: Layers
  readonly comparing: Comparing
  readonly refusals: Refusals
  readonly conflicts: Conflicts
  readonly former: Former
  readonly config: EditorConfig
  /** What this person may do, which may change while the page is open; `config` always says it as it is now. */
  readonly rights: Signal<Rights>
  /** Names, labels and the job that is open, as they are now; `config` always says them so. */
  readonly surroundings: Signal<Surroundings>
  /** This browser's connection, to tell oneself from others in `people`. */
  connection = ''
  /** What the page was opened with. */
  private readonly opened: Surroundings
  private readonly outbox: Outbox
  private readonly live = new LivePredictions()
  /** Which frames were on screen as they are. */
  readonly watched = new Watched()
  /** The layer's newest revision that is known here. */
  readonly latest = signal(0, { name: 'latest' })
  private recentEvents: LayerEvent[] = []
  private refetching: Promise<void> | null = null
  private gesture: Transaction | null = null
  /** Shapes that can't be drawn, of which the person was told. */
  private readonly unsound = new Set<string>()
  /** Edits that were made as several, by the id of the first: what takes them back is more than what the server says. */
  private readonly inPieces = new Set<string>()
  /** Runs, each with a track, of which it was told that they change what was reviewed. */
  private readonly toldReopened = new Set<string>()
  /** What this person did last: where it was they still look, and may take it back. */
  private newest: readonly Operation[] = []
  /** With more bytes of shapes some are forgotten. */
  private mostBytes = MOST_BYTES
  /** Predictions that were dropped for this connection and aren't stored yet, so that fetching them is no use yet. */
  private missed: Stretch[] = []

  constructor(
    config: EditorConfig,
    private readonly deps: StoreDeps,
    frame: FrameNumber,
  ) {
    this.rights = signal(rightsIn(config), { name: 'rights' })
    this.opened = surroundingsIn(config)
    this.surroundings = signal(this.opened, { name: 'surroundings' })
    this.config = currentConfig(config, this.rights, this.surroundings)
    this.session = new Session(frame)
    this.runs = new Runs((message) => deps.send(message), this.session)
    this.smart = new Smart((message) => deps.send(message))
    this.outbox = new Outbox(
      deps.edits,
      (edit) => deps.send(edit),
      () => this.noteSaved(),
      () =>
        this.session.tell(t('This browser can’t keep unsent edits. Stay online until everything is saved.'), 'error'),
    )
    this.conflicts = new Conflicts(deps.rest, config.layer.id, config.user.id)
    this.former = new Former(deps.rest, config.layer.id, config.video.frame_count)
    this.refusals = new Refusals(deps.refused)
    this.restorer = new Restorer(deps.rest, config.layer.id, this.history)
    this.layers = new Layers(deps.rest, config.video.id, config.layer.id, this.history)
    this.comparing = new Comparing(deps.rest, config.layer.id, config.video.frame_count, (message) =>
      this.session.tell(message, 'error'),
    )
    this.changes = new ChangeLog(deps.rest, config.layer.id, (id) => this.runs.all.value.get(id) ?? null)
    this.inspections = new Inspections(deps.rest, config.layer.id)
    this.joins = new Joins(deps.rest, config.layer.id)
    this.previews = new Previews(deps.rest)
    this.issues = new Issues(deps.rest, config.layer.id, `${config.user.id}/${config.layer.id}`, (message) =>
      this.session.tell(message),
    )
    this.loader = new Loader(
      deps.rest,
      config.layer.id,
      config.video.frame_count,
      (window) => this.take(window),
      (error) => this.session.tell(error.message, 'error'),
    )
    this.overview = new Overview(this.loader, () => this.revision)
  }

  private get revision(): number {
    return this.latest.peek()
  }

  private set revision(revision: number) {
    this.latest.value = revision
  }

  /** Load what the editor opens with. The live channel may be connected before or after. */
  async open(): Promise<void> {
    const left = await this.outbox.restore()
    await this.loader.open(this.session.frame.value)
    for (const edit of left) this.reapply(edit.operations)
    this.records.settle()
    this.outbox.resend()
    void this.refusals.restore()
    void this.loadHistory()
    this.loader.want(this.session.frame.value)
  }

  // ------------------------------------------------------------------ a person's edits

  /** The layer's, as far as this page has heard. */
  get seenRevision(): number {
    return this.revision
  }

  /** Do an edit: at once here, then everywhere. Returns what `work` returns. */
  transact<T>(summary: string, work: (tx: Transaction) => T): T {
    const tx = new Transaction(this.records)
    const result = work(tx)
    this.finish(summary, tx)
    return result
  }

  /** What the mask that the server has of a track on a frame was clicked with; null: it doesn't know. */
  async clicksOn(track: TrackId, frame: FrameNumber): Promise<StoredClicks | null> {
    const path = { layer_id: this.config.layer.id }
    const told = await this.deps.rest.get('/api/layers/{layer_id}/clicked', { path, query: { track, frame } })
    if (!told.mask) return null
    const { clicks, box, alone } = told
    return { clicks, box, alone, payload: fromBase64(told.mask) }
  }

  /** Begin a gesture, e.g. a drag: one edit, however many steps it takes. */
  beginGesture(summary: string): Gesture {
    let tx = new Transaction(this.records)
    this.gesture = tx
    const revert = () => {
      for (const operation of tx.inverse) this.records.apply(operation)
    }
    return {
      update: (work) => {
        revert()
        tx = new Transaction(this.records)
        this.gesture = tx
        work(tx)
        this.records.settle()
      },
      commit: () => {
        this.gesture = null
        this.finish(summary, tx)
      },
      cancel: () => {
        revert()
        this.gesture = null
        this.records.settle()
      },
    }
  }

  /** Take this person's last edit back; says where it was. */
  undo(): Acted | null {
    const entry = this.session.gone.value ? null : this.history.takeUndo()
    // What a run goes on to find would come back.
    if (entry?.run !== undefined && this.runs.active().some(({ id }) => id === entry.run)) this.runs.stop(entry.run)
    return entry && this.takeBack(entry, `Undo: ${entry.summary}`, (done) => this.history.pushUndone(done))
  }

  /** Do again what was taken back last; null: there is nothing. */
  redo(): Acted | null {
    const entry = this.session.gone.value ? null : this.history.takeRedo()
    return entry && this.takeBack(entry, entry.summary, (done) => this.history.pushRedone(done))
  }

  /** The newest edit lets a tracker go over first..last of a track again: with the edit, undo takes back what that brings. */
  noteRetrack(track: TrackId, first: FrameNumber, last: FrameNumber): void {
    const known = this.loader.covered.map(([from, to]): [number, number] => [Math.max(from, first), Math.min(to, last)])
    const ranges = known.filter(([from, to]) => from <= to)
    if (!ranges.length) return
    const rows = ranges.flatMap(([from, to]) =>
      [...this.records.rows(track).within(from, to)].filter((row) => row.predicted),
    )
    this.history.noteReplaced({ op: 'shapes.replace', track, ranges, tables: tablesOf(rows), keepKeyframes: true })
  }

  /** First and last frame of a track in the whole video, whatever of it is here. */
  extentOf(track: TrackId): readonly [FrameNumber, FrameNumber] | null {
    return this.overview.extent(track, this.records.rows(track))
  }

  /** Have every row of `tracks` in first..last here: what changes rows that it doesn't know loses them. False: they can't be had. */
  async ensure(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): Promise<boolean> {
    try {
      await this.loader.hold(tracks, first, last)
      return true
    } catch (error) {
      this.session.tell(
        `${t('Nothing was changed: the rest of the track could not be loaded.')} ${(error as Error).message}`,
        'error',
      )
      return false
    }
  }

  /** Remember for this project what detectors' classes become. Returns all that is remembered; null: it can't be. */
  async sayClassLabels(
    labels: Readonly<Record<string, number | null>>,
  ): Promise<Readonly<Record<string, number | null>> | null> {
    try {
      const path = { project_id: this.config.layer.project }
      const saved = await this.deps.rest.patch('/api/projects/{project_id}/class-labels', { path, body: { labels } })
      return saved.labels
    } catch (error) {
      this.session.tell((error as Error).message, 'error')
      return null
    }
  }

  /** Send what the server refused once more: what stood in its way may be gone. */
  retryRefused(): void {
    for (const edit of this.refusals.take()) {
      const tx = new Transaction(this.records)
      for (const operation of edit.operations) tx.do(operation)
      const again: Edit = { ...edit, id: uuid() }
      this.history.push({ edit: again.id, summary: edit.summary, inverse: tx.inverse })
      this.submit(again, tx)
    }
    this.records.settle()
  }

  // ------------------------------------------------------------------ what comes from the server

  /** A message of the live channel other than predictions, in the order in which they came. */
  receive(message: Exclude<ServerMessage, Predictions>): void {
    switch (message.type) {
      case 'welcome':
        this.connection = message.connection
        this.people.value = message.people
        this.runs.reset(message.runs)
        this.session.connected.value = true
        this.allow(message.rights)
        this.learn(message.surroundings)
        if (message.revision > this.revision) {
          void this.mend(true)
          this.changes.refresh()
          if (this.revision > 0) void this.conflicts.catchUp(this.revision)
        }
        this.outbox.resend()
        this.smart.resume()
        this.issues.greeted(message.unread)
        this.noteSaved()
        return
      case 'event':
        this.applyEvent(message)
        return
      case 'cleared':
        this.live.accepts(message.run, message.track, message.epoch)
        for (const [first, last] of message.ranges) {
          this.live.cleared(message.track, first, last)
          this.records.clearPredictions(message.track, first, last)
        }
        this.records.settle()
        return
      case 'run':
        if (this.runs.note(message.run)) this.live.runEnded(message.run.id, this.revision)
        return
      case 'people':
        this.people.value = message.people
        return
      case 'refused':
        if (message.run) this.runs.answered(message.run)
        this.refused(message.message, message.edit)
        return
      case 'smart.answer':
        this.smart.note(message)
        return
      case 'surroundings':
        this.learn(message)
        return
      case 'issue':
        this.issues.note(message)
        return
      case 'notified':
        this.issues.notified(message)
        return
      case 'held':
        ;(message.what === 'changes' ? this.session.held : this.session.heldRuns).value = message.why
        this.noteSaved()
        return
      case 'rights':
        this.allow(message)
        return
      case 'gone':
        this.end(message)
        return
      case 'pong':
        return
      default:
        assertNever(message)
    }
  }

  /** Predictions of a live run, which are drawn at once and acknowledged. */
  receivePredictions({ header, tables }: PredictionsMessage): void {
    header.tables.forEach((listed, index) => {
      if (header.run === null || !this.live.accepts(header.run, listed.track, listed.epoch)) return
      const table = unpack(tables[index]!)
      this.watched.changed(Array.from(table.frames, (frame) => table.start + frame))
      this.live.hold(header.run, listed.track, table)
      this.records.putPredictions(listed.track, this.withoutLocked(listed.track, table))
    })
    this.redoUnsent()
    this.forgetSurplus()
    this.records.settle()
    this.missed.push(...header.missed)
    if (header.missed.length) this.watched.forget()
    // A slow reader may hear what it missed only after the event that says it is stored.
    if (this.recentEvents.some((event) => header.missed.some((missed) => overlapsAny(missed, event.touched))))
      void this.mend(false)
    this.deps.send({ type: 'received', sequence: header.sequence })
  }

  /** The live channel is gone: edits wait here from now on. */
  disconnected(): void {
    this.session.connected.value = false
    this.session.held.value = this.session.heldRuns.value = null
    this.people.value = []
    this.noteSaved()
  }

  /** How many edits the server has not got, or not taken. */
  readonly unsentCount: ReadonlySignal<number> = computed(
    () => this.session.saved.value.unsent + this.refusals.kept.value.length,
  )

  /** Everything the server has not got, as a file that people keep. */
  unsent(): unknown {
    const { video, layer, user } = this.config
    const edits = [...this.refusals.kept.value.map(({ edit }) => edit), ...this.outbox.edits]
    return {
      about: 'Changes that were not saved',
      why: this.session.gone.value?.message ?? '',
      video: { id: video.id, name: video.name },
      layer: layer.id,
      by: user.name,
      edits: edits.map(editToWire),
    }
  }

  /** The page goes: nothing is fetched any more. */
  dispose(): void {
    this.loader.dispose()
  }

  // ------------------------------------------------------------------ inside

  /** There is nothing here any more for this person: nothing is asked for, changed or sent from now on. */
  private end(gone: Gone): void {
    this.session.gone.value = gone
    this.rights.value = NO_RIGHTS
    this.runs.end(gone.message)
    this.people.value = []
    this.session.notice.value = null
    this.loader.dispose()
    this.noteSaved()
  }

  private finish(summary: string, tx: Transaction): void {
    const undone = this.session.gone.value !== null || this.takesBackUnsound(tx)
    if (this.session.gone.value) for (const operation of tx.inverse) this.records.apply(operation)
    this.records.settle()
    if (undone) return
    if (!tx.operations.length) return
    const { operations, clicked } = tx
    const edit: Edit = { id: uuid(), operations, undoes: null, base: this.revision, summary, clicked }
    this.history.push({ edit: edit.id, summary, inverse: tx.inverse, again: tx.operations })
    this.newest = tx.operations
    this.joins.changed(edit.id, changedBy(tx.operations))
    this.submit(edit, tx)
  }

  /** Send an edit; one that is too large as several, which the history here knows as one. */
  private submit(edit: Edit, { inverse }: Transaction): void {
    const pieces = piecesOf(edit.operations, inverse)
    pieces.forEach((operations, index) => {
      if (pieces.length === 1) this.outbox.add(edit)
      else {
        const summary = `${edit.summary} (${index + 1} of ${pieces.length})`
        this.outbox.add({ ...edit, id: index === 0 ? edit.id : uuid(), operations, summary })
        this.inPieces.add(edit.id)
      }
    })
  }

  private takeBack(entry: Entry, summary: string, push: (done: Entry) => void): Acted {
    const tx = new Transaction(this.records)
    for (const operation of entry.replaced ?? []) {
      this.runs.release(operation.track)
      tx.do(operation)
    }
    for (const operation of entry.inverse) tx.do(operation)
    this.records.settle()
    const edit: Edit = {
      id: uuid(),
      operations: tx.operations,
      undoes: entry.edit,
      base: this.revision,
      summary,
    }
    // What an inverse found here may be less than all there is: where it acts need not be loaded any more. Only what a
    // tracker did since is known nowhere else.
    const known =
      entry.again && !entry.replaced
        ? { inverse: repeated(entry.again), again: entry.inverse }
        : { inverse: tx.inverse }
    push({ edit: edit.id, summary: entry.summary, ...known })
    this.newest = tx.operations
    if (!this.joins.undone(entry.edit)) this.joins.changed(edit.id, changedBy(tx.operations))
    this.submit(edit, tx)
    return { summary: entry.summary, ...placeOf(tx.operations) }
  }

  private applyEvent(sent: EventOut): void {
    const mine = this.outbox.settle(sent.edit)
    if (sent.revision <= this.revision) return
    const event = { ...sent, operations: sent.operations.map(fromWire) }
    const gap = event.revision > this.revision + 1
    this.revision = event.revision
    this.recentEvents.push(event)
    if (this.recentEvents.length > EVENTS_KEPT) this.recentEvents.shift()
    if (gap || (event.kind !== 'edit' && event.kind !== 'predictions')) this.watched.forget()
    this.applyRemote(event, mine !== null)
    this.noteFound(event)
    this.records.settle()
    this.changes.note(event)
    if (event.conflicts.length) this.conflicts.note(event)
    // One's own edit was done otherwise than it was sent.
    const merged = mine !== null && event.conflicts.length > 0
    if (merged && !this.inPieces.has(event.edit)) void this.relearn(event)
    if (gap || merged || (!event.told && mine === null)) void this.mend(true)
  }

  private applyRemote(event: LayerEvent, mine: boolean): void {
    for (const [track, first, last] of event.touched) this.live.stored(track, first, last, event.revision)
    const still = this.missed.filter((missed) => !overlapsAny(missed, event.touched))
    const never = event.kind === 'predictions' && event.touched.some((stretch) => this.lacks(...stretch))
    if (still.length < this.missed.length || never) {
      this.missed = still
      void this.mend(false)
    }
    // One's own edit was done when it was made; doing it again would undo what followed it.
    if (!mine) {
      this.joins.changed(event.edit, [...changedBy(event.operations), ...event.touched.map(([track]) => track)])
      this.reapply(event.operations)
      this.redoUnsent()
      const outside = event.operations.some(
        (operation) =>
          operation.op === 'shapes.replace' && !operation.ranges.every((range) => this.loader.coversAll(...range)),
      )
      // Rows elsewhere may have been the neighbours that shapes here are interpolated from.
      if (outside) void this.mend(false)
    }
    for (const [track, number] of Object.entries(event.numbers)) this.records.setNumber(track, number)
    this.settleVerdicts(event)
    this.tellReopened(event)
  }

  /** What a run finds where an object is accepted and locked is not stored, and so not shown. */
  private withoutLocked(id: TrackId, table: Table): Table {
    const locked = this.config.locks_accepted ? acceptedIn(this.records.track(id)?.verdicts ?? []) : []
    if (!locked.length) return table
    const rows = [...table.frames.keys()].map((index) => rowAt(table, index))
    const free = rows.filter(({ frame }) => !locked.some(([first, last]) => first <= frame && frame <= last))
    return free.length === rows.length ? table : unpack(pack(table.start, free))
  }

  /** Say once what a change opened for review again, and lead there: what was reviewed is drawn beside it. */
  private tellReopened(event: LayerEvent): void {
    const { revision, run, verdicts, author, author_name: who } = event
    if (!this.config.can_review && author !== this.config.user.id) return
    const news = verdicts.flatMap(({ track, spans }) =>
      spans.filter(({ reopened }) => reopened?.revision === revision).map((span) => ({ track, span })),
    )
    const [first] = news
    if (!first) return
    if (event.kind === 'predictions') {
      this.tellReopenedByRun(run ?? '', first.track, first.span.first)
      return
    }
    const frames = news.reduce((sum, { span }) => sum + span.last + 1 - span.first, 0)
    const number = this.records.track(first.track)?.number ?? 0
    const message =
      author === this.config.user.id
        ? t('This was reviewed: {frames} frames from {first} on (#{number}) will be looked at again.', {
            frames,
            first: first.span.first,
            number,
          })
        : t('{who} changed what was reviewed: {frames} frames from {first} on (#{number}) are open again.', {
            who: who || t('A run'),
            frames,
            first: first.span.first,
            number,
          })
    this.session.tell(message, 'info', first.span.first, first.track)
  }

  /** A run goes over a track moment by moment: that is told once. */
  private tellReopenedByRun(run: string, track: TrackId, frame: FrameNumber): void {
    const both = `${run} ${track}`
    if (this.toldReopened.has(both)) return
    this.toldReopened.add(both)
    const number = this.records.track(track)?.number ?? 0
    const message = t('A run changes what was reviewed: #{number} is open again from frame {frame} on.', {
      number,
      frame,
    })
    this.session.tell(message, 'info', frame, track)
  }

  /** Verdicts are what the server says, who gave them and what was reopened; those that are on their way stay on top. */
  private settleVerdicts({ verdicts }: LayerEvent): void {
    for (const { track, spans } of verdicts) this.records.setVerdicts(track, spans)
    if (!verdicts.length) return
    for (const { operations } of this.outbox.edits)
      this.reapply(operations.filter(({ op }) => op === 'verdicts.replace'))
  }

  /** Whether a frame on which a track has a shape is shown without one: it came live before this connection was made. */
  private lacks(track: TrackId, first: FrameNumber, last: FrameNumber): boolean {
    const rows = this.records.rows(track)
    for (let frame = first; frame <= last; frame++)
      if (!rows.flags(frame) && this.loader.coversAll(frame, frame)) return true
    return false
  }

  /** What this person's run found can be taken back like an edit. */
  private noteFound({ kind, author, edit, run, summary, operations }: LayerEvent): void {
    if (kind !== 'run' || author !== this.config.user.id) return
    const created = operations.filter((operation) => operation.op === 'track.create')
    if (!created.length) return
    const inverse = created.map(({ track }): Operation => ({ op: 'track.update', track, fields: { deleted: true } }))
    this.history.pushFound(run, { edit, summary, inverse, again: created })
  }

  private reapply(operations: readonly Operation[]): void {
    for (const operation of operations) this.records.apply(operation)
  }

  /** Unacknowledged edits, and the gesture under way, stay on top of whatever came. */
  private redoUnsent(): void {
    for (const edit of this.outbox.edits) this.reapply(edit.operations)
    if (this.gesture) this.reapply(this.gesture.operations)
  }

  private take({ header, tables, only }: LoadedWindow): void {
    if (header.tracks) {
      this.records.setTracks(header.tracks)
      // Not from a window alone: the events up to its revision may still be on their way to the others.
      this.revision = Math.max(this.revision, header.revision)
    }
    for (const id of only ?? [...this.records.tracked()].map(([track]) => track))
      this.records.setStretch(id, header.first, header.last, null)
    for (const { track, first, last, table } of tables) this.records.setStretch(track, first, last, table)
    for (const event of this.recentEvents)
      if (event.revision > header.revision) {
        this.reapply(event.operations)
        if (header.tracks) this.settleVerdicts(event)
      }
    for (const { track, table } of this.live.missingFrom(header.revision))
      this.records.putPredictions(track, this.withoutLocked(track, table))
    this.redoUnsent()
    this.forgetSurplus()
    this.records.settle()
  }

  private forgetSurplus(): void {
    const surplus = this.loader.surplus()
    if (surplus.length) this.forget(surplus)
    const { changes } = this.records
    if (changes.bytes <= this.mostBytes) return
    this.loader.shrink(this.records.weights())
    const { covered } = this.loader
    const elsewhere = without([[0, this.config.video.frame_count]], covered)
    this.forget(elsewhere)
    this.mostBytes = Math.max(MOST_BYTES, changes.bytes * AGAIN)
  }

  /** Forget the rows on some frames, but for those of what is unsaved or was done last, and of what shapes shown need. */
  private forget(frames: readonly Frames[]): void {
    const { covered } = this.loader
    const spared = new Map<TrackId, Frames[]>()
    for (const operation of [
      ...this.outbox.edits.flatMap(({ operations }) => operations),
      ...(this.gesture?.operations ?? []),
      ...this.newest,
    ])
      if (operation.op === 'shapes.replace')
        spared.set(operation.track, [...(spared.get(operation.track) ?? []), ...operation.ranges])
    for (const [id, rows] of this.records.tracked())
      rows.forget(without(frames, united([...this.loader.heldOf(id), ...(spared.get(id) ?? [])])), covered)
  }

  /** Fetch again what is shown; requests that come meanwhile are answered by one more round. */
  private mend(tracksToo: boolean): Promise<void> {
    const round = async () => this.loader.refetch(tracksToo)
    this.refetching = (this.refetching ?? Promise.resolve()).then(round)
    const mine = this.refetching
    return mine.finally(() => {
      if (this.refetching === mine) this.refetching = null
    })
  }

  private async loadHistory(): Promise<void> {
    try {
      const { events } = await this.myEvents()
      if (this.history.canUndo.value === null) this.history.rebuild(events)
    } catch {
      // Without it nothing from before the reload can be undone; everything else works.
    }
  }

  /** This person's latest changes, or those before a revision. */
  private myEvents(before: number | null = null): Promise<HistoryOut> {
    return this.deps.rest.get('/api/layers/{layer_id}/events', {
      path: { layer_id: this.config.layer.id },
      query: { mine: true, before },
    })
  }

  /** What takes a merged edit back is what the server did, not what was sent. */
  private async relearn({ edit, revision }: LayerEvent): Promise<void> {
    try {
      const { events } = await this.myEvents(revision + 1)
      const inverse = events.find((event) => event.edit === edit)?.inverse
      if (inverse) this.history.correct(edit, inverse.map(fromWire))
    } catch {
      // An undo then says what it would take from others, like any edit that hasn't seen theirs.
    }
  }

  private allow(message: RightsMessage): void {
    const before = this.rights.value
    this.rights.value = rightsOf(message)
    const news = changeInWords(before, this.rights.value, message.why)
    if (news) this.session.tell(news.message, news.tone)
  }

  private learn({ why, ...now }: SurroundingsMessage): void {
    const before = this.surroundings.value
    this.surroundings.value = now
    const news = newsOf(before, now, why)
    if (news) this.session.tell(news)
    if (isAnotherVideo(this.opened, now)) this.session.outdated.value = true
  }

  private refused(message: string, edit: string | null): void {
    this.session.tell(message, 'error')
    if (edit === null) return
    const refused = this.outbox.settle(edit)
    if (refused) this.refusals.add(refused, message)
    this.history.forget(edit)
    // What it did here is replaced by what the server has; edits made after it are done again on top.
    void this.mend(true)
  }

  /** Whether a row can be drawn, as those that were stored before all were looked at may not; said once for each. */
  private isSound(track: Track, row: Row): boolean {
    const rule = brokenRule(row, this.config.video)
    // Of old shapes bounds may be a little off: they are drawn by what they are.
    if (!rule || rule === 'bounds') return true
    const where = `${track.id} ${row.frame}`
    if (this.unsound.has(where)) return false
    this.unsound.add(where)
    const name = { number: track.number, frame: row.frame }
    const message = t(
      'Track {number} has a shape on frame {frame} that can’t be drawn: it is too large or too far away. Delete it, or draw it anew.',
      name,
    )
    // Not while others are looking.
    queueMicrotask(() => this.session.tell(message, 'error'))
    return false
  }

  /** Take back at once what the server would refuse; says whether it was. */
  private takesBackUnsound(tx: Transaction): boolean {
    if (tx.operations.every((operation) => isSoundOperation(operation, this.config.video))) return false
    for (const operation of tx.inverse) this.records.apply(operation)
    this.session.tell(
      t('This wasn’t done: a shape lies on the picture or near it, is no larger, and has at most {points} points.', {
        points: MOST_POINTS,
      }),
      'error',
    )
    return true
  }

  private noteSaved(): void {
    const unsent = this.outbox.edits.length
    if (this.session.gone.value) {
      this.session.saved.value = { kind: 'gone', unsent }
      return
    }
    const waiting = this.session.held.value ? 'held' : 'saving'
    const kind = !this.session.connected.value ? 'offline' : unsent === 0 ? 'saved' : waiting
    this.session.saved.value = { kind, unsent }
  }
}

const isSoundOperation = (operation: Operation, video: Picture): boolean =>
  operation.op !== 'shapes.replace' ||
  operation.tables.every((table) =>
    [...table.frames.keys()].every((index) => brokenRule(rowAt(table, index), video) === null),
  )

/** Operations as they are done once more: a track that was created then is there, though deleted. */
const repeated = (operations: readonly Operation[]): Operation[] =>
  operations.map((operation) =>
    operation.op === 'track.create'
      ? { op: 'track.update', track: operation.track, fields: { deleted: false } }
      : operation,
  )

/** The tracks that operations change, but for what is said of them. */
const changedBy = (operations: readonly Operation[]): TrackId[] => [
  ...new Set(operations.filter(({ op }) => op !== 'verdicts.replace').map(({ track }) => track)),
]

type Stretch = readonly [TrackId, FrameNumber, FrameNumber]

const overlapsAny = (one: Stretch, others: readonly Stretch[]) =>
  others.some(([track, first, last]) => track === one[0] && first <= one[2] && one[1] <= last)
