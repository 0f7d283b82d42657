import { counted, t } from '@/core/text'
import type { ApplyVideo } from '@/protocol/generated'
import type { Applying } from './applying'
import { modelsFor, problemOf, type Destination } from './choice'

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
          <Model applying={applying} />
          <Frames applying={applying} />
          <Result applying={applying} />
        </div>
        <Videos applying={applying} />
      </div>
      {applying.refused.value && (
        <p class="message error" role="alert">
          {applying.refused.value}
        </p>
      )}
      <div class="line toolbar">
        <span class="muted" role="status">
          {problem || counted(choice.videos.size, '{count} video ticked', '{count} videos ticked')}
        </span>
        <span class="spring" />
        <button class="button primary" disabled={problem !== '' || applying.beginning.value}>
          {t('Begin')}
        </button>
      </div>
    </form>
  )
}

function Task({ applying: _applying }: { applying: Applying }) {
  return (
    <p class="muted">
      {t('Every track of the ticked videos goes on from its last shape in the chosen frames. ')}
      {t('You can close this page meanwhile: agents go on, and what they find is kept as it comes.')}
    </p>
  )
}

function Model({ applying }: { applying: Applying }) {
  const { page } = applying
  const chosen = page.models.find(({ id }) => id === applying.choice.value.model)
  return (
    <div class="field">
      <label for="apply-model">{t('Model')}</label>
      <select
        id="apply-model"
        value={applying.choice.value.model}
        onChange={(event) => applying.choose({ model: event.currentTarget.value })}
      >
        {modelsFor(page).map((model) => (
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
      {chosen && !chosen.available && (
        <p class="warning">
          {chosen.why} {t('It waits until an agent has it.')} <a href={page.networks}>{t('Neural networks')}</a>
        </p>
      )}
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
    ['main', t('to the main layer, into the tracks themselves')],
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
