/** The models in the memory of a machine: what they take, who uses them; loaded, let go of and pinned by who manages it. */
import { useSignal } from '@preact/signals'
import { sizeOf } from '@/core/sizes'
import { counted, t } from '@/core/text'
import { lasting } from '@/core/times'
import type { LoadedOut, MachineOut, NetworkOut } from '@/protocol/generated'
import type { Networks, Wanted } from './networks'

export function Memory({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  const { loaded, may_manage: may } = machine
  const problem = useSignal('')
  const change = async (model: string, wanted: Wanted) => {
    problem.value = await networks.change(machine.id, model, wanted)
  }
  const loadable = loadableOn(networks.page.models, machine)
  return (
    <section class="machine-memory" aria-label={t('Models in the memory of {name}', { name: machine.name })}>
      <h4>
        {t('Models in memory')} <span class="muted">{totalOf(machine)}</span>
      </h4>
      {loaded.length > 0 && (
        <ul>
          {loaded.map((model, index) => (
            <li key={`${model.model} ${model.device} ${index}`}>
              <span class="memory-name">
                <strong>{model.name}</strong> <span class="muted">{factsOf(model)}</span>
              </span>
              {may && model.state !== 'failed' && (
                <button
                  type="button"
                  class="button quiet small"
                  aria-pressed={model.pinned}
                  aria-label={t('Pin {name}', { name: model.name })}
                  title={t('It stays in memory, used or not.')}
                  onClick={() => void change(model.model, model.pinned ? 'unpin' : 'pin')}
                >
                  {model.pinned ? t('Pinned') : t('Pin')}
                </button>
              )}
              {!may && model.pinned && <span class="badge plain">{t('Pinned')}</span>}
              {may && !model.pinned && (model.state === 'ready' || model.state === 'failed') && (
                <button
                  type="button"
                  class="button quiet small"
                  aria-label={t(model.state === 'failed' ? 'Dismiss {name}' : 'Unload {name}', { name: model.name })}
                  onClick={() => void change(model.model, 'unload')}
                >
                  {model.state === 'failed' ? t('Dismiss') : t('Unload')}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {may && loadable.length > 0 && (
        <label class="memory-load">
          <span class="muted">{t('Load before it is needed:')}</span>{' '}
          <select
            value=""
            onChange={(event) => {
              const model = event.currentTarget.value
              event.currentTarget.value = ''
              if (model) void change(model, 'load')
            }}
          >
            <option value="">{t('Choose a model …')}</option>
            {loadable.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {problem.value && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
    </section>
  )
}

/** Those that are ready there, have weights, and aren't in memory or on their way. Pure. */
export function loadableOn(models: readonly NetworkOut[], { ready, loaded }: MachineOut): readonly NetworkOut[] {
  const there = new Set(loaded.filter(({ state }) => state !== 'failed').map(({ model }) => model))
  return models.filter(({ id, files }) => files.length > 0 && ready.includes(id) && !there.has(id))
}

/** e.g. "about 120 MB, on the GPU · at work: clip.mp4 (Ann)". Pure. */
export function factsOf(model: LoadedOut): string {
  if (model.state === 'loading') return t('is being loaded …')
  if (model.state === 'failed') return model.message
  if (model.state === 'away') return t('is not in memory; it is loaded when the machine connects, and when it is used')
  const size = model.memory_bytes === null ? '' : t('about {size}', { size: sizeOf(model.memory_bytes) })
  const device = model.device === 'cuda' ? t('on the GPU') : t('in RAM')
  return [
    [size, device].filter(Boolean).join(' '),
    model.settings,
    model.users.length
      ? t('at work: {users}', { users: model.users.join(', ') })
      : t('idle for {time}', { time: lasting(Math.max(1, model.used_s)) }),
    model.state === 'leaving' && t('leaves memory when they are done'),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** e.g. "2 models, about 340 MB. The agent takes 900 MB in all." Pure. */
export function totalOf({ loaded, agent_bytes: agent }: MachineOut): string {
  const there = loaded.filter(({ state }) => state === 'ready' || state === 'leaving')
  const bytes = there.reduce((sum, { memory_bytes: each }) => sum + (each ?? 0), 0)
  return [
    there.length
      ? counted(there.length, '{count} model, about {size}', '{count} models, about {size}', { size: sizeOf(bytes) })
      : t('none'),
    agent !== null && t('the agent takes {size} of RAM in all', { size: sizeOf(agent) }),
  ]
    .filter(Boolean)
    .join(' · ')
}
