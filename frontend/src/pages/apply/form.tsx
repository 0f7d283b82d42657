import { counted, t } from '@/core/text'
import type { ApplyVideo } from '@/protocol/generated'
import { classesOf } from '@/store/words'
import type { Applying } from './applying'
import {
  carrierOf,
  carriersFor,
  isDetectorAlone,
  isDrawnAsBox,
  modelsFor,
  problemOf,
  ready,
  withFinder,
  withLinked,
  withPipeline,
  withWords,
  type Destination,
  type Pipeline,
} from './choice'
import { Preview } from './preview'

export function Form({ applying }: { applying: Applying }) {
  const { page } = applying
  const choice = applying.choice.value
  const problem = problemOf(choice, page)
  if (!page.videos.length)
    return (
      <p class="empty">
        <span>
          {t('No video of this project is ready yet.')} <a href={`/projects/${page.project}/`}>{t('Videos')}</a>
        </span>
      </p>
    )
  return (
    <form
      class="apply-form"
      aria-labelledby="apply-title"
      onSubmit={(event) => {
        event.preventDefault()
        void applying.begin()
      }}
    >
      <h2 id="apply-title">{t('Apply a model')}</h2>
      <div class="apply-columns">
        <div class="stack">
          <Task applying={applying} />
          {choice.pipeline === 'find' && <Finder applying={applying} />}
          {choice.pipeline === 'find' && <Linked applying={applying} />}
          <Model applying={applying} />
          <Frames applying={applying} />
          <Result applying={applying} />
        </div>
        <div class="stack">
          <Videos applying={applying} />
          {choice.pipeline === 'find' && <Preview applying={applying} />}
        </div>
      </div>
      {applying.refused.value && (
        <p class="message error" role="alert">
          {applying.refused.value}
        </p>
      )}
      <div class="line toolbar">
        <span class="muted" role="status">
          {problem || t('You can close this page then: agents go on, and what they find is kept as it comes.')}
        </span>
        <span class="spring" />
        <button class="button primary" disabled={problem !== '' || applying.beginning.value}>
          {t('Begin')}
        </button>
      </div>
    </form>
  )
}

