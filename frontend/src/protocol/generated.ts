// Written by `make types` from annotator/operations.py, annotator/announce/messages.py and annotator/api.
// Never edited by hand.

/** Frames in one packed table. */
export const WINDOW = 256

/** How many prediction messages the server sends ahead of the last `Received`. */
export const PREDICTIONS_IN_FLIGHT = 64

export type Operation =
  | TrackCreate
  | TrackUpdate
  | ShapesReplace

export type ClientMessage =
  | Edit
  | RunStart
  | RunCorrect
  | RunExtend
  | RunStop
  | Received
  | Presence
  | Ping

export type ServerMessage =
  | Welcome
  | Rights
  | EventOut
  | Predictions
  | Cleared
  | RunUpdate
  | People
  | Refused
  | Pong

/** Somebody who changed the layer, or started a run that did. */
export interface AuthorOut {
  id: number
  name: string
}

export interface AuthorsOut {
  authors: AuthorOut[]
}

/** One change, without what it did: who, what, when and where. What a run stored without a break is one change. */
export interface ChangeOut {
  revision: number
  /** The first revision of it. */
  since: number
  kind: 'edit' | 'predictions' | 'run' | 'import' | 'restore'
  edit: string
  undoes: string | null
  /** For what a run stored: who started it. */
  author: number | null
  author_name: string
  summary: string
  /** ISO 8601, UTC. */
  at: string
  run: string | null
  /** Of the run; empty without one. */
  model: string
  /** At most 50 of those that changed. */
  tracks: string[]
  track_count: number
  /** First frame that changed; null: only what is said of tracks did. */
  first: number | null
  last: number | null
}

/** A page of changes, newest first; `before` asks for the next page, null: this is the last. */
export interface ChangesOut {
  changes: ChangeOut[]
  before: number | null
}

/** One table of a window's body: `bytes` long, in the order of the header. */
export interface ChunkOut {
  track: string
  bytes: number
}

/**
 * Predictions of `track` in `ranges` are gone from now on; sent before the event that commits it, so that stale shapes
 * vanish at once.
 */
export interface Cleared {
  type: 'cleared'
  run: string
  track: string
  epoch: number
  ranges: [number, number][]
}

/**
 * An edit met what somebody else had done to the same track since its author last looked. `replaced`: both changed the
 * same, and this edit, the later one, counts. `kept`: the other one set keyframes that this edit would have removed
 * without having seen them; they stay. `deleted`: this edit deleted a track that the other one had changed. `buried`:
 * this edit changed a track that the other one had deleted; it stays deleted, with the change inside.
 */
export interface Conflict {
  track: string
  /** The frames; empty: only what is said of the track. */
  ranges: [number, number][]
  fields: string[]
  /** Whose earlier change it met. */
  author: number | null
  author_name: string
  outcome: 'replaced' | 'kept' | 'deleted' | 'buried'
}

/** Oldest first; at most 100, the latest. */
export interface ConflictsOut {
  met: MetOut[]
}

/** A deleted track, to find it again: what it looked like, and where. */
export interface DeletedOut {
  id: string
  /** ISO 8601, UTC. */
  at: string
  /** Empty: not known any more. */
  by: string
  /** Its first and last frame; null without shapes. */
  first: number | null
  last: number | null
  shapes: number
  /** A frame on which it is to be seen; null: on none. */
  frame: number | null
  /** Around it on that frame: x1, y1, x2, y2 in px. */
  box: [number, number, number, number] | null
}

/** Newest first; at most 1000. */
export interface DeletedTracksOut {
  tracks: DeletedOut[]
}

/** A person's edit: all of its operations happen, or none. Sent again after a lost connection it counts once. */
export interface Edit {
  type: 'edit'
  /** Chosen by the client, the same when it is sent again. */
  id: string
  operations: Operation[]
  /** The id of the edit that this one takes back; null: none. */
  undoes?: string | null
  /** The layer's revision that its author had seen: what others did since is merged. null: not told. */
  base?: number | null
  /** In words, for the history panel. */
  summary?: string
}

