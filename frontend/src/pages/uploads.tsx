/** The videos of a project: their state as they come in, and resumable uploads of new ones. */
import { signal } from '@preact/signals'
import { render } from 'preact'
import { Upload } from 'tus-js-client'
import { counted, t } from '@/core/text'
import { lengthOf } from '@/core/times'
import type { VideoOut, VideosPage } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from './fresh'
import { ExportDialog, Exports, type Exported } from './project-export'
import { ImportDialog, Imports } from './project-import'

interface Sending {
  readonly id: number
  readonly name: string
  readonly share: number
  /** Empty while it goes well. */
  readonly error: string
  readonly paused: boolean
  readonly upload: Upload
}

const CHUNK = 4 * 2 ** 20
const POLL_MS = 600
const RETRIES_MS = [0, 500, 1000, 2000, 5000, 10_000, 20_000]

/** `<section data-uploads>` beside `<script id="videos-page">`, in templates/project_videos.html.
 * Returns whether something is under way that leaving the page would break off. */
export function mountUploads(root: HTMLElement): () => boolean {
  const page = JSON.parse(document.getElementById('videos-page')?.textContent ?? '') as VideosPage
  const host = document.createElement('div')
  root.append(host)
  const videos = new Videos(page.project, page.csrf_token)
  render(<Panel videos={videos} page={page} />, host)
  void videos.refresh()
  const back = () => {
    if (document.visibilityState === 'visible') void videos.refresh()
  }
  addEventListener('focus', back)
  document.addEventListener('visibilitychange', back)
  return () => videos.isBusy
}

class Videos {
  readonly listed = signal<readonly VideoOut[] | null>(null)
  readonly sending = signal<readonly Sending[]>([])
  /** Why the list can't be shown as it is now; empty: it is. */
  readonly problem = signal('')
  /** What couldn't be done with a video, by its id, until it is tried again. */
  readonly refused = signal<ReadonlyMap<number, string>>(new Map())
  readonly exports: Exports
  readonly imports: Imports
  private readonly rest: Rest
  private polling = false
  private count = 0

  constructor(
    private readonly project: number,
    private readonly csrfToken: string,
  ) {
    this.rest = new Rest(csrfToken)
    this.exports = new Exports(this.rest)
    this.imports = new Imports(this.rest, project)
  }

  get isBusy(): boolean {
    return this.sending.value.length > 0
  }

  /** Fetch the list, and go on doing so while anything is being prepared. */
  async refresh(): Promise<void> {
    if (this.polling) return
    this.polling = true
    try {
      await this.fetch()
      while (this.pending()) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        await this.fetch()
      }
    } catch (error) {
      this.problem.value = error instanceof ApiError ? error.message : String(error)
      if (error instanceof ApiError && error.isOut) lookAgain()
      if (error instanceof ApiError && error.status === 0) setTimeout(() => void this.refresh(), 5 * POLL_MS)
    } finally {
      this.polling = false
    }
  }

  send(file: File): void {
    const id = this.count++
    const upload = new Upload(file, {
      endpoint: '/api/uploads/',
      chunkSize: CHUNK,
      retryDelays: RETRIES_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, project: String(this.project) },
      headers: { 'X-CSRFToken': this.csrfToken },
      onProgress: (sent, total) => this.note(id, { share: total ? sent / total : 0, error: '' }),
      onError: (error) => this.note(id, { error: messageOf(error) }),
      onSuccess: () => {
        this.sending.value = this.sending.value.filter((each) => each.id !== id)
        void this.refresh()
      },
    })
    this.sending.value = [...this.sending.value, { id, name: file.name, share: 0, error: '', paused: false, upload }]
    // A page that was closed half-way left its upload on the server: go on there.
    void upload.findPreviousUploads().then(([previous]) => {
      if (previous) upload.resumeFromPreviousUpload(previous)
      upload.start()
    })
  }

  pause({ id, upload, paused }: Sending): void {
    if (paused) upload.start()
    else void upload.abort()
    this.note(id, { paused: !paused, error: '' })
  }

  cancel({ id, upload }: Sending): void {
    // The server forgets what it has; should that fail, it removes stale uploads by itself.
    void upload.abort(true).catch(() => undefined)
    this.sending.value = this.sending.value.filter((each) => each.id !== id)
  }

  async remove(video: VideoOut): Promise<void> {
    await this.attempt(video, () => this.rest.delete('/api/videos/{video_id}', { path: { video_id: video.id } }))
  }

  async retry(video: VideoOut): Promise<void> {
    await this.attempt(video, () => this.rest.post('/api/videos/{video_id}/retry', { path: { video_id: video.id } }))
  }

  private async fetch(): Promise<void> {
    this.listed.value = await this.rest.get('/api/videos/', { query: { project: this.project } })
    this.problem.value = ''
  }

  private pending(): boolean {
    return this.listed.value?.some((video) => isComing(video) || isProxyComing(video)) ?? false
  }

  private note(id: number, change: Partial<Sending>): void {
    this.sending.value = this.sending.value.map((each) => (each.id === id ? { ...each, ...change } : each))
  }

  private async attempt({ id }: VideoOut, work: () => Promise<unknown>): Promise<void> {
    const refused = new Map(this.refused.value)
    refused.delete(id)
    try {
      await work()
    } catch (error) {
      refused.set(id, error instanceof ApiError ? error.message : String(error))
    }
    this.refused.value = refused
    await this.refresh()
  }
}