function Task({ applying }: { applying: Applying }) {
  const choice = applying.choice.value
  const tasks: readonly (readonly [Pipeline, string, string])[] = [
    ['continue', t('Continue every track'), t('Each goes on from its last shape in the chosen frames.')],
    ['find', t('Find and track objects'), t('A detector looks for objects, and a model follows each of them.')],
  ]
  return (
    <fieldset class="choices apply-tasks">
      <legend class="sr-only">{t('What to do')}</legend>
      {tasks.map(([value, words, hint]) => (
        <label key={value}>
          <input
            type="radio"
            name="pipeline"
            value={value}
            checked={choice.pipeline === value}
            onChange={() => (applying.choice.value = withPipeline(choice, value, applying.page))}
          />
          <span>
            {words}
            <span class="hint">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function Finder({ applying }: { applying: Applying }) {
  const { page } = applying
  const choice = applying.choice.value
  const chosen = page.finders.find(({ id }) => id === choice.finder)
  const choose = (id: string) => {
    const finder = page.finders.find((each) => each.id === id)
    if (finder) applying.choose(withFinder(choice, finder, page))
  }
  return (
    <>
      <div class="field">
        <label for="apply-finder">{t('Detector')}</label>
        <select id="apply-finder" value={choice.finder} onChange={(event) => choose(event.currentTarget.value)}>
          {ready(page.finders).map((finder) => (
            <option key={finder.id} value={finder.id}>
              {finder.available ? finder.name : t('{name} (not installed)', { name: finder.name })}
            </option>
          ))}
        </select>
        {chosen && !chosen.commercial && <p class="hint">{t('Its licence forbids commercial use.')}</p>}
        {chosen && !chosen.available && <Missing why={chosen.why} networks={page.networks} />}
      </div>
      <fieldset class="choices">
        <legend class="sr-only">{t('How it looks')}</legend>
        <label>
          {t('It looks at every')}
          <input
            inputMode="numeric"
            size={4}
            value={choice.every}
            onInput={(event) => applying.choose({ every: event.currentTarget.value.trim() })}
          />
          {t('frames')}
        </label>
        <label>
          {t('at least')}
          <input
            inputMode="decimal"
            size={4}
            placeholder={chosen?.confidence == null ? '' : String(Math.round(100 * chosen.confidence))}
            value={choice.confidence}
            onInput={(event) => applying.choose({ confidence: event.currentTarget.value.trim() })}
          />
          {t('% sure')}
        </label>
      </fieldset>
      {chosen?.by_word && (
        <div class="field">
          <label for="apply-words">{t('What to look for')}</label>
          <input
            id="apply-words"
            placeholder={t('traffic cone, person')}
            value={choice.words}
            onInput={(event) => applying.choose(withWords(choice, event.currentTarget.value, page))}
          />
          <p class="hint">{t('Words or short phrases, with commas between them; each becomes a label.')}</p>
        </div>
      )}
      {chosen && <Classes applying={applying} classes={classesOf(chosen, choice.words)} byWord={chosen.by_word} />}
    </>
  )
}

function Classes({ applying, classes, byWord }: { applying: Applying; classes: readonly string[]; byWord: boolean }) {
  const { page } = applying
  const { labels } = applying.choice.value
  const fitting = page.labels.filter(isDrawnAsBox)
  const map = (name: string, label: number | null) => {
    const changed = new Map(labels)
    if (label === null) changed.delete(name)
    else changed.set(name, label)
    applying.choose({ labels: changed })
  }
  // Typed words are few, and wanted: each is listed, also without a label.
  const listed = byWord ? classes : classes.filter((name) => labels.has(name))
  const others = classes.filter((name) => !listed.includes(name))
  const first = fitting[0]
  if (!first) return <p class="warning">{t('No label of this project may be drawn as a box. Allow it in Labels.')}</p>
  if (!classes.length) return null
  return (
    <fieldset class="apply-classes">
      <legend>{byWord ? t('Which words become which labels') : t('Which classes become which labels')}</legend>
      {listed.map((name) => (
        <label key={name}>
          <span>{name}</span>
          <select
            aria-label={t('Label of {name}', { name })}
            value={labels.get(name) ?? ''}
            onChange={(event) => map(name, event.currentTarget.value ? Number(event.currentTarget.value) : null)}
          >
            {fitting.map((label) => (
              <option key={label.id} value={label.id}>
                {label.name}
              </option>
            ))}
            <option value="">{t('left out')}</option>
          </select>
        </label>
      ))}
      {others.length > 0 && (
        <select
          aria-label={t('Add a class')}
          value=""
          onChange={(event) => event.currentTarget.value && map(event.currentTarget.value, first.id)}
        >
          <option value="">{counted(others.length, 'Add one more class …', 'Add one of {count} classes …')}</option>
          {others.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </fieldset>
  )
}

/** What makes tracks of the boxes. */
function Linked({ applying }: { applying: Applying }) {
  const choice = applying.choice.value
  const { associations } = applying.page
  const chosen = associations.find(({ id }) => id === choice.linked)
  return (
    <div class="field">
      <label for="apply-linked">{t('Linked by')}</label>
      <select
        id="apply-linked"
        value={choice.linked}
        onChange={(event) => (applying.choice.value = withLinked(choice, event.currentTarget.value))}
      >
        <option value="">{t('The tracker: it follows each')}</option>
        {associations.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {chosen && (
        <p class="hint">
          {t(chosen.summary)} {t('Boxes are those of the detector.')}{' '}
          {isDetectorAlone(choice) && t('One that is joined to none becomes a candidate, to be taken or dismissed.')}
        </p>
      )}
      {chosen?.cost && <p class="warning">{t(chosen.cost)}</p>}
      <Carrier applying={applying} />
    </div>
  )
}

/** What carries masks, where what links objects wants some. */
function Carrier({ applying }: { applying: Applying }) {
  const { page, choice } = applying
  const carrier = carrierOf(page, choice.value)
  if (!carrier) return null
  return (
    <>
      <label for="apply-masks">{t('Masks by')}</label>
      <select
        id="apply-masks"
        value={carrier.id}
        onChange={(event) => applying.choose({ maskModel: event.currentTarget.value })}
      >
        {carriersFor(page, choice.value).map((model) => (
          <option key={model.id} value={model.id}>
            {model.available ? model.name : t('{name} (not installed)', { name: model.name })}
          </option>
        ))}
      </select>
      {!carrier.commercial && <p class="hint">{t('Its licence forbids commercial use.')}</p>}
      {!carrier.available && <Missing why={carrier.why} networks={page.networks} />}
    </>
  )
}

function Missing({ why, networks }: { why: string; networks: string }) {
  return (
    <p class="warning">
      {why} {t('It waits until an agent has it.')} <a href={networks}>{t('Neural networks')}</a>
    </p>
  )
}

function Model({ applying }: { applying: Applying }) {
  const { page } = applying
  const chosen = page.models.find(({ id }) => id === applying.choice.value.model)
  const { pipeline, linked } = applying.choice.value
  const finds = pipeline === 'find'
  const words = !finds ? t('Model') : linked ? t('What is corrected is followed by') : t('Followed by')
  return (
    <div class="field">
      <label for="apply-model">{words}</label>
      <select
        id="apply-model"
        value={applying.choice.value.model}
        onChange={(event) => applying.choose({ model: event.currentTarget.value })}
      >
        {modelsFor(page, applying.choice.value.pipeline).map((model) => (
          <option key={model.id} value={model.id}>
            {model.available ? model.name : t('{name} (not installed)', { name: model.name })}
          </option>
        ))}
      </select>
      {chosen && (
        <p class="hint">
          {chosen.summary}{' '}
          {t('It follows: {kinds}.', { kinds: chosen.prompts.map((kind) => kind.replace('_', ' ')).join(', ') })}
        </p>
      )}
      {chosen && !chosen.commercial && <p class="hint">{t('Its licence forbids commercial use.')}</p>}
      {chosen && !chosen.available && <Missing why={chosen.why} networks={page.networks} />}
    </div>
  )
}

function Frames({ applying }: { applying: Applying }) {
  const choice = applying.choice.value
  return (
    <fieldset class="choices">
      <legend>{t('Frames')}</legend>
      <label>
        {t('from')}
        <input
          inputMode="numeric"
          size={7}
          placeholder="0"
          value={choice.first}
          onInput={(event) => applying.choose({ first: event.currentTarget.value.trim() })}
        />
      </label>
      <label>
        {t('to')}
        <input
          inputMode="numeric"
          size={7}
          placeholder={t('the end')}
          value={choice.last}
          onInput={(event) => applying.choose({ last: event.currentTarget.value.trim() })}
        />
      </label>
    </fieldset>
  )
}

function Result({ applying }: { applying: Applying }) {
  const choice = applying.choice.value
  const model = applying.page.models.find(({ id }) => id === choice.model)
  const destinations: readonly (readonly [Destination, string])[] = [
    ...(choice.pipeline === 'find'
      ? ([
          ['empty', t('to the main layer, of videos where nobody annotated')],
          ['main', t('to the main layer, beside what is there')],
        ] as const)
      : ([['main', t('to the main layer, into the tracks themselves')]] as const)),
    ['layer', t('to a new layer of each video')],
  ]
  return (
    <fieldset class="choices apply-result">
      <legend>{t('The result goes')}</legend>
      {destinations.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name="destination"
            value={value}
            checked={choice.destination === value}
            onChange={() => applying.choose({ destination: value })}
          />
          {words}
        </label>
      ))}
      <label class="apply-name" hidden={choice.destination !== 'layer'}>
        {t('Name of the layer')}
        <input
          maxLength={100}
          placeholder={model?.name ?? ''}
          value={choice.layerName}
          onInput={(event) => applying.choose({ layerName: event.currentTarget.value })}
        />
      </label>
    </fieldset>
  )
}

function Videos({ applying }: { applying: Applying }) {
  const { page, tracks } = applying
  const ticked = applying.choice.value.videos
  const tick = (video: ApplyVideo, on: boolean) => {
    const videos = new Set(ticked)
    if (on) videos.add(video.id)
    else videos.delete(video.id)
    applying.choose({ videos })
  }
  const all = ticked.size === page.videos.length
  return (
    <div class="scroll apply-videos">
      <table>
        <thead>
          <tr>
            <th class="tick">
              <input
                type="checkbox"
                aria-label={t('All videos')}
                checked={all}
                onChange={() => applying.choose({ videos: new Set(all ? [] : page.videos.map(({ id }) => id)) })}
              />
            </th>
            <th>{t('Video')}</th>
            <th class="number">{t('Frames')}</th>
            <th class="number">{t('Tracks')}</th>
          </tr>
        </thead>
        <tbody>
          {page.videos.map((video) => (
            <tr key={video.id} data-video={video.id}>
              <td class="tick">
                <input
                  type="checkbox"
                  aria-label={video.name}
                  checked={ticked.has(video.id)}
                  onChange={(event) => tick(video, event.currentTarget.checked)}
                />
              </td>
              <td class="long">{video.name}</td>
              <td class="number">{video.frames}</td>
              <td class="number">{tracks[String(video.id)] ?? 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