/** A committed change. `revision` is the previous one plus 1; a gap means: refetch what you show. */
export interface EventOut {
  type: 'event'
  revision: number
  kind: 'edit' | 'predictions' | 'run' | 'import' | 'restore'
  /**
   * The edit's id; to its author this event is the acknowledgement, also when it comes again with an old revision
   * because the edit was sent again.
   */
  edit: string
  undoes: string | null
  author: number | null
  author_name: string
  summary: string
  /** ISO 8601, UTC. */
  at: string
  /** Empty for predictions, whose shapes came in binary frames, and for imports: refetch everything. */
  operations: Operation[]
  run: string | null
  /** Numbers the server gave to created tracks, by track id. */
  numbers: Record<string, number>
  /**
   * For predictions: (track, first, last) that were stored. Who missed some, or joined later than they were sent,
   * refetches these.
   */
  touched: [string, number, number][]
  /** Where it met what others had done; `operations` are as they were done, not as they were sent. */
  conflicts: Conflict[]
}

/** One change in the history panel. `inverse` is what an undo sends; null: it can't be undone. */
export interface HistoryEvent {
  revision: number
  kind: 'edit' | 'predictions' | 'run' | 'import' | 'restore'
  edit: string
  undoes: string | null
  author: number | null
  author_name: string
  summary: string
  /** ISO 8601, UTC. */
  at: string
  run: string | null
  inverse: Operation[] | null
}

/** A page of history, newest first; `before` asks for the next page, null: this is the last. */
export interface HistoryOut {
  events: HistoryEvent[]
  before: number | null
}

/** An edit that met what somebody else had done; either was the reader. */
export interface MetOut {
  revision: number
  edit: string
  author: number | null
  author_name: string
  conflicts: Conflict[]
}

/**
 * What the timeline of a long video shows without reading a single table: at most `bins` bins per track. A bin is
 * [first row's frame, last row's frame, rows, keyframes, predicted, outside, lowest confidence, doubtful] of
 * `frames_per_bin` frames (a multiple of 256); empty bins are left out.
 */
export interface OverviewOut {
  revision: number
  frames_per_bin: number
  /** By track id; deleted tracks are left out. */
  tracks: Record<string, [number, number, number, number, number, number, number, number][]>
}

/** Who is here now, whenever it changes. */
export interface People {
  type: 'people'
  people: Person[]
}

/** Somebody on this layer. One person may be there with several connections. */
export interface Person {
  connection: string
  user: number
  name: string
  colour: string
  frame: number
  tracks: string[]
}

/** Every 20 s: a connection from which nothing came for 90 s is closed. */
export interface Ping {
  type: 'ping'
}

export interface Pong {
  type: 'pong'
}

/** One table of a binary message. */
export interface PredictedTable {
  track: string
  /** Grows with each correction of this track in this run; lower ones are stale. */
  epoch: number
  /** The table's length. */
  bytes: number
}

/**
 * Header of a binary message. `sequence` counts this connection's prediction messages from 1, without gaps; what was
 * dropped for a connection that reads too slowly is named in `missed` of its next message, which may have no table at
 * all.
 */
export interface Predictions {
  type: 'predictions'
  /** null: no tables, only `missed`. */
  run: string | null
  sequence: number
  tables: PredictedTable[]
  /**
   * (track, first, last) that were dropped for this connection since its last message: refetch them, once the event has
   * come that says they are stored.
   */
  missed: [string, number, number][]
}

/** Where this person is. */
export interface Presence {
  type: 'presence'
  frame: number
  /** What is selected. */
  tracks?: string[]
}

/** What a run starts or goes on from: a track's shape on a frame. */
export interface PromptIn {
  track: string
  frame: number
  box: [number, number, number, number]
}

