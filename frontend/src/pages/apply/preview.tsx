import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { paintPreview, type NamedColour } from '@/canvas/preview'
import { t } from '@/core/text'
import { PreviewCounts } from '@/panels/preview-counts'
import type { ApplyVideo } from '@/protocol/generated'
import { judge, type Judged } from '@/store/previews'
import { areSameWords, wordsIn } from '@/store/words'
import type { Applying } from './applying'
import { previewOf, wishesOf } from './choice'

/** What the detector sees on one frame of a video, and what becomes of it with what is chosen now. */
export function Preview({ applying }: { applying: Applying }) {
  const { page, previews } = applying
  const choice = applying.choice.value
  const { latest, asking, problem } = previews
  const asked = previews.words.value
  const picked = useSignal<number | null>(null)
  const typed = useSignal('')
  const { video, frame, why } = previewOf(choice, page, picked.value, typed.value)
  const finder = page.finders.find(({ id }) => id === choice.finder)
  const wishes = wishesOf(choice, finder)
  const shown = latest.value?.state === 'done' ? latest.value : null
  const of = page.videos.find(({ id }) => id === shown?.video)
  const judged = shown && wishes ? judge(shown.seen, wishes) : []
  const words = finder?.by_word ? wordsIn(choice.words) : []
  const isSpeechless = finder?.by_word === true && !words.length
  const isFresh =
    shown?.model === choice.finder && wishes !== null && shown.least <= wishes.confidence && areSameWords(asked, words)
  const look = () => {
    if (!why && video && wishes && !isSpeechless)
      void previews.ask(video.id, frame, { finder: choice.finder, confidence: wishes.confidence, words })
  }
  useKey(look)
  return (
    <section class="apply-preview" aria-labelledby="apply-preview-title">
      <h3 id="apply-preview-title">{t('Preview on one frame')}</h3>
      <div class="line">
        <select
          aria-label={t('Video of the preview')}
          value={video?.id}
          onChange={(event) => (picked.value = Number(event.currentTarget.value))}
        >
          {offered(page.videos, choice.videos).map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </select>
        <label>
          {t('frame')}{' '}
          <input
            inputMode="numeric"
            size={7}
            placeholder={String(frame)}
            value={typed.value}
            onInput={(event) => (typed.value = event.currentTarget.value.trim())}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              // Enter in a field would begin with all videos.
              event.preventDefault()
              look()
            }}
          />
        </label>
        <button
          type="button"
          class="button"
          disabled={why !== '' || wishes === null || isSpeechless}
          title={t('Shows what the detector sees there; nothing is saved ({key})', { key: 'Alt+Shift+D' })}
          onClick={look}
        >
          {t('Preview')}
        </button>
        {asking.value && (
          <>
            <span role="status" class="muted">
              {latest.value?.state === 'looking'
                ? t('The detector looks …')
                : latest.value?.state === 'fetching'
                  ? t('A machine fetches the video …')
                  : t('Waiting for a machine …')}
            </span>
            <button type="button" class="button quiet" onClick={() => void previews.drop()}>
              {t('Cancel')}
            </button>
          </>
        )}
      </div>
      {why && <p class="hint">{why}</p>}
      {isSpeechless && <p class="hint">{t('Type what to look for first.')}</p>}
      {problem.value && (
        <p class="message error" role="alert">
          {problem.value} <a href={page.networks}>{t('Neural networks')}</a>
        </p>
      )}
      {shown && of && (
        <>
          <Picture
            video={of}
            frame={shown.frame}
            judged={judged}
            labelOf={(label) => page.labels.find(({ id }) => id === label) ?? null}
          />
          {!isFresh && (
            <p class="hint">
              {t('Seen by {finder}, at least {percent} % sure. Preview again to see what you have chosen since.', {
                finder: shown.model_name,
                percent: Math.round(100 * shown.least),
              })}
            </p>
          )}
          <PreviewCounts
            judged={judged}
            more={shown.left_out}
            nameOf={(label) => page.labels.find(({ id }) => id === label)?.name ?? ''}
          />
        </>
      )}
    </section>
  )
}

/** The ticked videos, if any are, else all. */
const offered = (videos: readonly ApplyVideo[], ticked: ReadonlySet<number>): readonly ApplyVideo[] =>
  ticked.size ? videos.filter(({ id }) => ticked.has(id)) : videos

/** The key that the editor has for it, too. */
function useKey(look: () => void): void {
  const newest = useRef(look)
  newest.current = look
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.code !== 'KeyD') return
      event.preventDefault()
      newest.current()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

/** A frame with what is seen on it. */
function Picture({
  video,
  frame,
  judged,
  labelOf,
}: {
  video: ApplyVideo
  frame: number
  judged: readonly Judged[]
  labelOf: (label: number) => NamedColour | null
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const newest = useRef(() => {})
  newest.current = () => {
    if (canvas.current) draw(canvas.current, video, judged, labelOf)
  }
  useEffect(() => newest.current())
  useEffect(() => {
    if (!canvas.current) return undefined
    const resized = new ResizeObserver(() => newest.current())
    resized.observe(canvas.current)
    return () => resized.disconnect()
  }, [])
  const failed = useSignal(false)
  return (
    <figure class="apply-picture" style={{ aspectRatio: `${video.width} / ${video.height}` }}>
      <img
        key={`${video.id} ${frame}`}
        src={`/api/videos/${video.id}/frames/${frame}.jpg`}
        alt={t('Frame {frame} of {video}', { frame, video: video.name })}
        onLoad={() => (failed.value = false)}
        onError={() => (failed.value = true)}
      />
      <canvas ref={canvas} aria-hidden="true" />
      {failed.value && <figcaption class="hint">{t('The picture of this frame can’t be loaded.')}</figcaption>}
    </figure>
  )
}

function draw(
  canvas: HTMLCanvasElement,
  { width, height }: ApplyVideo,
  judged: readonly Judged[],
  labelOf: (label: number) => NamedColour | null,
): void {
  const ratio = window.devicePixelRatio || 1
  const [across, down] = [canvas.clientWidth, canvas.clientHeight]
  canvas.width = Math.round(across * ratio)
  canvas.height = Math.round(down * ratio)
  const context = canvas.getContext('2d')
  if (!context || !width || !height) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  const [x, y] = [across / width, down / height]
  paintPreview(context, judged, ([x1, y1, x2, y2]) => [x1 * x, y1 * y, x2 * x, y2 * y], labelOf)
}
