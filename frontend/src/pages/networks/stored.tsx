/** Weights that are uploaded once to the server, which hands them to machines. */
import { signal, useSignal } from '@preact/signals'
import { Upload } from 'tus-js-client'
import { sizeOf } from '@/core/sizes'
import { t } from '@/core/text'
import type { StoredOut } from '@/protocol/generated'
import { messageOf, type Networks } from './networks'

const CHUNK = 4 * 2 ** 20
const RETRIES_MS = [0, 500, 1000, 2000, 5000, 10_000, 20_000]

interface Sending {
  readonly share: number
  /** Empty while it goes well. */
  readonly error: string
  readonly upload: Upload
}

export class Sender {
  /** By the name of the file. */
  readonly sending = signal<ReadonlyMap<string, Sending>>(new Map())

  constructor(private readonly networks: Networks) {}

  get isBusy(): boolean {
    return this.sending.value.size > 0
  }

  /** Send a file as the one of the catalogue that has this name, whatever it is called here. */
  send(file: File, name: string): void {
    const { workspace, csrf_token: csrfToken } = this.networks.page
    const upload = new Upload(file, {
      endpoint: '/api/stored-weights/',
      chunkSize: CHUNK,
      retryDelays: RETRIES_MS,
      removeFingerprintOnSuccess: true,
      metadata: { file: name, workspace: String(workspace) },
      headers: { 'X-CSRFToken': csrfToken },
      onProgress: (sent, total) => this.note(name, { share: total ? sent / total : 0, error: '' }),
      onError: (error) => this.note(name, { error: messageOfUpload(error) }),
      onSuccess: () => this.forget(name),
    })
    this.sending.value = new Map(this.sending.value).set(name, { share: 0, error: '', upload })
    // A page that was closed half-way left its upload on the server: go on there.
    void upload.findPreviousUploads().then((found) => {
      const previous = found.find((each) => each.metadata['file'] === name)
      if (previous) upload.resumeFromPreviousUpload(previous)
      upload.start()
    })
  }

  cancel(name: string): void {
    void this.sending.value
      .get(name)
      ?.upload.abort(true)
      .catch(() => undefined)
    this.forget(name)
  }

  private forget(name: string): void {
    const rest = new Map(this.sending.value)
    rest.delete(name)
    this.sending.value = rest
    void this.networks.refresh()
  }

  private note(name: string, change: Partial<Sending>): void {
    const known = this.sending.value.get(name)
    if (known) this.sending.value = new Map(this.sending.value).set(name, { ...known, ...change })
  }
}

/** The words of the server's answer, where there is one. */
function messageOfUpload(error: unknown): string {
  const body = (error as { originalResponse?: { getBody(): string } | null }).originalResponse?.getBody()
  try {
    return (JSON.parse(body ?? '') as { message: string }).message
  } catch {
    return body || messageOf(error)
  }
}

/** Where a file of a model is: on the server, on its way there, or to be uploaded. */
export function StoredFile({ networks, name }: { networks: Networks; name: string }) {
  const stored = networks.now.value.stored.find((each) => each.name === name)
  const sending = networks.sender.sending.value.get(name)
  if (sending)
    return (
      <div class="stored-file">
        {sending.error ? (
          <span class="error" role="alert">
            {sending.error}
          </span>
        ) : (
          <progress max={1} value={sending.share} aria-label={t('Uploading {name}', { name })} />
        )}
        <button type="button" class="button quiet small" onClick={() => networks.sender.cancel(name)}>
          {sending.error ? t('Close') : t('Cancel')}
        </button>
      </div>
    )
  if (stored?.state === 'ready') return <span class="badge accepted">{t('On this server')}</span>
  if (stored?.state === 'checking') return <span class="badge review">{t('Being checked')}</span>
  return (
    <div class="stored-file">
      {stored?.state === 'refused' && (
        <p class="error" role="alert">
          {stored.problem}
        </p>
      )}
      <label class="button small">
        {t('Upload')} <span class="sr-only">{name}</span>
        <input
          type="file"
          class="sr-only"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0]
            event.currentTarget.value = ''
            if (file) networks.sender.send(file, name)
          }}
        />
      </label>
    </div>
  )
}

/** What the workspace has on the server. */
export function StoredList({ networks }: { networks: Networks }) {
  const { stored } = networks.now.value
  if (!stored.length) return null
  return (
    <>
      <h3 class="stored-title">{t('Weights on this server')}</h3>
      <p class="muted">
        {t('Machines of this workspace get these files from here, and need no internet for them. Each was checked.')}
      </p>
      <ul class="rows">
        {stored.map((each) => (
          <Row key={each.id} networks={networks} stored={each} />
        ))}
      </ul>
    </>
  )
}

const WORDS: Readonly<Record<StoredOut['state'], readonly [string, () => string]>> = {
  coming: ['plain', () => t('Not whole')],
  checking: ['review', () => t('Being checked')],
  ready: ['accepted', () => t('Ready')],
  refused: ['returned', () => t('Refused')],
}

function Row({ networks, stored }: { networks: Networks; stored: StoredOut }) {
  const refused = useSignal('')
  const [look, word] = WORDS[stored.state]
  return (
    <li>
      <span>
        <strong>{stored.name}</strong>{' '}
        <span class="muted">
          {stored.received < stored.size
            ? t('{received} of {size}', { received: sizeOf(stored.received), size: sizeOf(stored.size) })
            : sizeOf(stored.size)}
        </span>{' '}
        <span class={`badge ${look}`}>{word()}</span>
        {(stored.problem || refused.value) && <p class="error">{refused.value || stored.problem}</p>}
      </span>
      {networks.page.may_admin && (
        <button
          type="button"
          class="button quiet small danger"
          aria-label={t('Remove {name}', { name: stored.name })}
          onClick={() => void networks.removeStored(stored.id).then((why) => (refused.value = why))}
        >
          {t('Remove')}
        </button>
      )}
    </li>
  )
}