/**
 * Flow control: every prediction message up to `sequence` of this connection has been drawn or dropped. At most
 * `PREDICTIONS_IN_FLIGHT` are sent ahead of it; of what comes meanwhile the newest is kept, the rest is `missed`.
 */
export interface Received {
  type: 'received'
  sequence: number
}

/** Something could not be done. `edit` or `run` name what; the client takes that edit back. */
export interface Refused {
  type: 'refused'
  message: string
  edit: string | null
  run: string | null
}

/** Bring back the state after `revision`. */
export interface RestoreIn {
  /** Chosen by the client: sent twice it counts once. */
  edit: string
  revision: number
  /** null: the whole layer. */
  tracks?: string[] | null
  /** Only shapes on these frames. */
  ranges?: [number, number][] | null
  /** Also what is said of the tracks, and whether they are there at all. */
  fields?: boolean
  /** The preview's revision: refused when more changed since. */
  seen?: number | null
  summary?: string
}

/** It is done; the event comes by the live channel. `inverse` is what an undo sends. */
export interface RestoreOut {
  edit: string
  revision: number
  summary: string
  inverse: Operation[]
}

/** What bringing back an earlier state would do. `revision` is the layer's now. */
export interface RestorePreview {
  revision: number
  tracks: number
  shapes: number
  /** Tracks that also changed on frames that aren't the person's, and stay there. */
  beyond: number
  /** Whose changes it takes back and how many, most first. */
  people: [string, number][]
  /** Objects that a run follows now: it has to be stopped first. */
  tracked: number
  /** False: some changes were made by an older version that didn't keep what was before. */
  exact: boolean
}

/** What the reader may do here; sent again whenever it changes. */
export interface Rights {
  type: 'rights'
  /** Frames whose shapes the reader may change; empty: none. */
  ranges: [number, number][]
  /** Whether the reader may bring back an earlier state of the whole layer. */
  can_manage: boolean
}

/**
 * The person corrected `track` on `frame`: that object alone goes back there, with this box. Its predictions beyond
 * that frame, in the run's direction and up to its next keyframe, disappear at once. The box itself is saved by an
 * `edit`; this message makes the running run follow it.
 */
export interface RunCorrect {
  type: 'run.correct'
  run: string
  track: string
  frame: number
  box: [number, number, number, number]
}

/** Let the run go on to another end. */
export interface RunExtend {
  type: 'run.extend'
  run: string
  first: number
  last: number
}

/** A run as everybody sees it. */
export interface RunInfo {
  id: string
  model: string
  state: 'queued' | 'running' | 'done' | 'stopped' | 'failed'
  direction: 'forward' | 'backward' | 'both'
  first: number
  last: number
  tracks: string[]
  /** Object-frames stored so far. */
  frames_done: number
  frames_total: number
  /** Runs that come before it, while it waits for an agent or for its turn; null: it is under way. */
  ahead: number | null
  /** About how many seconds until a waiting run is done; null: not known. */
  wait_s: number | null
  /** All objects came to their end, and are tracked back to be compared. */
  checking: boolean
  /** Of the `stale` object-frames, those that were tracked again. */
  redone: number
  /** Object-frames that corrections took away; 0: none. */
  stale: number
  /** Object-frames per second lately; 0 before the first. */
  fps: number
  /** Track id to the frame it has reached. */
  heads: Record<string, number>
  /** Track id to the frame on which it left the picture or was lost. */
  left: Record<string, number>
  /** The agent's name, 'this server' for its own; empty while queued. */
  agent: string
  /** Why it failed or waits; empty otherwise. */
  message: string
  created_by: string
  /** Whether the reader started it; set per reader. */
  mine: boolean
}

