import { useSignal } from '@preact/signals'
import { sizeOf } from '@/core/sizes'
import { t } from '@/core/text'
import type { DownloadOut, MachineOut } from '@/protocol/generated'
import { isOpen, type Networks } from './networks'

/** How weights come to a machine, or why they didn't. `named`: it says which model's, else which machine's. */
export function DownloadLine({
  networks,
  machine,
  download,
  named = false,
}: {
  networks: Networks
  machine: MachineOut
  download: DownloadOut
  named?: boolean
}) {
  const refused = useSignal('')
  const model = networks.page.models.find(({ id }) => id === download.model)
  const name = named ? (model?.name ?? download.model) : machine.name
  const goesOn = isOpen(download)
  return (
    <div class="download" data-state={download.state}>
      <div class="download-line">
        <span>{saidOf(download, machine, name)}</span>
        {goesOn && machine.may_manage && (
          <button
            type="button"
            class="button quiet small"
            aria-label={t('Cancel getting {model}', { model: model?.name ?? download.model })}
            onClick={() => void networks.cancel(machine.id, download.model).then((why) => (refused.value = why))}
          >
            {t('Cancel')}
          </button>
        )}
      </div>
      {goesOn && (
        <progress
          {...(download.state === 'downloading' && download.total_bytes
            ? { max: download.total_bytes, value: download.done_bytes }
            : download.state === 'checking'
              ? {}
              : { max: 1, value: 0 })}
          aria-label={t('{model} on its way to {machine}', { model: model?.name ?? '', machine: machine.name })}
        />
      )}
      {download.message && (
        <p
          class={download.state === 'failed' ? 'error' : 'muted'}
          role={download.state === 'failed' ? 'alert' : undefined}
        >
          {download.message}
        </p>
      )}
      {refused.value && (
        <p class="error" role="alert">
          {refused.value}
        </p>
      )}
    </div>
  )
}

function saidOf(
  { state, done_bytes: done, total_bytes: total }: DownloadOut,
  machine: MachineOut,
  name: string,
): string {
  switch (state) {
    case 'waiting':
      return machine.state === 'connected'
        ? t('{name}: waits for those before it', { name })
        : t('{name}: begins when the machine connects', { name })
    case 'downloading':
      return total
        ? t('{name}: {done} of {total}', { name, done: sizeOf(done), total: sizeOf(total) })
        : t('{name}: {done} so far', { name, done: sizeOf(done) })
    case 'checking':
      return t('{name}: checking', { name })
    case 'done':
      return t('{name}: here', { name })
    case 'failed':
      return t('{name}: failed', { name })
    case 'cancelled':
      return t('{name}: cancelled', { name })
  }
}
