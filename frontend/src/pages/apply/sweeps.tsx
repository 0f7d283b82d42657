import { useSignal } from '@preact/signals'
import { counted, t } from '@/core/text'
import { ago, lasting } from '@/core/times'
import type { SweepOut, SweptVideoOut } from '@/protocol/generated'
import type { Applying } from './applying'

export function Sweeps({ applying }: { applying: Applying }) {
  const sweeps = applying.sweeps.value
  return (
    <section aria-labelledby="sweeps-title" class="sweeps">
      {applying.problem.value && (
        <p class="message error" role="alert">
          {applying.problem.value}
        </p>
      )}
      {sweeps && sweeps.length > 0 && <h2 id="sweeps-title">{t('Begun so far')}</h2>}
      {sweeps?.map((sweep) => (
        <Sweep key={sweep.id} applying={applying} sweep={sweep} />
      ))}
    </section>
  )
}

function Sweep({ applying, sweep }: { applying: Applying; sweep: SweepOut }) {
  const refused = useSignal('')
  const asking = useSignal(false)
  const takes = applying.page.may_begin && sweep.videos.some((video) => video.may_take_over)
  const isOver = sweep.state === 'done' || sweep.state === 'cancelled'
  const take = (step: string) => {
    asking.value = false
    void applying.step(sweep, step).then((why) => (refused.value = why))
  }
  return (
    <article class="card sweep" data-state={sweep.state} aria-label={titleOf(sweep)}>
      <header class="line">
        <h3>{titleOf(sweep)}</h3>
        <Badge state={sweep.state} />
        <span class="spring" />
        {sweep.steps.map(({ id, verb }) =>
          id !== 'cancel' ? (
            <button key={id} type="button" class="button small" onClick={() => take(id)}>
              {t(verb)}
            </button>
          ) : asking.value ? (
            <>
              <button type="button" class="button small danger" onClick={() => take(id)}>
                {t('Cancel and keep what is there')}
              </button>
              <button type="button" class="button small" onClick={() => (asking.value = false)}>
                {t('Don’t cancel')}
              </button>
            </>
          ) : (
            <button key={id} type="button" class="button small" onClick={() => (asking.value = true)}>
              {t(verb)}
            </button>
          ),
        )}
      </header>
      <p class="muted">{factsOf(sweep)}</p>
      {!isOver && <progress max={Math.max(sweep.total, 1)} value={sweep.done} aria-label={t('All videos')} />}
      {!isOver && <p class="muted">{progressOf(sweep)}</p>}
      {sweep.message && <p>{sweep.message}</p>}
      {refused.value && (
        <p class="error" role="alert">
          {refused.value}
        </p>
      )}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>{t('Video')}</th>
              <th>{t('State')}</th>
              <th class="apply-progress">{t('Progress')}</th>
              <th class="number">{t('Tracks')}</th>
              <th>{t('Layer')}</th>
              {takes && <th>{t('Into the main layer')}</th>}
            </tr>
          </thead>
          <tbody>
            {sweep.videos.map((video) => (
              <Row
                key={video.video}
                applying={applying}
                sweep={sweep}
                video={video}
                takes={takes}
                onRefused={(why) => (refused.value = why)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </article>
  )
}

function Row({
  applying,
  sweep,
  video,
  takes,
  onRefused,
}: {
  applying: Applying
  sweep: SweepOut
  video: SweptVideoOut
  takes: boolean
  onRefused: (why: string) => void
}) {
  const address = `/videos/${video.video}/edit/?frame=${sweep.first}${video.layer === null ? '' : `&layer=${video.layer}`}`
  const share = video.total ? Math.min(1, video.done / video.total) : 0
  return (
    <tr data-state={video.state}>
      <td class="long">
        <a href={address}>{video.name}</a>
        {video.message.split('\n').map((line) => line && <p class="hint">{line}</p>)}
      </td>
      <td>
        <Badge state={video.state === 'running' && sweep.state === 'paused' ? 'paused' : video.state} />
      </td>
      <td class="apply-progress">
        {video.state === 'running' && (
          <>
            <progress max={1} value={share} aria-label={t('Progress of {name}', { name: video.name })} />
            <span class="muted">
              {t('{percent} %', { percent: Math.round(100 * share) })}
              {video.seconds !== null &&
                sweep.state === 'running' &&
                ` · ${t('{time} left', { time: lasting(video.seconds) })}`}
            </span>
          </>
        )}
        {video.state !== 'running' && video.done > 0 && (
          <span class="muted">{t('{percent} %', { percent: Math.round(100 * share) })}</span>
        )}
      </td>
      <td class="number">{video.state === 'waiting' ? '' : video.tracks}</td>
      <td class="long">
        {video.layer_name}
        {video.layer !== null && sweep.destination === 'layer' && video.state !== 'waiting' && (
          <>
            {' '}
            <a
              href={`/videos/${video.video}/compare/?compared=${video.layer}`}
              aria-label={t('Compare the layer of {name}', { name: video.name })}
            >
              {t('Compare')}
            </a>
          </>
        )}
      </td>
      {takes && (
        <td>
          {video.may_take_over && (
            <TakeOver
              applying={applying}
              video={video}
              onTake={(labels) => void applying.takeOver(sweep, video.video, labels).then(onRefused)}
            />
          )}
        </td>
      )}
    </tr>
  )
}

function TakeOver({
  applying,
  video,
  onTake,
}: {
  applying: Applying
  video: SweptVideoOut
  onTake: (labels: number[] | null) => void
}) {
  const label = useSignal('')
  return (
    <div class="row apply-take">
      <select
        aria-label={t('Which labels of {name}', { name: video.name })}
        value={label.value}
        onChange={(event) => (label.value = event.currentTarget.value)}
      >
        <option value="">{t('all labels')}</option>
        {applying.page.labels.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" class="button small" onClick={() => onTake(label.value ? [Number(label.value)] : null)}>
        {t('Take over')}
      </button>
      {video.taken_over > 0 && (
        <span class="muted" role="status">
          {counted(video.taken_over, '{count} track taken over', '{count} tracks taken over')}
        </span>
      )}
    </div>
  )
}

const WORDS = {
  running: () => t('Running'),
  paused: () => t('Paused'),
  done: () => t('Done'),
  cancelled: () => t('Cancelled'),
  waiting: () => t('Waiting'),
  skipped: () => t('Left alone'),
  stopped: () => t('Stopped'),
  failed: () => t('Failed'),
}
const LOOKS: Partial<Record<keyof typeof WORDS, string>> = { done: 'accepted', failed: 'returned', running: 'review' }

function Badge({ state }: { state: keyof typeof WORDS }) {
  return <span class={`badge ${LOOKS[state] ?? 'plain'}`}>{WORDS[state]()}</span>
}

function titleOf(sweep: SweepOut): string {
  if (sweep.linked_name)
    return t('Find objects with {finder}, link them with {association}', {
      finder: sweep.finder_name,
      association: sweep.linked_name,
    })
  return sweep.pipeline === 'find'
    ? t('Find objects with {finder}, follow them with {model}', { finder: sweep.finder_name, model: sweep.model_name })
    : t('Continue every track with {model}', { model: sweep.model_name })
}

function factsOf(sweep: SweepOut): string {
  const frames =
    sweep.last === null
      ? t('frames {first} to the end', { first: sweep.first })
      : t('frames {first} to {last}', { first: sweep.first, last: sweep.last })
  const where = { layer: t('to a new layer'), main: t('to the main layer'), empty: t('to main layers without tracks') }
  const when = ago(Date.parse(sweep.created_at), Date.now())
  return [sweep.created_by, when, frames, where[sweep.destination]].filter(Boolean).join(' · ')
}

function progressOf(sweep: SweepOut): string {
  const over = sweep.videos.filter(({ state }) => state !== 'waiting' && state !== 'running').length
  const percent = sweep.total ? Math.floor((100 * sweep.done) / sweep.total) : 0
  const said = [
    t('{percent} %', { percent }),
    t('{over} of {count} videos', { over, count: sweep.videos.length }),
    sweep.seconds === null ? '' : t('about {time} left', { time: lasting(sweep.seconds) }),
  ]
  return said.filter(Boolean).join(' · ')
}
