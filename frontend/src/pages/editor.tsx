/** The editor page: joins the parts, and knows nothing itself. */
import { effect } from '@preact/signals-core'
import '@preact/signals'
import { render } from 'preact'
import { Stage } from '@/canvas/stage'
import { follow } from '@/core/follow'
import { Scheduler } from '@/core/scheduler'
import { Scope } from '@/core/scope'
import { COMMANDS } from '@/editor/commands'
import { Editor } from '@/editor/editor'
import { Playback } from '@/editor/time/playback'
import { goToDifference } from '@/editor/objects/differences'
import { isComing } from '@/editor/preparation'
import { TOOLS } from '@/editor/tools'
import { createPlayer, type SwitchingPlayer } from '@/media/player'
import { WAYS, type Player } from '@/media/types'
import { GoneBanner, OutdatedBanner } from '@/panels/gone'
import { FrameTags } from '@/panels/frame-tags'
import { Labels } from '@/panels/labels'
import { Tracking } from '@/panels/tracking'
import { Attributes } from '@/panels/attributes'
import { ContextMenu } from '@/panels/context-menu'
import { QuickBar } from '@/panels/quick-bar'
import { IssuePins } from '@/panels/issue-pins'
import { IssuesDrawer } from '@/panels/issues'
import { InspectionDrawer } from '@/panels/inspection'
import { JoinsDrawer } from '@/panels/joins'
import { HelpOverlay } from '@/panels/keys-help'
import { ConflictCards } from '@/panels/conflicts'
import { HistoryDrawer } from '@/panels/history'
import { BrushOptions } from '@/panels/brush-options'
import { RejectDialog, Review } from '@/panels/review'
import { SmartOptions } from '@/panels/smart-options'
import { Comparison } from '@/panels/comparison'
import { Joints } from '@/panels/joints'
import { HeldBanner, OfflineBanner } from '@/panels/offline'
import { Objects } from '@/panels/objects'
import { NoticeBar, QuestionDialog } from '@/panels/overlays'
import { Palette } from '@/panels/palette'
import { Candidates } from '@/panels/candidates'
import { MappingDialog } from '@/panels/finding'
import { TimeDialogs } from '@/panels/time-dialogs'
import { ToolBar } from '@/panels/tool-bar'
import { TopBar } from '@/panels/top-bar'
import { TimelineBar } from '@/panels/timeline-bar'
import { TourCard } from '@/panels/tour'
import { Transport } from '@/panels/transport'
import { MOST_SELECTED } from '@/protocol/generated'
import { LiveChannel } from '@/protocol/live'
import { Rest } from '@/protocol/rest'
import { IndexedEdits } from '@/store/indexed-edits'
import { EditorStore } from '@/store/store'
import type { EditorConfig, FrameNumber } from '@/store/types'
import { Timeline } from '@/timeline/timeline'
import { applyTheme, toggleTheme } from './theme'
import { keepPreferences } from './preferences'
import { focusNextRegion, focusPanel, mountKeyboard } from './keyboard'
import { keyboardHere } from './keyboard-layout'
import { toggleFullScreen } from './full-screen'
import { mountGrips } from './grips'

const PRESENCE_MS = 150
const PREPARATION_MS = 2000
/** Which frames were on screen is told so often. */
const WATCHED_MS = 10_000
/** Who stays on a frame for so long may want to click there. */
const LOOK_AFTER_MS = 250

