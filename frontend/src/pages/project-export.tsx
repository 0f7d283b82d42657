/** The dialog that exports videos of a project: one file for each, made in the background. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { counted, t } from '@/core/text'
import { ExportLosses, LossCounter } from '@/panels/export-losses'
import { FormatChoice } from '@/panels/format-choice'
import { ApiError, type Rest } from '@/protocol/rest'
import type { FormatOut, TransferOut } from '@/protocol/generated'
import { isUnderWay, watchTransfer, type Wanted } from '@/protocol/transfers'

export interface Exported {
  readonly id: number
  readonly name: string
  readonly layer: number
}

/** Browsers drop downloads that are asked for at the same moment. */
const BETWEEN_DOWNLOADS_MS = 300

export class Exports {
  /** The videos that are ticked when the dialog opens; null: it is closed. */
  readonly ticked = signal<ReadonlySet<number> | null>(null)
  readonly formats = signal<readonly FormatOut[]>([])
  readonly wanted = signal<Wanted>({ format: 'framewise', options: {} })
  /** By video; empty until the export begins. */
  readonly transfers = signal<ReadonlyMap<number, TransferOut>>(new Map())
  readonly problem = signal('')
  counter: LossCounter

  constructor(private readonly rest: Rest) {
    this.counter = new LossCounter(rest)
  }

  /** What is still being made is shown again instead of beginning anew. */
  open(videos: readonly Exported[]): void {
    if ([...this.transfers.value.values()].some(isUnderWay)) {
      this.ticked.value = new Set(this.transfers.value.keys())
      return
    }
    this.transfers.value = new Map()
    this.problem.value = ''
    this.counter = new LossCounter(this.rest)
    this.ticked.value = new Set(videos.map(({ id }) => id))
    if (!this.formats.value.length)
      void this.attempt(async () => void (this.formats.value = await this.rest.get('/api/formats')))
  }

  close(): void {
    this.ticked.value = null
  }

  tick(video: number, is: boolean): void {
    const ticked = new Set(this.ticked.value)
    if (is) ticked.add(video)
    else ticked.delete(video)
    this.ticked.value = ticked
  }

  async begin(videos: readonly Exported[]): Promise<void> {
    this.problem.value = ''
    await Promise.all(videos.map((video) => this.attempt(() => this.export(video))))
  }

  async download(): Promise<void> {
    for (const { file, file_name } of this.transfers.value.values()) {
      if (!file) continue
      const link = Object.assign(document.createElement('a'), { href: file, download: file_name })
      link.click()
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS_MS))
    }
  }

  private async export({ id, layer }: Exported): Promise<void> {
    const begun = await this.rest.post('/api/layers/{layer_id}/exports', {
      path: { layer_id: layer },
      body: this.wanted.value,
    })
    await watchTransfer(this.rest, begun, (transfer) => {
      this.transfers.value = new Map(this.transfers.value).set(id, transfer)
    })
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem.value = error.message
    }
  }
}

export function ExportDialog({ exports, videos }: { exports: Exports; videos: readonly Exported[] }) {
  const root = useRef<HTMLDialogElement>(null)
  const ticked = exports.ticked.value
  const isOpen = ticked !== null
  useEffect(() => {
    if (isOpen) root.current?.showModal()
  }, [isOpen])
  if (!ticked) return null
  const chosen = videos.filter(({ id }) => ticked.has(id))
  const transfers = chosen.map(({ id }) => exports.transfers.value.get(id))
  const begun = exports.transfers.value.size > 0
  const busy = transfers.some((transfer) => transfer && isUnderWay(transfer))
  const files = transfers.filter((transfer) => transfer?.file).length
  return (
    <dialog ref={root} class="export-dialog stack" aria-labelledby="export-title" onClose={() => exports.close()}>
      <h2 id="export-title">{t('Export annotations')}</h2>
      <ul class="export-list" aria-label={t('Videos')}>
        {(begun ? chosen : videos).map((video) => (
          <li key={video.id}>
            {begun ? (
              <Result video={video} transfer={exports.transfers.value.get(video.id)} />
            ) : (
              <label class="choice">
                <input
                  type="checkbox"
                  checked={ticked.has(video.id)}
                  onChange={(event) => exports.tick(video.id, event.currentTarget.checked)}
                />
                <span class="export-name">{video.name}</span>
              </label>
            )}
          </li>
        ))}
      </ul>
      {!begun && (
        <FormatChoice
          formats={exports.formats.value}
          wanted={exports.wanted.value}
          onChange={(wanted) => (exports.wanted.value = wanted)}
        />
      )}
      {!begun && chosen.length > 0 && (
        <ExportLosses
          counter={exports.counter}
          layers={chosen.map(({ layer }) => layer)}
          wanted={exports.wanted.value}
        />
      )}
      {exports.problem.value && (
        <p class="error" role="alert">
          {exports.problem.value}
        </p>
      )}
      {!begun && <p class="hint">{t('Each video becomes a file of its own.')}</p>}
      <div class="row">
        <button type="button" class="button" onClick={() => root.current?.close()}>
          {t('Close')}
        </button>
        {begun ? (
          <button
            type="button"
            class="button primary"
            disabled={busy || !files}
            onClick={() => void exports.download()}
          >
            {busy ? t('Exporting …') : files > 1 ? t('Download {count} files', { count: files }) : t('Download')}
          </button>
        ) : (
          <button
            type="button"
            class="button primary"
            disabled={!chosen.length || !exports.formats.value.length}
            onClick={() => void exports.begin(chosen)}
          >
            {counted(chosen.length, 'Export {count} video', 'Export {count} videos')}
          </button>
        )}
      </div>
    </dialog>
  )
}

function Result({ video, transfer }: { video: Exported; transfer: TransferOut | undefined }) {
  return (
    <div class="export-result">
      <span class="export-name">{video.name}</span>
      {(!transfer || isUnderWay(transfer)) && (
        <progress max={1} value={transfer?.progress ?? 0} aria-label={t('Exporting {name}', { name: video.name })} />
      )}
      {transfer?.state === 'failed' && <span class="error">{transfer.message}</span>}
      {transfer?.state === 'cancelled' && <span class="muted">{t('Cancelled')}</span>}
      {transfer?.file && (
        <a href={transfer.file} download={transfer.file_name}>
          {counted(transfer.report.tracks, '{count} track, {shapes} shapes', '{count} tracks, {shapes} shapes', {
            shapes: transfer.report.shapes,
          })}
        </a>
      )}
      {transfer?.report.losses.length ? <span class="muted export-lost">{lostIn(transfer)}</span> : null}
    </div>
  )
}

/** What the format could not hold. */
const lostIn = ({ report }: TransferOut) => report.losses.map(({ what, count }) => `${count} × ${what}`).join('; ')