/** The Track settings panel. */
export interface RunOptions {
  /** Re-track on every edit; extend within 10 frames of the end. */
  auto_track?: boolean
  /** Stop an object that left, and mark it outside. */
  detect_off_screen?: boolean
  /** Stop an object at its next keyframe instead of going past it. */
  until_keyframe?: boolean
  /** Track back from each object's end, and mark frames on which both ways disagree as doubtful. */
  check_both_ways?: boolean
  /**
   * The tracks were corrected on their prompts' frames: their predictions beyond disappear at once, and come back from
   * where the run agrees with them.
   */
  redo?: boolean
  /** Below it, predictions are marked doubtful. */
  confidence_threshold?: number
}

/** Start a run. `id` is chosen by the client; frames `first..last` bound it on both sides. */
export interface RunStart {
  type: 'run.start'
  id: string
  /** A catalogue id; null: the default for the prompts. */
  model?: string | null
  prompts: PromptIn[]
  first: number
  last: number
  direction?: 'forward' | 'backward' | 'both'
  options?: RunOptions
}

/** Stop a run, or only some of its tracks; what it stored stays. */
export interface RunStop {
  type: 'run.stop'
  run: string
  /** null: all of them, the run ends. */
  tracks?: string[] | null
}

/** A run began, moved on or ended. */
export interface RunUpdate {
  type: 'run'
  run: RunInfo
}

/**
 * The one way shapes change: rows of ``track`` in ``ranges`` go, the rows of ``tables`` come. Its inverse is the same
 * with the rows that were there. With ``keep_keyframes`` the rows in ``ranges`` that are keyframes and not in
 * ``tables`` stay. A row is either a keyframe or predicted.
 */
export interface ShapesReplace {
  op: 'shapes.replace'
  track: string
  /** [first, last] pairs, both included. */
  ranges: [number, number][]
  /** Packed tables, base64; every frame in them lies in `ranges`. */
  tables: string[]
  keep_keyframes?: boolean
}

/** A new track with a client-chosen id, which needs a label; its inverse is an update with ``deleted: true``. */
export interface TrackCreate {
  op: 'track.create'
  track: string
  fields: TrackFields
}

/** What can be said of a track. In an update, a field that is absent (or null) stays as it is. */
export interface TrackFields {
  label?: number | null
  /** Absent on creation: the next free one. */
  number?: number | null
  /** Empty: the label's colour. */
  colour?: string | null
  locked?: boolean | null
  attributes?: Record<string, unknown> | null
  frame_attributes?: Record<string, [number, unknown][]> | null
  verdict?: '' | 'accepted' | 'rejected' | null
  deleted?: boolean | null
}

/** A track as everybody sees it. Deleted ones are among them, so that a deletion can be taken back. */
export interface TrackOut {
  id: string
  number: number
  label: number
  /** #rrggbb; empty: the label's colour. */
  colour: string
  locked: boolean
  attributes: Record<string, unknown>
  frame_attributes: Record<string, [number, unknown][]>
  source: string
  verdict: '' | 'accepted' | 'rejected'
  deleted: boolean
}

export interface TrackUpdate {
  op: 'track.update'
  track: string
  fields: TrackFields
}

/** All tracks of a layer as of `revision`. */
export interface TracksOut {
  revision: number
  tracks: TrackOut[]
}

/** First message of every connection. `revision` is the layer's: a client behind it refetches what it shows. */
export interface Welcome {
  type: 'welcome'
  connection: string
  revision: number
  can_edit: boolean
  rights: Rights
  people: Person[]
  runs: RunInfo[]
}

/**
 * Header of a window: everything that is shown on frames `first..last` as of `revision`. The tables are whole chunks:
 * those that overlap the range and, where a track goes on beyond an end of it but its rows don't reach that end, the
 * nearest one there, so that every frame of the range can be interpolated. Of a track that is over before the range, or
 * begins after it, there is nothing.
 */
export interface WindowOut {
  revision: number
  first: number
  last: number
  /** All of the layer; null unless asked for with `tracks=1`. */
  tracks: TrackOut[] | null
  chunks: ChunkOut[]
}