function start(): void {
  applyTheme()
  const config = JSON.parse(element('editor-config').textContent) as EditorConfig
  const { video } = config
  const parameters = new URLSearchParams(location.search)
  const scope = new Scope()
  const scheduler = new Scheduler()
  const rest = new Rest(config.csrf_token)
  const live = new LiveChannel(new URL(config.urls.live, location.href.replace(/^http/, 'ws')).href, {
    onMessage: (message) => store.receive(message),
    onPredictions: (message) => store.receivePredictions(message),
    onEnded: (message) => store.session.tell(message, 'error'),
  })
  const kept = `${config.user.id}/${config.layer.id}`
  const store = new EditorStore(
    config,
    {
      rest,
      edits: new IndexedEdits(kept),
      refused: new IndexedEdits(`${kept}/refused`),
      send: (message) => live.send(message),
    },
    firstFrame(config, parameters),
  )
  const editor = new Editor(
    store,
    {
      fit: () => stage.fit(),
      turn: (by) => stage.turn(by),
      toggleFullScreen,
      focusNext: focusNextRegion,
      focusPanel,
      keyboard: keyboardHere(),
    },
    { tools: TOOLS, commands: COMMANDS },
  )
  const player = createPlayer({
    proxyState: video.proxy_state,
    proxyUrl: video.proxy_url,
    source: video.source,
    frameUrl: video.frame_url,
    frameCount: video.frame_count,
    fps: video.fps,
    width: video.width,
    height: video.height,
    ways: new Set(WAYS.filter((way) => !WAYS.some((only) => parameters.has(only)) || parameters.has(way))),
  })
  mountGrips(editor.layout, scope)
  renderPanels(editor, rest, live)
  const stage = new Stage(element('stage'), editor, scheduler, scope)
  const timeline = new Timeline(element('timeline'), editor, scheduler, scope)
  editor.timeline = timeline
  timeline.setMenu((x, y) => {
    const stage = element('stage').getBoundingClientRect()
    editor.menuAt.value = { x: x - stage.left, y: y - stage.top }
  })
  editor.playback = new Playback(
    store.session,
    config.video.fps,
    () => editor.bounds,
    (frame) => player.peek(frame) !== null,
    (tick) => scheduler.onFrame(tick),
  )
  connectPlayer(player, stage, timeline, editor, scope)
  followPreparation(player, editor, rest, scope)
  connectLive(live, editor, scope)
  openIssue(editor, parameters.get('issue'), scope)
  followSmartTool(editor, scope)
  keepPreferences(editor.preferences.all, rest, scope)
  mountKeyboard(editor, stage, scope)
  scope.listen(window, 'beforeunload', (event) => {
    // What is unsent is kept and sent by the next page, but a person may not open one here again.
    const { gone, saved, tookUnsent } = store.session
    const lost = tookUnsent.value ? 0 : store.unsentCount.value
    if ((gone.value ? lost : saved.value.unsent) > 0) event.preventDefault()
  })
  store
    .open()
    .then(() => (parameters.has('queue') ? editor.inspection.begin() : undefined))
    .then(() => openBeside(editor, rest, parameters))
    .catch((error: unknown) => store.session.tell(error instanceof Error ? error.message : String(error), 'error'))
  live.connect()
  if (config.can_edit && !editor.tour.settings.seen.value) editor.tour.start()
  scope.add(() => live.dispose())
  scope.add(() => store.dispose())
  // For people who write scripts against the page, and for measurements.
  Object.assign(window, { framewise: { editor, store, player } })
}

/** The address names an issue: read it once it is here. It is forgotten, so that a reload doesn't lead there again. */
function openIssue(editor: Editor, id: string | null, scope: Scope): void {
  if (id === null) return
  let wanted: string | null = id
  scope.add(
    follow([editor.store.issues.loaded], () => {
      if (wanted === null || !editor.store.issues.loaded.value) return
      editor.issues.visit(wanted)
      wanted = null
      const address = new URL(location.href)
      address.searchParams.delete('issue')
      history.replaceState(history.state, '', address)
    }),
  )
}

/** The address names another layer of the video: it is drawn beside this one, and compared. It may say which of the two
 * is taken as true, and by its place which difference to go to. */
