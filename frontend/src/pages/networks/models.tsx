import { sizeOf } from '@/core/sizes'
import { t } from '@/core/text'
import type { NetworkOut } from '@/protocol/generated'
import { DownloadLine } from './download'
import { groupsOf, type Group, type Networks } from './networks'

const GROUPS: readonly (readonly [Group, () => string, () => string])[] = [
  ['box', () => t('Boxes'), () => t('Follow boxes through a video.')],
  ['mask', () => t('Masks'), () => t('Follow masks through a video.')],
  [
    'points',
    () => t('Points and outlines'),
    () => t('Follow points, skeletons, lines, polygons and rotated boxes through a video.'),
  ],
  [
    'find',
    () => t('Finding objects'),
    () =>
      t(
        '“Detect and track” in the editor, and the page Apply, find objects with these and follow them. A machine’s own detectors are files in the folder “own” of its weights folder: ONNX, a folder of the hub, or the address of a model server.',
      ),
  ],
  ['click', () => t('Answering clicks'), () => t('The editor’s smart tool cuts an object out by clicks with these.')],
]

export function Models({ networks }: { networks: Networks }) {
  const group = networks.group.value
  const models = networks.page.models.filter((model) => groupsOf(model).includes(group))
  const [, , says] = GROUPS.find(([id]) => id === group) ?? GROUPS[0]!
  return (
    <>
      <First networks={networks} />
      <div class="segments" role="radiogroup" aria-label={t('What models do')}>
        {GROUPS.map(([id, name]) => (
          <label key={id} class="segment">
            <input
              type="radio"
              name="group"
              checked={id === group}
              onChange={() => {
                networks.group.value = id
              }}
            />
            <span>
              {name()} <span class="segment-count">{readyIn(networks, id)}</span>
            </span>
          </label>
        ))}
      </div>
      <p class="muted">{says()}</p>
      <div class="scroll">
        <table class="models">
          <thead>
            <tr>
              <th>{t('Model')}</th>
              <th>{t('Licence')}</th>
              <th class="models-state">{t('Where it is ready')}</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <Row key={model.id} networks={networks} model={model} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

/** A small set for the beginning: those that are nowhere yet, and that a machine here makes use of. */
function First({ networks }: { networks: Networks }) {
  const { machines } = networks.now.value
  const hasGpu = machines.some(({ devices }) => devices.some(({ kind }) => kind === 'cuda'))
  const models = networks.page.models.filter(
    (model) =>
      model.first &&
      (hasGpu || !model.needs_gpu) &&
      !networks.machinesWith(model).length &&
      networks.lacking(model).length > 0,
  )
  if (!models.length) return null
  return (
    <section class="banner first" aria-labelledby="first-title">
      <h3 id="first-title">{t('Get these first')}</h3>
      <ul>
        {models.map((model) => (
          <li key={model.id}>
            <span>
              <strong>{model.name}</strong>{' '}
              <span class="muted">{[weightOf(model), model.first].filter(Boolean).join(' · ')}</span>
            </span>
            <button
              type="button"
              class="button small"
              aria-label={t('Get {name} first', { name: model.name })}
              onClick={() => {
                networks.getting.value = model
              }}
            >
              {t('Get')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function readyIn(networks: Networks, group: Group): string {
  const models = networks.page.models.filter((model) => groupsOf(model).includes(group))
  const ready = models.filter((model) => networks.machinesWith(model).length)
  return t('{ready} of {all}', { ready: ready.length, all: models.length })
}

function Row({ networks, model }: { networks: Networks; model: NetworkOut }) {
  const ready = networks.machinesWith(model)
  const downloads = networks.downloadsOf(model)
  const lacking = networks.lacking(model)
  const tryable = networks.tryableOn(model.id)
  const refused = model.files.filter((file) => file.refused)
  return (
    <tr data-model={model.id}>
      <td>
        <strong>{model.name}</strong>
        <br />
        <span class="muted">{model.summary}</span>
        {model.quality && <span class="models-quality">{model.quality}</span>}
      </td>
      <td>
        {model.licence}
        {!model.commercial && (
          <>
            {' '}
            <span class="badge returned">{t('Non-commercial')}</span>
          </>
        )}
      </td>
      <td class="models-state">
        <div class="models-where">
          {ready.map((machine) => (
            <span key={machine.id} class="badge accepted">
              {machine.name}
            </span>
          ))}
          {!ready.length && !downloads.length && <span class="muted">{t('Nowhere yet')}</span>}
          <span class="spring" />
          {tryable[0] && (
            <button
              type="button"
              class="button small"
              aria-label={t('Try {name} on a frame', { name: model.name })}
              onClick={() => {
                networks.trying.value = { model, machine: tryable[0]!.id }
              }}
            >
              {t('Try')}
            </button>
          )}
          {model.files.length > 0 && lacking.length > 0 && (
            <button
              type="button"
              class="button small"
              aria-label={t('Get {name}', { name: model.name })}
              onClick={() => {
                networks.getting.value = model
              }}
            >
              {t('Get')}
            </button>
          )}
        </div>
        {downloads.map(([machine, each]) => (
          <DownloadLine key={machine.id} networks={networks} machine={machine} download={each} />
        ))}
        {refused.map((file) => (
          <details key={file.name} class="refusal">
            <summary>{t('{file} on this server was refused', { file: file.name })}</summary>
            <p>{file.refused}</p>
          </details>
        ))}
      </td>
    </tr>
  )
}

/** How much the files of a model take, as far as that is known; empty: it isn't. */
export function weightOf(model: NetworkOut): string {
  const sizes = model.files.map(({ size }) => size)
  return sizes.every((size): size is number => size !== null) ? sizeOf(sizes.reduce((sum, size) => sum + size, 0)) : ''
}
