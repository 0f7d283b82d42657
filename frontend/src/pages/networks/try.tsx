/** The dialog that tries a model on a frame: which machine, which picture, what is meant on it, and what comes of it. */
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { PreviewOut } from '@/protocol/generated'
import type { Networks } from './networks'
import { Picture, type Pictured } from './try-picture'
import { outcomeOf, rowsOf, Trying } from './trying'

const TYPED_MS = 250

export function TryDialog({ networks }: { networks: Networks }) {
  const trying = networks.trying.value
  return trying && <Opened key={trying.model.id} networks={networks} {...trying} />
}

function Opened({ networks, model, machine }: { networks: Networks } & NonNullable<Networks['trying']['value']>) {
  const root = useRef<HTMLDialogElement>(null)
  const trying = useMemo(() => new Trying(networks, model, machine), [])
  useEffect(() => {
    root.current?.showModal()
    void trying.search()
    return () => void trying.previews.drop()
  }, [])
  const { latest, asking, problem } = trying.previews
  const subject = trying.subject.value
  const done = latest.value?.state === 'done' ? latest.value : null
  const rows = useMemo(() => (done ? rowsOf(done) : []), [done])
  const first = subject?.kind === 'video' ? subject.frame : 0
  const shown = trying.shown.value ?? first
  return (
    <dialog
      ref={root}
      class="try-dialog stack"
      aria-labelledby="try-title"
      onClose={() => {
        networks.trying.value = null
      }}
    >
      <h2 id="try-title">{t('Try {name} on a frame', { name: model.name })}</h2>
      <div class="try-columns">
        <div class="try-shown">
          <Subject trying={trying} shown={shown} rows={rows} seen={done?.seen ?? []} />
          {rows.length > 1 && subject?.kind === 'video' && (
            <ol class="try-strip" aria-label={t('Frame by frame')}>
              {rows.map((row) => (
                <li key={row.frame}>
                  <button
                    type="button"
                    aria-pressed={row.frame === shown}
                    aria-label={t('Frame {frame}', { frame: row.frame })}
                    onClick={() => (trying.shown.value = row.frame)}
                  >
                    <Picture picture={{ ...pictured(subject.video, row.frame), alt: '' }} rows={[row]} />
                    <span class="muted">{row.frame}</span>
                  </button>
                </li>
              ))}
            </ol>
          )}
        </div>
        <div class="try-choices stack">
          <Machines trying={trying} />
          <Search trying={trying} />
          {model.by_word && (
            <label>
              {t('Look for')}
              <input
                type="text"
                placeholder={t('person, traffic cone')}
                value={trying.wanted.value}
                onInput={(event) => (trying.wanted.value = event.currentTarget.value)}
                onKeyDown={(event) => event.key === 'Enter' && trying.try()}
              />
            </label>
          )}
          {model.task === 'find' && (
            <label>
              {t('At least {percent} % sure', { percent: Math.round(100 * trying.least.value) })}
              <input
                type="range"
                min={5}
                max={95}
                step={5}
                value={Math.round(100 * trying.least.value)}
                onInput={(event) => (trying.least.value = event.currentTarget.valueAsNumber / 100)}
              />
            </label>
          )}
          {model.task !== 'find' && (
            <div class="line">
              <span class="muted">
                {trying.hint} {t('Alt and a click: not this.')}
              </span>
              {(trying.clicks.value.length > 0 || trying.box.value) && (
                <button type="button" class="button quiet small" onClick={() => trying.back()}>
                  {t('Take back')}
                </button>
              )}
            </div>
          )}
          <div class="try-outcome" aria-live="polite">
            {problem.value ? (
              <p class="error" role="alert">
                {problem.value}
              </p>
            ) : asking.value ? (
              <p class="muted">{stageOf(latest.value)}</p>
            ) : done ? (
              <>
                <p>
                  <strong>{outcomeOf(model.task, done, trying.least.value)}</strong>
                </p>
                {done.notes.map((note) => (
                  <p key={note} class="muted">
                    {note}
                  </p>
                ))}
              </>
            ) : (
              <p class="muted">{(trying.why !== trying.hint && trying.why) || t('Nothing of it is saved.')}</p>
            )}
          </div>
        </div>
      </div>
      <div class="row end">
        {asking.value && (
          <button type="button" class="button quiet" onClick={() => void trying.previews.drop()}>
            {t('Cancel')}
          </button>
        )}
        <button type="button" class="button" onClick={() => root.current?.close()}>
          {t('Close')}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={trying.why !== '' || asking.value}
          title={trying.why}
          onClick={() => trying.try()}
        >
          {t('Try')}
        </button>
      </div>
    </dialog>
  )
}

function stageOf(latest: PreviewOut | null): string {
  if (latest?.state === 'looking') return t('The model is at work …')
  return latest?.state === 'fetching' ? t('The machine fetches the video …') : t('Waiting for the machine …')
}