async function openBeside(editor: Editor, rest: Rest, parameters: URLSearchParams): Promise<void> {
  const [beside, reference, difference] = ['beside', 'reference', 'difference'].map((name) =>
    numberIn(parameters, name),
  )
  if (beside == null) return
  const { comparing } = editor.store
  const { layers } = await rest.get('/api/videos/{video_id}/layers', { path: { video_id: editor.config.video.id } })
  const other = layers.find((layer) => layer.id === beside && layer.id !== editor.config.layer.id)
  if (!other) return
  await comparing.start(other, editor.session.frame.value, reference)
  const found = difference == null ? undefined : comparing.differences.value[difference]
  // Of layers that changed since, another one may be in that place.
  if (found?.first === editor.session.frame.value) goToDifference(editor, found)
}

function numberIn(parameters: URLSearchParams, name: string): number | null {
  const text = parameters.get(name)
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

function forgetJob(): void {
  const address = new URL(location.href)
  address.searchParams.delete('job')
  history.replaceState(history.state, '', address)
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The editor page has no element #${id}.`)
  return found
}

function firstFrame(config: EditorConfig, parameters: URLSearchParams): number {
  const wanted = Number(parameters.get('frame') ?? config.job?.first ?? 0)
  return Number.isInteger(wanted) ? Math.min(Math.max(wanted, 0), Math.max(config.video.frame_count - 1, 0)) : 0
}

function renderPanels(editor: Editor, rest: Rest, live: LiveChannel): void {
  render(<TopBar editor={editor} rest={rest} onTheme={toggleTheme} />, element('top-bar'))
  render(<ToolBar editor={editor} />, element('tool-bar'))
  render(
    <>
      <BrushOptions editor={editor} />
      <SmartOptions editor={editor} />
    </>,
    element('tool-options'),
  )
  render(<Transport editor={editor} />, element('transport'))
  render(<TimelineBar editor={editor} />, element('timeline-bar'))
  render(
    <>
      <Comparison editor={editor} />
      <FrameTags editor={editor} />
      <Labels editor={editor} />
      <Candidates editor={editor} />
      <Objects editor={editor} />
      <Review editor={editor} />
      <Attributes editor={editor} />
      <Joints editor={editor} />
      <Tracking editor={editor} />
    </>,
    element('side'),
  )
  render(
    <>
      <NoticeBar editor={editor} />
      <QuestionDialog editor={editor} />
      <TimeDialogs editor={editor} />
      <MappingDialog editor={editor} />
      <RejectDialog editor={editor} />
      <HelpOverlay editor={editor} />
      <Palette editor={editor} />
      <TourCard editor={editor} />
    </>,
    element('overlays'),
  )
  render(
    <>
      <IssuePins editor={editor} />
      <QuickBar editor={editor} />
      <ContextMenu editor={editor} />
    </>,
    element('stage-overlay'),
  )
  render(
    <>
      <GoneBanner editor={editor} />
      <OutdatedBanner editor={editor} />
      <OfflineBanner editor={editor} live={live} />
      <HeldBanner editor={editor} />
    </>,
    element('banner'),
  )
  render(<ConflictCards editor={editor} />, element('cards'))
  render(
    <>
      <HistoryDrawer editor={editor} />
      <InspectionDrawer editor={editor} />
      <IssuesDrawer editor={editor} />
      <JoinsDrawer editor={editor} />
    </>,
    element('history'),
  )
}

/** With the smart tool in hand, the frame on which one stays is looked at before it is clicked on. */
function followSmartTool(editor: Editor, scope: Scope): void {
  const { session } = editor
  let soon = 0
  scope.add(
    follow([session.frame, session.playing], () => {
      window.clearTimeout(soon)
      if (session.tool.value === 'smart' && !session.playing.value)
        soon = window.setTimeout(() => session.tool.value === 'smart' && editor.lookAtFrame(), LOOK_AFTER_MS)
    }),
  )
  scope.add(() => window.clearTimeout(soon))
}

/** A new video is worked with before its proxy and its thumbnails are there: ask for them from time to time. */
function followPreparation(player: SwitchingPlayer, editor: Editor, rest: Rest, scope: Scope): void {
  const { preparation, config, session } = editor
  scope.every(PREPARATION_MS, () => {
    if (!isComing(preparation.value) || session.gone.value !== null) return
    rest
      .get('/api/videos/{video_id}', { path: { video_id: config.video.id } })
      .then(({ proxy_state: proxy, proxy_progress: share, strip }) => {
        preparation.value = { proxy, share, strip: strip ?? null }
      })
      // The next time may go well.
      .catch(() => undefined)
  })
  scope.add(
    follow([preparation], () => {
      if (preparation.value.proxy === 'ready') player.proxyArrived()
    }),
  )
}

/** The playhead moves: show that frame, decode what comes next, have its shapes. */
function connectPlayer(player: Player, stage: Stage, timeline: Timeline, editor: Editor, scope: Scope): void {
  const { session, store } = editor
  player.onFrame = (frame, picture) => {
    stage.show(frame, picture)
    store.watched.show(isWatched(frame, editor) ? frame : null)
  }
  player.onError = (message) => session.tell(message, 'error')
  player.onBuffered = (ranges) => timeline.setBuffered(ranges)
  timeline.setPictures((frame) => player.peek(frame))
  let before = session.frame.value
  scope.add(
    effect(() => {
      const frame = session.frame.value
      const speed = session.playing.value ? session.speed.value : 0
      player.show(frame)
      player.prefetch(frame, speed)
      store.loader.want(frame, speed || frame - before)
      store.comparing.layer.value?.want(frame, speed || frame - before)
      before = frame
    }),
  )
  scope.add(follow([session.frame], () => editor.following.nearEnd()))
  scope.add(() => player.dispose())
}

function connectLive(live: LiveChannel, editor: Editor, scope: Scope): void {
  const { session, store } = editor
  scope.add(
    effect(() => {
      if (!live.connected.value) store.disconnected()
    }),
  )
  scope.add(
    effect(() => {
      document.title = `${editor.config.video.name} · Framewise`
    }),
  )
  scope.add(
    effect(() => {
      // The address would lead to a job that is no longer there.
      if (!editor.config.job && new URLSearchParams(location.search).has('job')) forgetJob()
    }),
  )
  scope.add(
    follow([session.gone], () => {
      if (!session.gone.value) return
      editor.playback?.pause()
      editor.machine.cancel()
    }),
  )
  scope.listen(window, 'offline', () => live.drop())
  scope.listen(window, 'online', () => live.hurry())
  let told = ''
  scope.every(PRESENCE_MS, () => {
    const tracks = [...session.selection.value].slice(0, MOST_SELECTED)
    const now = `${session.frame.value} ${tracks.join()}`
    if (now !== told && live.send({ type: 'presence', frame: session.frame.value, tracks })) told = now
  })
  tellWatched(live, editor, scope)
}

/** Tell the server which frames were on screen, from time to time and when the page goes out of sight. */
function tellWatched(live: LiveChannel, editor: Editor, scope: Scope): void {
  const { store } = editor
  const tell = (all: boolean) => {
    const frames = store.watched.take(all)
    if (!frames.length) return
    const message = { type: 'shown' as const, frames: frames.map(([first, last]): [number, number] => [first, last]) }
    if (!live.send({ ...message, revision: store.latest.peek() })) store.watched.putBack(frames)
  }
  scope.every(WATCHED_MS, () => {
    // The shapes of what is on screen may have come later than its picture.
    const frame = Number(element('stage').dataset.frame ?? -1)
    if (frame >= 0 && isWatched(frame, editor)) store.watched.show(frame)
    tell(false)
  })
  scope.listen(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') return
    store.watched.show(null)
    tell(true)
  })
}

/** Whether somebody who looks at a frame sees all that is on it. */
const isWatched = (frame: FrameNumber, { store }: Editor): boolean =>
  document.visibilityState === 'visible' && store.loader.covers(frame)

start()