function Panel({ videos, page }: { videos: Videos; page: VideosPage }) {
  const { may_manage: mayManage, may_upload: mayUpload, may_annotate: mayAnnotate } = page
  const listed = videos.listed.value
  const ready = listed?.flatMap(exportable) ?? []
  return (
    <>
      {mayUpload && (
        <DropZone
          tall={listed?.length === 0 && !videos.sending.value.length}
          onFiles={(files) => files.forEach((file) => videos.send(file))}
        />
      )}
      {videos.problem.value && (
        <p class="message error" role="alert">
          {videos.problem.value}
        </p>
      )}
      {[...videos.refused.value].map(
        ([id, message]) =>
          !listed?.some((video) => video.id === id) && (
            <p key={id} class="message error" role="alert">
              {message}
            </p>
          ),
      )}
      {ready.length > 0 && (
        <div class="videos-head">
          <h2>{counted(listed?.length ?? 0, '{count} video', '{count} videos')}</h2>
          <div class="row">
            {mayAnnotate && (
              <button type="button" class="button" onClick={() => videos.imports.open()}>
                {t('Import annotations')}
              </button>
            )}
            <button type="button" class="button" onClick={() => videos.exports.open(ready)}>
              {t('Export annotations')}
            </button>
          </div>
        </div>
      )}
      <ul class="cards videos">
        {videos.sending.value.map((sending) => (
          <SendingCard key={`sending-${sending.id}`} videos={videos} sending={sending} />
        ))}
        {listed?.map((video) => (
          <VideoCard key={video.id} videos={videos} video={video} mayManage={mayManage} />
        ))}
      </ul>
      {listed?.length === 0 && !mayUpload && (
        <p class="empty">{t('No videos yet. A manager of this project can upload some.')}</p>
      )}
      <ExportDialog exports={videos.exports} videos={ready} />
      <ImportDialog imports={videos.imports} />
    </>
  )
}

function DropZone({ tall, onFiles }: { tall: boolean; onFiles: (files: File[]) => void }) {
  const take = (list: FileList | null | undefined) => onFiles([...(list ?? [])])
  const over = (event: DragEvent, is: boolean) => {
    event.preventDefault()
    ;(event.currentTarget as HTMLElement).classList.toggle('over', is)
  }
  return (
    <div
      class={tall ? 'drop-zone tall' : 'drop-zone'}
      onDragOver={(event) => over(event, true)}
      onDragLeave={(event) => over(event, false)}
      onDrop={(event) => {
        over(event, false)
        take(event.dataTransfer?.files)
      }}
    >
      {tall && <strong>{t('No videos yet.')}</strong>}
      <span>{t('Drop videos here, or')}</span>
      <label class="button">
        {t('Choose files')}
        <input
          type="file"
          multiple
          accept="video/*,.mkv,.avi,.mts,.m2ts,.ts,.mov,.webm"
          onChange={(event) => {
            take(event.currentTarget.files)
            event.currentTarget.value = ''
          }}
        />
      </label>
      {tall && (
        <p class="hint">
          {t('MP4, MOV, MKV, AVI, WebM and most others. An upload that is cut off goes on where it stopped.')}
        </p>
      )}
    </div>
  )
}

function SendingCard({ videos, sending }: { videos: Videos; sending: Sending }) {
  const percent = Math.round(sending.share * 100)
  return (
    <li class="card video-card" data-state="uploading">
      <div class="video-thumb">{sending.paused ? t('Paused') : t('Uploading {percent} %', { percent })}</div>
      <div class="video-body">
        <strong title={sending.name}>{sending.name}</strong>
        {sending.error ? (
          <p class="error" role="alert">
            {sending.error}
          </p>
        ) : (
          <progress max={1} value={sending.share} aria-label={t('Uploading {name}', { name: sending.name })} />
        )}
        <div class="actions">
          <button
            type="button"
            class="button"
            onClick={() => videos.pause({ ...sending, paused: sending.paused || sending.error !== '' })}
          >
            {sending.paused || sending.error ? t('Resume') : t('Pause')}
          </button>
          <button type="button" class="button" onClick={() => videos.cancel(sending)}>
            {t('Cancel')}
          </button>
        </div>
      </div>
    </li>
  )
}