function Machines({ trying }: { trying: Trying }) {
  const machines = trying.networks.tryableOn(trying.model.id)
  const chosen = machines.find(({ id }) => id === trying.machine.value)
  if (machines.length < 2 && chosen) return <p class="muted">{t('On {machine}', { machine: chosen.name })}</p>
  return (
    <label>
      {t('On the machine')}
      <select
        value={trying.machine.value}
        onChange={(event) => (trying.machine.value = Number(event.currentTarget.value))}
      >
        {!chosen && <option value={trying.machine.value}>{t('(away by now)')}</option>}
        {machines.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Videos of the workspace, by what is typed; the frame of the chosen one; or a picture. */
function Search({ trying }: { trying: Trying }) {
  const timer = useRef<ReturnType<typeof setTimeout>>()
  const found = trying.found.value
  const subject = trying.subject.value
  const typed = (words: string) => {
    trying.words.value = words
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void trying.search(), TYPED_MS)
  }
  return (
    <>
      <label>
        {t('Video')}
        <input
          type="search"
          placeholder={t('Part of a name')}
          value={trying.words.value}
          onInput={(event) => typed(event.currentTarget.value)}
        />
      </label>
      <ul class="try-videos" aria-label={t('Videos')}>
        {found?.videos.map((video) => (
          <li key={video.id}>
            <button
              type="button"
              aria-pressed={subject?.kind === 'video' && subject.video.id === video.id}
              onClick={() => trying.choose(video)}
            >
              <span>{video.name}</span> <span class="muted">{video.project}</span>
            </button>
          </li>
        ))}
        {found && !found.videos.length && (
          <li class="muted">
            {trying.words.value ? t('No video has this in its name.') : t('No video is ready yet. Take a picture.')}
          </li>
        )}
        {found && found.more > 0 && (
          <li class="muted">{t('{count} more: type more of the name.', { count: found.more })}</li>
        )}
      </ul>
      {subject?.kind === 'video' && (
        <label>
          {t('Frame')}
          <span class="line">
            <input
              type="range"
              aria-label={t('Frame, roughly')}
              min={0}
              max={subject.video.frame_count - 1}
              value={subject.frame}
              onChange={(event) => trying.seek(event.currentTarget.valueAsNumber)}
            />
            <input
              type="number"
              aria-label={t('Frame')}
              min={0}
              max={subject.video.frame_count - 1}
              value={subject.frame}
              onChange={(event) => trying.seek(event.currentTarget.valueAsNumber)}
            />
          </span>
        </label>
      )}
      <label class="button small try-file">
        {subject?.kind === 'picture' ? subject.name : t('Or a picture …')}
        <input
          type="file"
          accept="image/jpeg,image/png,image/webp"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0]
            event.currentTarget.value = ''
            if (file) void trying.take(file)
          }}
        />
      </label>
      {trying.problem.value && (
        <p class="error" role="alert">
          {trying.problem.value}
        </p>
      )}
    </>
  )
}

const pictured = (
  { id, name, width, height }: { id: number; name: string; width: number; height: number },
  frame: number,
): Pictured => ({
  url: `/api/videos/${id}/frames/${frame}.jpg`,
  alt: t('Frame {frame} of {video}', { frame, video: name }),
  width,
  height,
})

/** What is looked at, large, with what is meant on it and what came of it. */
function Subject({
  trying,
  shown,
  rows,
  seen,
}: {
  trying: Trying
  shown: number
  rows: ReturnType<typeof rowsOf>
  seen: PreviewOut['seen']
}) {
  const isOver = useSignal(false)
  const subject = trying.subject.value
  const picture: Pictured | null =
    subject === null
      ? null
      : subject.kind === 'video'
        ? pictured(subject.video, shown)
        : { url: subject.url, alt: subject.name, width: subject.width, height: subject.height }
  const isFirst = subject?.kind !== 'video' || subject.frame === shown
  return (
    <div
      class={isOver.value ? 'try-subject over' : 'try-subject'}
      onDragOver={(event) => {
        event.preventDefault()
        isOver.value = true
      }}
      onDragLeave={() => (isOver.value = false)}
      onDrop={(event) => {
        event.preventDefault()
        isOver.value = false
        const file = event.dataTransfer?.files[0]
        if (file) void trying.take(file)
      }}
    >
      {picture ? (
        <Picture
          picture={picture}
          rows={rows.filter((row) => subject?.kind === 'picture' || row.frame === shown)}
          seen={seen.filter(({ confidence }) => confidence >= trying.least.value)}
          {...(trying.model.task !== 'find' && isFirst ? { trying } : {})}
        />
      ) : (
        <p class="empty">{t('Choose a video, or drop a picture here.')}</p>
      )}
    </div>
  )
}
