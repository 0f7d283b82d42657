/** The dialog that gets a model's weights: which machine, from where, and their licence. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { NetworkOut } from '@/protocol/generated'
import { weightOf } from './models'
import type { Networks } from './networks'
import { StoredFile } from './stored'

export function GetDialog({ networks }: { networks: Networks }) {
  const model = networks.getting.value
  return model && <Opened key={model.id} networks={networks} model={model} />
}

function Opened({ networks, model }: { networks: Networks; model: NetworkOut }) {
  const root = useRef<HTMLDialogElement>(null)
  // As they are when it opens: what changes meanwhile is not taken from under somebody's hand.
  const { value: machines } = useSignal(networks.lacking(model))
  const chosen = useSignal(machines[0]?.id ?? 0)
  const accepted = useSignal(false)
  const beginning = useSignal(false)
  const refused = useSignal('')
  useEffect(() => root.current?.showModal(), [])
  const stored = new Set(networks.now.value.stored.filter(({ state }) => state === 'ready').map(({ name }) => name))
  const byHand = model.files.filter(({ name, source }) => !source && !stored.has(name))
  const begin = async () => {
    beginning.value = true
    refused.value = await networks.get(chosen.value, model.id, accepted.value)
    beginning.value = false
    if (!refused.value) root.current?.close()
  }
  return (
    <dialog
      ref={root}
      class="get-dialog stack"
      aria-labelledby="get-title"
      onClose={() => {
        networks.getting.value = null
      }}
    >
      <h2 id="get-title">{t('Get {name}', { name: model.name })}</h2>
      <p class="muted">{model.summary}</p>
      <dl class="get-facts">
        {model.files.map((file) => (
          <div key={file.name}>
            <dt>{file.name}</dt>
            <dd>
              {stored.has(file.name) ? null : file.source ? (
                t('from {source}', { source: file.source })
              ) : (
                <a href={file.page} rel="noopener" target="_blank">
                  {t('official page')}
                </a>
              )}
              {networks.page.may_admin && <StoredFile networks={networks} name={file.name} />}
            </dd>
          </div>
        ))}
      </dl>
      {byHand.length > 0 ? (
        <>
          <p>
            {t(
              'Its authors only link to it from that page, or give it there to who accepts its licence. Download it there and upload it here once, or import it on the machine that is to run it:',
            )}
          </p>
          <p>
            <code>{model.command}</code>
          </p>
        </>
      ) : (
        <>
          <fieldset class="choices get-machines">
            <legend>{t('Onto')}</legend>
            {machines.map((machine) => (
              <label key={machine.id}>
                <input
                  type="radio"
                  name="machine"
                  checked={machine.id === chosen.value}
                  onChange={() => (chosen.value = machine.id)}
                />
                {machine.name}
                {machine.state !== 'connected' && <span class="muted">{t('(begins when it connects)')}</span>}
              </label>
            ))}
          </fieldset>
          <div class="get-licence">
            <p>
              {t('Its weights come under:')} <strong>{model.licence}</strong>
              {!model.commercial && (
                <>
                  {' '}
                  <span class="badge returned">{t('Non-commercial')}</span>
                </>
              )}
              {model.paper && (
                <>
                  {' · '}
                  <a href={model.paper} rel="noopener" target="_blank">
                    {t('Paper')}
                  </a>
                </>
              )}
            </p>
            <label class="choice">
              <input
                type="checkbox"
                checked={accepted.value}
                onChange={(event) => (accepted.value = event.currentTarget.checked)}
              />
              {model.commercial
                ? t('I accept this licence')
                : t('I accept this licence, and use it for nothing commercial')}
            </label>
          </div>
        </>
      )}
      {refused.value && (
        <p class="error" role="alert">
          {refused.value}
        </p>
      )}
      <div class="row end">
        <span class="muted get-size">{weightOf(model)}</span>
        <button type="button" class="button" onClick={() => root.current?.close()}>
          {byHand.length ? t('Close') : t('Cancel')}
        </button>
        {byHand.length === 0 && (
          <button
            type="button"
            class="button primary"
            disabled={!accepted.value || !chosen.value || beginning.value}
            onClick={() => void begin()}
          >
            {t('Get it')}
          </button>
        )}
      </div>
    </dialog>
  )
}
