/** A server and a browser's storage that tests can command. */
import type {
  ChunkOut,
  ClientMessage,
  Edit,
  EventOut,
  Operation,
  RunInfo,
  WindowOut,
  Surroundings,
} from '@/protocol/generated'
import { Rest } from '@/protocol/rest'
import { unpack, WINDOW } from '@/store/chunks'
import type { EditStorage } from '@/store/outbox'
import { EditorStore } from '@/store/store'
import type { Attribute, EditorConfig } from '@/store/types'

export class FakeEdits implements EditStorage {
  readonly kept = new Map<string, Edit>()
  load = () => Promise.resolve([...this.kept.values()])
  put = (edit: Edit) => Promise.resolve(void this.kept.set(edit.id, structuredClone(edit)))
  remove = (id: string) => Promise.resolve(void this.kept.delete(id))
}

/** Answers with empty windows until told otherwise; what was asked for is in `asked`. */
export class FakeRest extends Rest {
  windows = 0
  readonly asked: string[] = []
  body: (address: string) => ArrayBuffer = (address) => {
    const query = new URLSearchParams(address.split('?')[1])
    return windowBody({
      revision: 0,
      first: Number(query.get('first')),
      last: Number(query.get('last')),
      tracks: query.has('tracks') ? [] : null,
      chunks: [],
    })
  }
  events: unknown[] = []
  /** What it says to everything that isn't a window. */
  answer: (method: string, address: string, body: unknown) => unknown = () => ({
    events: this.events,
    before: null,
    issues: [],
  })

  constructor() {
    super('')
  }

  protected override octets(address: string): Promise<ArrayBuffer> {
    this.windows++
    this.asked.push(address)
    return new Promise((resolve) => resolve(this.body(address)))
  }

  protected override json(method: string, address: string, body: unknown): Promise<unknown> {
    return new Promise((resolve) => resolve(this.answer(method, address, body)))
  }
}

type Header = Omit<WindowOut, 'chunks'> & { chunks: (Pick<ChunkOut, 'track' | 'bytes'> & Partial<ChunkOut>)[] }

/** An answer as the server packs it; chunks that don't say what they hold are whole windows. */
export function windowBody(header: Header, tables: Uint8Array[] = []): ArrayBuffer {
  const chunks = header.chunks.map((chunk, index) => {
    const { start } = unpack(tables[index]!)
    return { first: start, last: start + WINDOW - 1, ...chunk }
  })
  const json = new TextEncoder().encode(JSON.stringify({ ...header, chunks }))
  const bytes = new Uint8Array(4 + json.length + tables.reduce((sum, table) => sum + table.length, 0))
  new DataView(bytes.buffer).setUint32(0, json.length, true)
  bytes.set(json, 4)
  let at = 4 + json.length
  for (const table of tables) {
    bytes.set(table, at)
    at += table.length
  }
  return bytes.buffer
}

/** Per frame; both labels have it. */
const POSE: Attribute = {
  id: 1,
  name: 'pose',
  kind: 'select',
  per_frame: true,
  choices: ['sits', 'walks', 'lies'],
  default: null,
}

/** A run of the test's person that is under way. */
export const RUN: RunInfo = {
  id: 'run',
  model: 'm',
  state: 'running',
  direction: 'forward',
  first: 0,
  last: 99,
  tracks: [],
  frames_done: 0,
  frames_total: 100,
  ahead: null,
  wait_s: null,
  stalled_s: null,
  searched: null,
  chosen: '',
  linked: '',
  checking: false,
  redone: 0,
  stale: 0,
  fps: 0,
  heads: {},
  left: {},
  agent: '',
  message: '',
  created_by: '',
  mine: true,
}

const model = (
  id: string,
  prompts: readonly string[],
  settings: EditorConfig['models'][number]['settings'] = {},
): EditorConfig['models'][number] => ({ id, name: id, prompts, available: true, why: '', commercial: true, settings })