function VideoCard({ videos, video, mayManage }: { videos: Videos; video: VideoOut; mayManage: boolean }) {
  const ready = video.state === 'ready'
  const asking = signalFor(video.id)
  const refused = videos.refused.value.get(video.id)
  return (
    <li class="card video-card" data-state={video.state} data-video={video.id}>
      <Thumbnail video={video} />
      <div class="video-body">
        {ready ? (
          <a class="cover" href={`/videos/${video.id}/edit/`}>
            <strong title={video.name}>{video.name}</strong>
          </a>
        ) : (
          <strong title={video.name}>{video.name}</strong>
        )}
        {ready && (
          <p class="muted">
            {t('{width} × {height} · {frames} frames · {length}', {
              width: video.width,
              height: video.height,
              frames: video.frame_count,
              length: lengthOf(video.duration_s),
            })}
          </p>
        )}
        {video.jobs > 0 && (
          <p class="muted">
            {t('{accepted} of {jobs} jobs accepted', { accepted: video.jobs_accepted, jobs: video.jobs })}
          </p>
        )}
        {video.state === 'failed' && (
          <p class="error" role="alert">
            {video.error}
          </p>
        )}
        {isComing(video) && (
          <progress max={1} value={video.progress} aria-label={t('Preparing {name}', { name: video.name })} />
        )}
        {ready && proxyText(video) && (
          <p class="muted" data-proxy>
            {proxyText(video)}
          </p>
        )}
        {video.proxy_error && (
          <p class="error" role="alert">
            {video.proxy_error}
          </p>
        )}
        {video.left_out.map(({ reason, text }) => (
          <p class="muted" key={reason} data-left-out={reason}>
            {text}
          </p>
        ))}
        {refused && (
          <p class="error" role="alert">
            {refused}
          </p>
        )}
        {(mayManage || ready) && (
          <div class="actions">
            {ready && !asking.value && (
              <button
                type="button"
                class="button quiet"
                aria-label={t('Export {name}', { name: video.name })}
                onClick={() => videos.exports.open(exportable(video))}
              >
                {t('Export')}
              </button>
            )}
            {video.may_retry && (
              <button type="button" class="button" onClick={() => void videos.retry(video)}>
                {t('Try again')}
              </button>
            )}
            {asking.value ? (
              <>
                <button type="button" class="button danger" onClick={() => void videos.remove(video)}>
                  {t('Remove it and its annotations')}
                </button>
                <button type="button" class="button" onClick={() => (asking.value = false)}>
                  {t('Keep')}
                </button>
              </>
            ) : (
              mayManage && (
                <button type="button" class="button quiet" onClick={() => (asking.value = true)}>
                  {t('Remove')}
                </button>
              )
            )}
          </div>
        )}
      </div>
    </li>
  )
}

const exportable = ({ id, name, state, layer }: VideoOut): Exported[] =>
  state === 'ready' && layer !== null ? [{ id, name, layer }] : []

const isComing = ({ state }: VideoOut) => state === 'queued' || state === 'ingesting'

const isProxyComing = ({ state, proxy_state: proxy, strip, proxy_error: error }: VideoOut) =>
  state === 'ready' && (proxy === 'waiting' || proxy === 'making' || (proxy === 'unneeded' && !strip && !error))

/** About the copy for quick seeking; empty: nothing. */
function proxyText(video: VideoOut): string {
  const { proxy_state: state, proxy_progress: share, proxy_bytes: bytes, strip, proxy_error: error } = video
  switch (state) {
    case 'waiting':
      return t('Ready to label. A copy for quick seeking waits for its turn.')
    case 'making':
      return t('Ready to label. Copy for quick seeking: {percent} %, {megabytes} MB', {
        percent: Math.round(share * 100),
        megabytes: (bytes / 1e6).toFixed(1),
      })
    case 'unneeded':
      return strip || error
        ? t('Needs no copy for quick seeking: the file seeks quickly itself.')
        : t('Ready to label. It needs no copy for quick seeking; its thumbnails are being made.')
    case 'ready':
    case 'failed':
      return ''
  }
}

function Thumbnail({ video }: { video: VideoOut }) {
  if (video.state !== 'ready') {
    const texts = { queued: t('Waiting …'), ingesting: `${video.stage} …`, failed: t('Not usable') }
    return <div class="video-thumb">{texts[video.state]}</div>
  }
  // The strip is made with the proxy.
  if (!video.strip) {
    const first = `url(/api/videos/${video.id}/frames/0.jpg?v=${video.version})`
    return <div class="video-thumb" style={{ backgroundImage: first, backgroundSize: 'cover' }} />
  }
  const columns = video.strip.columns
  const rows = Math.max(Math.ceil(video.strip.count / columns), 1)
  const style = {
    backgroundImage: `url(/api/videos/${video.id}/strip.jpg?v=${video.version})`,
    backgroundSize: `${columns * 100}% ${rows * 100}%`,
  }
  return <div class="video-thumb" style={style} />
}

/** Whether a card asks before it removes its video. */
const askings = new Map<number, ReturnType<typeof signal<boolean>>>()

function signalFor(id: number) {
  let found = askings.get(id)
  if (!found) {
    found = signal(false)
    askings.set(id, found)
  }
  return found
}

function messageOf(error: Error & { originalResponse?: { getBody(): string } | null }): string {
  try {
    const body = JSON.parse(error.originalResponse?.getBody() ?? '') as { message?: unknown }
    if (typeof body.message === 'string') return body.message
  } catch {
    // No answer, or none of ours.
  }
  return t('The connection broke. Resume goes on where it stopped.')
}