export const CONFIG: EditorConfig = {
  video: {
    id: 1,
    name: 'street.mp4',
    width: 640,
    height: 360,
    frame_count: 1000,
    fps: 25,
    proxy_state: 'ready',
    proxy_url: '',
    source: null,
    frame_url: '',
    strip: null,
    strip_url: '',
  },
  layer: { id: 1, project: 1, name: 'main', kind: 'main' },
  job: null,
  archived: false,
  locks_accepted: false,
  labels: [
    {
      id: 1,
      name: 'person',
      colour: '#ff0000',
      hotkey: '1',
      geometry_kinds: ['box'],
      attributes: [POSE],
      skeleton: null,
    },
    {
      id: 2,
      name: 'car',
      colour: '#00ff00',
      hotkey: '2',
      geometry_kinds: ['box'],
      attributes: [{ ...POSE, id: 2 }],
      skeleton: null,
    },
    {
      id: 3,
      name: 'pose',
      colour: '#0000ff',
      hotkey: '',
      geometry_kinds: ['skeleton'],
      attributes: [],
      skeleton: {
        joints: [
          { name: 'head', x: 0.5, y: 0 },
          { name: 'foot', x: 0.5, y: 1 },
        ],
        edges: [[0, 1]],
      },
    },
    {
      id: 4,
      name: 'form',
      colour: '#ffff00',
      hotkey: '',
      geometry_kinds: ['polygon', 'polyline', 'points', 'rotated_box'],
      attributes: [],
      skeleton: null,
    },
    {
      id: 5,
      name: 'stuff',
      colour: '#ff00ff',
      hotkey: '',
      geometry_kinds: ['mask', 'polygon', 'box'],
      attributes: [],
      skeleton: null,
    },
  ],
  user: { id: 1, name: 'Alice' },
  can_edit: true,
  can_manage: true,
  can_review: true,
  can_settle: true,
  editable_ranges: [[0, 999]],
  models: [
    model('boxes', ['box'], { threshold: 0.3, device: 'auto' }),
    model('points', ['points', 'skeleton', 'polyline', 'polygon', 'rotated_box']),
    model('masks', ['mask']),
  ],
  segmenters: [{ id: 'clicks', name: 'Clicks', available: true, why: '', default: true }],
  finders: [
    {
      id: 'spotting',
      name: 'Spotting',
      classes: ['car', 'dog', 'person'],
      by_word: false,
      confidence: 0.25,
      available: true,
      why: '',
      command: '',
      commercial: true,
      default: true,
    },
  ],
  machines: [],
  associations: [
    { id: 'chains', name: 'Chains', summary: 'By motion.', masks: false, cost: '' },
    { id: 'mcbyte', name: 'McByte', summary: 'By masks.', masks: true, cost: 'Slow.' },
  ],
  class_labels: {},
  preferences: {},
  urls: { live: '', networks: '/networks', project: '' },
  csrf_token: '',
}

/** A store with a server that says only what a test tells it to say. */
export class StoreBench {
  online = true
  readonly sent: ClientMessage[] = []
  readonly edits: FakeEdits
  readonly refused = new FakeEdits()
  readonly rest = new FakeRest()
  readonly store: EditorStore
  revision = 0

  constructor(edits = new FakeEdits(), config: Partial<EditorConfig> = {}) {
    this.edits = edits
    const send = (message: ClientMessage) => {
      if (this.online) this.sent.push(message)
      return this.online
    }
    this.store = new EditorStore({ ...CONFIG, ...config }, { rest: this.rest, edits, refused: this.refused, send }, 0)
  }

  /** The socket is open: the server greets. */
  connect(revision = this.revision): void {
    this.online = true
    this.revision = revision
    const { can_manage, can_review, can_settle, editable_ranges: ranges } = this.store.config
    const rights = {
      type: 'rights',
      why: '',
      ranges,
      can_manage,
      can_review,
      can_settle,
    } as const
    const surroundings = this.surroundings()
    this.store.receive({
      type: 'welcome',
      connection: 'me',
      revision,
      rights,
      surroundings,
      people: [],
      runs: [],
      unread: 0,
    })
  }

  /** What is said around the tracks, but for what a test says otherwise. */
  surroundings(changes: Partial<Surroundings> = {}): Surroundings {
    const { video, layer, archived, locks_accepted, labels, job } = this.store.config
    const { name, frame_count, width, height } = video
    const size = { frame_count, width, height }
    const as_it_is = { video: name, layer: layer.name, ...size, archived, locks_accepted, labels, job }
    return { type: 'surroundings', project: 'Crossing', why: '', ...as_it_is, ...changes }
  }

  drop(): void {
    this.online = false
    this.store.disconnected()
  }

  get sentEdits(): Edit[] {
    return this.sent.filter((message) => message.type === 'edit')
  }

  /** The server tells of an edit. */
  announce(operations: readonly Operation[], more: Partial<EventOut> = {}): void {
    this.revision++
    this.store.receive({
      type: 'event',
      revision: this.revision,
      kind: 'edit',
      edit: crypto.randomUUID(),
      undoes: null,
      author: 2,
      author_name: 'Bob',
      summary: '',
      at: '',
      operations,
      run: null,
      numbers: {},
      touched: [],
      verdicts: [],
      conflicts: [],
      told: true,
      ...more,
    })
  }

  /** The server has the oldest edit that it hasn't told of yet. */
  acknowledge(edit: Edit, numbers: Record<string, number> = {}): void {
    this.announce(edit.operations, { edit: edit.id, numbers, author: 1 })
  }

  run(info: Partial<RunInfo> & { id: string }): void {
    this.store.receive({ type: 'run', run: { ...RUN, ...info } })
  }
}
